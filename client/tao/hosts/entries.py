"""Makes entries of a server list fit for a host, which has a folder and a PATH of its own."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tao.errors import ConfigError
from tao.toolbox import ServerEntry

__all__ = ["absolute", "over_http"]

_PLACEHOLDER = "{server}"


def absolute(entry: ServerEntry) -> ServerEntry:
    """The entry with the program found on the PATH, and arguments that name files from its folder in full."""
    if entry.type != "stdio":
        return entry
    found = shutil.which(entry.command or "")
    command = str(Path(found).absolute()) if found else entry.command
    args = tuple(_absolute(argument, entry.cwd) for argument in entry.args)
    return entry.model_copy(update={"command": command, "args": args})


def over_http(
    entries: Mapping[str, ServerEntry], transport: Literal["streamableHttp", "sse"], url: str | None
) -> dict[str, ServerEntry]:
    """The servers as they are reached over HTTP; `{server}` in `url` stands for each one's name.

    Raises:
        ConfigError: it is not said where a server is, or several would be at the same place.
    """
    if url is not None and not url.startswith(("http://", "https://")):
        raise ConfigError(f"The URL {url[:200]!r} must start with http:// or https://.")
    if url is not None and _PLACEHOLDER not in url and len(entries) > 1:
        raise ConfigError(
            f"There are {len(entries)} servers and one URL. Choose one with --server NAME, or let "
            f"{_PLACEHOLDER} stand for the name in --url, as in http://127.0.0.1:8000/{_PLACEHOLDER}/mcp."
        )
    return {name: _over_http(name, entry, transport, url) for name, entry in entries.items()}


def _over_http(
    name: str, entry: ServerEntry, transport: Literal["streamableHttp", "sse"], url: str | None
) -> ServerEntry:
    if url is None and entry.type == transport:
        return entry
    if url is None:
        raise ConfigError(
            f"The list does not say where {name!r} is served. Add --url URL, such as http://127.0.0.1:8000/mcp."
        )
    return ServerEntry(
        type=transport,
        url=url.replace(_PLACEHOLDER, name),
        headers=entry.headers,
        timeout=entry.timeout,
        autoApprove=entry.auto_approve,
    )


def _absolute(argument: str, folder: Path | None) -> str:
    """The argument, or the file that it names, also as `--option=FILE`.

    Only what is there counts as a file: an argument such as `@scope/package` looks like a path and is none.
    """
    head, sign, tail = argument.partition("=")
    if argument.startswith("-") and sign:
        return f"{head}={_absolute(tail, folder)}"
    if folder is None or not argument or argument.startswith(("-", "/", "\\")) or "\0" in argument:
        return argument
    try:
        path = folder / argument
        # A bare word is a path only with an ending: a folder called `serve` must not replace a sub-command.
        named = "/" in argument or "\\" in argument or path.suffix
        return str(path) if named and path.exists() else argument
    except OSError:
        return argument
