"""What is known of a person, team or product, read from a file."""

import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic import model_validator as validator

from tao_servers.get_info.formats import MAX_BYTES, FormatError, parse
from tao_servers.get_info.vcard import MAX_VALUE

__all__ = ["BUILT_IN", "Entry", "Profile", "ProfileError", "load_profile", "one_line", "read_profiles"]

BUILT_IN = Path(__file__).with_name("profile.toml")
_Table = dict[str, Any]


def one_line(text: str, length: int = 60) -> str:
    """The text without control characters and line breaks; of a longer one, its start and its end."""
    line = "".join(c if c.isprintable() else " " for c in text)
    half = length // 2
    return line if len(line) <= length else f"{line[: half - 1]}…{line[-half:]}"


class ProfileError(ValueError):
    """A profile file is missing or wrong: `reason`, and the `line` that it is in where one can be named."""

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        name = one_line(path.name)
        self.where = name if line is None else f"{name}, line {line}"
        # It can name a key of the file, which may be as long as the file and steer a terminal.
        self.reason = one_line(reason, 120)
        at = "" if line is None else f"line {line}: "
        super().__init__(f"The profile {str(path)!r} cannot be used: {at}{self.reason}.")


def _as_text(value: object) -> object:
    """A scalar or a list of scalars as one text; anything else is left for pydantic to refuse."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | datetime.date | datetime.time):
        return str(value)
    if isinstance(value, list) and value:
        texts = [_as_text(item) for item in value]
        return ", ".join(texts) if all(isinstance(text, str) for text in texts) else value  # type: ignore[arg-type]
    return value


def _printable(value: object) -> object:
    # A control character is six times as long in JSON, and can steer a terminal.
    if isinstance(value, str):
        return "".join(c if c.isprintable() or c == "\n" else " " for c in value)
    return value


_ONE_LINE = r"^[^\n]*$"
_Kind = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=20, pattern=_ONE_LINE),
    BeforeValidator(_printable),
]
_Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=_ONE_LINE),
    BeforeValidator(_printable),
]
_Value = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_VALUE),
    BeforeValidator(_printable),
    BeforeValidator(_as_text),
]


class Entry(BaseModel):
    """An address or a fact; a private one is dropped unless private ones were asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: _Value
    private: bool = False
    aliases: list[_Name] = Field(default_factory=list, max_length=50)

    @validator(mode="before")
    @classmethod
    def _from_value(cls, data: object) -> object:
        return data if isinstance(data, dict) else {"value": data}


class Profile(BaseModel):
    """A subject: its names, the channels it is found on (an address or a text each), and other facts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: _Kind = "person"
    name: _Name
    aliases: list[_Name] = Field(default_factory=list, max_length=50)
    channels: dict[_Name, Entry] = Field(default_factory=dict, max_length=200)
    fields: dict[_Name, Entry] = Field(default_factory=dict, max_length=200)

    @property
    def entries(self) -> dict[str, Entry]:
        """Channels, then fields; of two with one name, the channel."""
        return self.channels | {
            name: entry for name, entry in self.fields.items() if name not in self.channels
        }

    def public(self) -> "Profile":
        """The same without what is private."""
        shown = {
            table: {name: entry for name, entry in getattr(self, table).items() if not entry.private}
            for table in ("channels", "fields")
        }
        return self.model_copy(update=shown)


def load_profile(path: Path, *, private: bool = False) -> Profile:
    """Read one profile that has channels; what is private in it only when asked for.

    Raises:
        ProfileError: the file is missing or wrong, or has no channel to show.
    """
    profiles = read_profiles(path, private=private)
    if len(profiles) != 1:
        raise ProfileError(path, f"it has {len(profiles)} profiles; give a file with one")
    if not profiles[0].channels:
        raise ProfileError(path, "it needs [channels] with at least one that is not private")
    return profiles[0]


def read_profiles(path: Path, *, private: bool = False) -> list[Profile]:
    """Read a file: one profile, or as many as a `.vcf` file has cards.

    Raises:
        ProfileError: the file is missing or wrong.
    """
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as file:
            text, tables = parse(file.read(MAX_BYTES + 1), suffix)
    except OSError as exc:
        raise ProfileError(path, f"it cannot be read ({exc.strerror or exc})") from exc
    except FormatError as exc:
        raise ProfileError(path, str(exc), exc.line) from exc
    try:
        profiles = [Profile.model_validate(table) for table in tables]
    except ValidationError as exc:
        error = exc.errors()[0]
        names = [str(part) for part in error["loc"]]
        raise ProfileError(path, f"{'.'.join(names) or 'it'}: {error['msg']}", _line(text, names)) from exc
    except RecursionError as exc:
        raise ProfileError(path, "it is nested too deeply") from exc
    # A half-written table often reads well but ends early; a card without its end is refused as such.
    if suffix != ".vcf" and not profiles[0].entries:
        raise ProfileError(path, "it has neither [channels] nor [fields]")
    return profiles if private else [profile.public() for profile in profiles]


def _line(text: str, names: list[str]) -> int:
    """The line of the last of `names` that stands in the text, looked for after the one before it."""
    at = 0
    for name in names:
        at = max(at, text.find(name, at))
    return text.count("\n", 0, at) + 1
