"""A server as each host writes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from tao.errors import ConfigError
from tao.hosts.catalog import Host
from tao.toolbox import ServerEntry

__all__ = ["Block", "host_block"]

# Without a timeout of its own, Cline gives a server three seconds to start.
_CALL_SECONDS = 60
_CODEX_START_SECONDS = 20
_TYPES = {"stdio": "stdio", "streamableHttp": "http", "sse": "sse"}

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """The servers in one host's form, by name, and `notes` on what could not be said there."""

    host: Host
    servers: Mapping[str, Values]
    notes: tuple[str, ...] = field(default=())


def host_block(host: Host, entries: Mapping[str, ServerEntry], *, token_env: str | None = None) -> Block:
    """Write the entries in the host's form.

    `token_env` names the environment variable that holds the bearer token of the servers over HTTP.

    Raises:
        ConfigError: the host has no way to name an environment variable.
    """
    if token_env is not None and host.reference is None:
        raise ConfigError(
            f"{host.title} cannot take a token from an environment variable. Give the server list an entry "
            "with `headers` instead."
        )
    servers, notes = {}, []
    for name, entry in entries.items():
        if entry.type not in host.transports:
            offered = " and ".join(host.transports)
            notes.append(f"{name} is left out: {host.title} has no {entry.type}, only {offered}.")
            continue
        servers[name] = _FORMS[host.name](entry, _token(host, entry, token_env))
        notes.extend(_relative(host, name, entry))
    return Block(host, servers, tuple(notes))


def _token(host: Host, entry: ServerEntry, token_env: str | None) -> str | None:
    if token_env is None or host.reference is None or entry.type == "stdio":
        return None
    return host.reference.format(name=token_env)


def _relative(host: Host, name: str, entry: ServerEntry) -> list[str]:
    """A warning for arguments that only make sense in a folder that the host cannot be told."""
    if host.has_cwd or entry.type != "stdio":
        return []
    return [
        f"{name}: {host.title} starts it in a folder of its own, so it will not find {argument!r}. Nothing "
        "of that name is here now: make it first, or write it in full in the server list."
        for argument in entry.args
        if _is_relative_file(argument)
    ]


def _is_relative_file(argument: str) -> bool:
    if argument.startswith(("-", "/", "\\", "@")) or "://" in argument or PureWindowsPath(argument).drive:
        return False
    return "/" in argument and (argument.startswith(".") or PurePosixPath(argument).suffix != "")


def _cline(entry: ServerEntry, token: str | None) -> Values:
    return {
        "type": entry.type,
        **_process(entry),
        **_cwd(entry),
        **_remote(entry, "url", token),
        "timeout": _seconds(entry),
        "disabled": False,
        "autoApprove": list(entry.auto_approve),
    }


def _codex(entry: ServerEntry, token: str | None) -> Values:
    """Plain values first: in TOML a table ends the part where its parent's own keys may stand."""
    env, approved = dict(entry.env), entry.auto_approve
    if entry.type == "stdio":
        values = {"command": entry.command, "args": list(entry.args), **_cwd(entry)}
        # `codex exec` leaves out a server that is not required and a second slower than others.
        values |= {"startup_timeout_sec": _CODEX_START_SECONDS, "required": True}
    else:
        values = {"url": entry.url} | ({"bearer_token_env_var": token} if token else {})
    values["tool_timeout_sec"] = _seconds(entry)
    if env and entry.type == "stdio":
        values["env"] = env
    if entry.headers and entry.type != "stdio":
        values["http_headers"] = dict(entry.headers)
    if approved:
        values["tools"] = {tool: {"approval_mode": "approve"} for tool in approved}
    return values


def _claude_code(entry: ServerEntry, token: str | None) -> Values:
    timeout = {"timeout": _milliseconds(entry)}
    return {"type": _TYPES[entry.type], **_process(entry), **_remote(entry, "url", token), **timeout}


def _claude_desktop(entry: ServerEntry, token: str | None) -> Values:
    return _process(entry)


def _cursor(entry: ServerEntry, token: str | None) -> Values:
    kind = {"type": "stdio"} if entry.type == "stdio" else {}
    return {**kind, **_process(entry), **_remote(entry, "url", token)}


def _vscode(entry: ServerEntry, token: str | None) -> Values:
    return {"type": _TYPES[entry.type], **_process(entry), **_remote(entry, "url", token)}


def _gemini(entry: ServerEntry, token: str | None) -> Values:
    # There `url` means SSE.
    key = "url" if entry.type == "sse" else "httpUrl"
    timeout = {"timeout": _milliseconds(entry)}
    return {**_process(entry), **_cwd(entry), **_remote(entry, key, token), **timeout}


def _windsurf(entry: ServerEntry, token: str | None) -> Values:
    return {**_process(entry), **_remote(entry, "serverUrl", token)}


_FORMS: dict[str, Callable[[ServerEntry, str | None], Values]] = {
    "cline": _cline,
    "codex": _codex,
    "claude-code": _claude_code,
    "claude-desktop": _claude_desktop,
    "cursor": _cursor,
    "vscode": _vscode,
    "gemini": _gemini,
    "windsurf": _windsurf,
}


def _process(entry: ServerEntry) -> Values:
    if entry.type != "stdio":
        return {}
    env = {"env": dict(entry.env)} if entry.env else {}
    return {"command": entry.command, "args": list(entry.args), **env}


def _cwd(entry: ServerEntry) -> Values:
    return {"cwd": str(entry.cwd)} if entry.type == "stdio" and entry.cwd else {}


def _remote(entry: ServerEntry, key: str, token: str | None) -> Values:
    if entry.type == "stdio":
        return {}
    headers = dict(entry.headers) | ({"Authorization": f"Bearer {token}"} if token else {})
    return {key: entry.url} | ({"headers": headers} if headers else {})


def _seconds(entry: ServerEntry) -> int | float:
    seconds = entry.timeout or _CALL_SECONDS
    return int(seconds) if seconds == int(seconds) else seconds


def _milliseconds(entry: ServerEntry) -> int:
    # Claude Code takes less than a second to mean no limit at all.
    return max(1000, round((entry.timeout or _CALL_SECONDS) * 1000))
