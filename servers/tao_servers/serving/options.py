"""The options that every server takes, read into one frozen object."""

import functools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import click

from tao_servers.serving.guard import divert_stdout
from tao_servers.serving.logs import LEVELS, LogForm

__all__ = ["Serving", "Token", "is_loopback", "serving_options"]

Transport = Literal["stdio", "http", "sse"]
_HOST = "127.0.0.1"
_PORT = 8000
_HOST_HEADER = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:(\d+|\*))?")
_ORIGIN = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:(\d+|\*))?")
_NAMES = (
    "transport",
    "host",
    "port",
    "allowed_hosts",
    "allowed_origins",
    "token_env",
    "log_level",
    "log_form",
    "log_file",
)


@dataclass(frozen=True)
class Token:
    """A bearer token, known in the log by the name of the variable that it came from."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Serving:
    """How a server is reached and what it logs; `port` 0 takes a free one."""

    transport: Transport = "stdio"
    host: str = _HOST
    port: int = _PORT
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    token: Token | None = None
    log_level: str = "WARNING"
    log_form: LogForm = "text"
    log_file: Path | None = None


_OPTIONS = (
    click.option(
        "--transport",
        type=click.Choice(["stdio", "http", "sse"]),
        default="stdio",
        show_default=True,
        help="How hosts talk to it: http is streamable HTTP at /mcp; sse, at /sse, is for old hosts.",
    ),
    click.option("--host", help=f"Address to listen on (http, sse); default: {_HOST}."),
    click.option(
        "--port",
        type=click.IntRange(0, 65535),
        help=f"Port to listen on (http, sse); 0 takes a free one; default: {_PORT}.",
    ),
    click.option(
        "--allowed-host",
        "allowed_hosts",
        multiple=True,
        metavar="NAME",
        help="Further Host header to answer to, such as the name of a proxy (http, sse); repeatable.",
    ),
    click.option(
        "--allowed-origin",
        "allowed_origins",
        multiple=True,
        metavar="URL",
        help="Further Origin whose web pages may call, such as https://app.example.com; repeatable.",
    ),
    click.option(
        "--token-env",
        metavar="NAME",
        help="Environment variable with the bearer token that callers must send (http, sse).",
    ),
    click.option(
        "--log-level",
        type=click.Choice(LEVELS, case_sensitive=False),
        help="INFO logs each call; default: WARNING, or INFO with --log-file.",
    ),
    click.option(
        "--log-format", "log_form", type=click.Choice(["text", "json"]), default="text", show_default=True
    ),
    click.option(
        "--log-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File to append the log to, instead of stderr.",
    ),
)


def serving_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a click command the options of serving; it gets them as one argument, `serving`.

    From then on stdout is for the protocol, unless the command is a group and a sub-command is called.
    """

    @functools.wraps(command)
    def wrapped(*arguments: Any, **named: Any) -> None:
        given = {option: named.pop(option) for option in _NAMES}
        serving = _read(**given)
        if click.get_current_context().invoked_subcommand is None:
            divert_stdout()
        command(*arguments, serving=serving, **named)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _read(
    *,
    transport: Transport,
    host: str | None,
    port: int | None,
    allowed_hosts: tuple[str, ...],
    allowed_origins: tuple[str, ...],
    token_env: str | None,
    log_level: str | None,
    log_form: LogForm,
    log_file: Path | None,
) -> Serving:
    over_http = (host, port, *allowed_hosts, *allowed_origins, token_env)
    if transport == "stdio" and any(value is not None for value in over_http):
        raise click.UsageError(
            "--host, --port, --allowed-host, --allowed-origin and --token-env are for a server that listens:"
            " add --transport http."
        )
    token = _token(token_env)
    if token is None and not is_loopback(host or _HOST):
        raise click.UsageError(
            f"--host {host} lets others on the network call this server, so it needs a token: put a secret"
            " into an environment variable and name that, as in --token-env TAO_TOKEN. Or keep the default"
            f" {_HOST}, which only this machine reaches."
        )
    return Serving(
        transport=transport,
        host=host or _HOST,
        port=_PORT if port is None else port,
        allowed_hosts=_each("--allowed-host", allowed_hosts, _HOST_HEADER, "tao.example.com or host:8000"),
        allowed_origins=_each("--allowed-origin", allowed_origins, _ORIGIN, "https://app.example.com"),
        token=token,
        log_level=(log_level or ("INFO" if log_file else "WARNING")).upper(),
        log_form=log_form,
        log_file=log_file,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`; a name is not looked up."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(name: str | None) -> Token | None:
    if name is None:
        return None
    value = os.environ.get(name, "").strip()
    if not value:
        raise click.UsageError(
            f"The environment variable {name!r} (--token-env) is not set or empty. Set it, for example:"
            f" export {name}=$(openssl rand -hex 32)"
        )
    if not value.isascii() or not value.isprintable() or " " in value:
        raise click.UsageError(
            f"The token in {name!r} has characters that an HTTP header cannot carry: use letters and digits."
        )
    return Token(name, value)


def _each(option: str, values: tuple[str, ...], form: re.Pattern[str], example: str) -> tuple[str, ...]:
    for value in values:
        if not form.fullmatch(value):
            raise click.UsageError(f"{option} {value!r} is not of the form {example}.")
    return values
