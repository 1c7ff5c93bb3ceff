"""Reads the server list: the `mcpServers` object, as Cline reads it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tao.errors import ConfigError
from tao.settings import config_dir, state_dir
from tao.toolbox.approved_lists import ApprovedLists

__all__ = ["FILE_NAME", "ServerEntry", "find_config", "load_servers"]

FILE_NAME = "cline_config.json"


class ServerEntry(BaseModel):
    """One server of the list. Fields that other hosts added are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    type: Literal["stdio", "sse", "streamableHttp"]
    command: str | None = None
    args: tuple[str, ...] = ()
    cwd: Path | None = None
    env: dict[str, str] = Field(default_factory=dict)
    url: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    disabled: bool = False
    auto_approve: tuple[str, ...] = Field(default=(), alias="autoApprove")
    timeout: float | None = Field(default=None, gt=0, description="Seconds for one call.")

    @model_validator(mode="before")
    @classmethod
    def _default_type(cls, value: object) -> object:
        # Cline takes a `url` without a `type` to be SSE; so do we.
        if isinstance(value, dict) and "type" not in value:
            return value | {"type": "sse" if "url" in value else "stdio"}
        return value

    @model_validator(mode="after")
    def _address(self) -> "ServerEntry":
        if self.type == "stdio" and not self.command:
            raise ValueError("a stdio server needs a `command`")
        if self.type != "stdio" and not (self.url or "").startswith(("http://", "https://")):
            raise ValueError(f"a {self.type} server needs a `url` that starts with http:// or https://")
        return self


def find_config(given: Path | None, *, state: Path | None = None) -> Path:
    """The server list to use: the given one, else the user's own, else an approved one in the current folder.

    `state` is the folder that holds the approvals, Tao's state folder by default.

    Raises:
        ConfigError: there is none.
        UnapprovedListError: the one in the current folder may be somebody else's, and would start programs.
    """
    if given is not None:
        if not given.is_file():
            raise ConfigError(f"There is no server list at {str(given)!r}. Give one with --config PATH.")
        return given
    own = config_dir() / FILE_NAME
    if own.is_file():
        return own
    here = Path(FILE_NAME)
    if here.is_file():
        ApprovedLists(state or state_dir()).check(here)
        return here
    raise ConfigError(f"There is no server list. Give one with --config PATH or put it at {str(own)!r}.")


def load_servers(path: Path) -> dict[str, ServerEntry]:
    """Read the enabled servers of a list, in its order, with paths made absolute.

    A relative `cwd` and a `command` with a slash count from the list's own folder.

    Raises:
        ConfigError: the file cannot be read or an entry is wrong; it names the entry and the field.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as exc:
        raise ConfigError(f"The server list {str(path)!r} cannot be read: {exc}") from exc
    entries = document.get("mcpServers") if isinstance(document, dict) else None
    if not isinstance(entries, dict):
        raise ConfigError(f"The server list {str(path)!r} has no object `mcpServers`.")
    servers = {name: _entry(path, name, value) for name, value in entries.items()}
    return {name: entry for name, entry in servers.items() if not entry.disabled}


def _entry(path: Path, name: str, value: Mapping[str, object]) -> ServerEntry:
    if not name or "__" in name or len(name) > 40:
        raise ConfigError(
            f"The server name {name[:60]!r} in {str(path)!r} must have 1 to 40 characters and no '__', "
            "which parts the server from its tool."
        )
    try:
        entry = ServerEntry.model_validate(value)
    except ValidationError as exc:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'entry'}: {e['msg']}" for e in exc.errors())
        raise ConfigError(f"The server {name!r} in {str(path)!r} is wrong: {wrong}.") from exc
    folder = path.resolve().parent
    cwd = folder / entry.cwd if entry.cwd else folder
    return entry.model_copy(update={"cwd": cwd, "command": _command(entry.command, cwd)})


def _command(command: str | None, cwd: Path) -> str | None:
    if command is None or ("/" not in command and "\\" not in command):
        return command
    # Not resolve(): the interpreter of a virtual environment is a link, and following it leaves it.
    path = cwd / Path(command).expanduser()
    if sys.platform == "win32" and not path.exists() and path.parent.name == "bin":
        path = path.parent.with_name("Scripts") / f"{path.name}.exe"
    return str(path)
