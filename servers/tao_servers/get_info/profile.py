"""A person's public pages, read from a file."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

__all__ = ["BUILT_IN", "Page", "Profile", "ProfileError", "load_profile"]

BUILT_IN = Path(__file__).with_name("profile.toml")
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class ProfileError(ValueError):
    """The profile file is missing or wrong."""


class Page(BaseModel):
    """One public page."""

    name: str = Field(description="Whose page it is")
    channel: str = Field(description="The channel's exact name")
    url: str = Field(description="The page's address")


class Profile(BaseModel):
    """A name and, by channel, the addresses of that person's pages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Text
    channels: dict[_Text, _Text] = Field(min_length=1)

    def find(self, channel: str) -> Page | None:
        """The page of `channel`, whatever its case and the space around it."""
        wanted = channel.strip().casefold()
        for name, url in self.channels.items():
            if name.casefold() == wanted:
                return Page(name=self.name, channel=name, url=url)
        return None


def load_profile(path: Path) -> Profile:
    """Read a profile from a TOML file.

    Raises:
        ProfileError: the file is missing, is no TOML, or lacks a name or channels.
    """
    try:
        return Profile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as exc:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors())
        raise ProfileError(f"The profile {str(path)!r} is wrong: {wrong}.") from exc
    except (OSError, ValueError) as exc:
        raise ProfileError(f"The profile {str(path)!r} cannot be read: {exc}.") from exc
