"""Turns settings and command-line options into databases."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from tao.settings import DatabaseSettings, Text2sqlSettings
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.errors import SetupError
from tao_servers.text2sql.limits import Limits

__all__ = ["MOST_ROWS", "MOST_SECONDS", "configured", "named"]

MOST_ROWS = 1_000_000
MOST_SECONDS = 86_400.0

_NAME = re.compile(r"\A(\w[\w.-]*)=(.+)\Z", re.DOTALL)
# Whatever is in it, also what no URL should have there unescaped; libpq takes it as a parameter as well.
_PASSWORD = re.compile(
    r"[\w+]+://(?:[^:/?#@]*:[^@]+@|[^?]*\?(?:.*&)?(?:ssl)?(?:password|passwd)=)", re.DOTALL | re.IGNORECASE
)


def configured(settings: Text2sqlSettings, environ: Mapping[str, str] = os.environ) -> list[Database]:
    """The databases of the settings; one whose variable is not set, say, has this as its `problem`."""
    return [_of_settings(name, entry, settings, environ) for name, entry in settings.databases.items()]


def named(given: str, settings: Text2sqlSettings) -> Database:
    """The database of `--database`: `PATH_OR_URL`, or `NAME=PATH_OR_URL`.

    Raises:
        SetupError: it is empty, or has a password in it, which other users of the machine could read.
    """
    match = _NAME.match(given)
    name, address = (match[1], match[2]) if match else (None, given)
    if not address.strip():
        raise SetupError("--database is empty: give the path of a file, or a URL.")
    if _PASSWORD.match(address):
        raise SetupError(
            "Leave the password out of --database, where other users of the machine could read it. Put the"
            " whole URL into an environment variable and name that with `url_env` in tao.toml, under"
            " [text2sql.databases.NAME]; ~/.pgpass works too."
        )
    limits = _limits(settings.max_rows, settings.timeout, settings.max_scan)
    return Database(name or _name_of(address), address, limits=limits)


def _of_settings(
    name: str, entry: DatabaseSettings, settings: Text2sqlSettings, environ: Mapping[str, str]
) -> Database:
    address, problem = "", None
    try:
        address = _address(name, entry, environ)
    except SetupError as exc:
        # The other databases can be read all the same.
        problem = str(exc)
    return Database(
        name,
        address,
        entry.comments,
        schemas=entry.schemas,
        tables=entry.tables,
        hidden=entry.hidden,
        functions=entry.functions,
        limits=_limits(
            entry.max_rows or settings.max_rows,
            entry.timeout or settings.timeout,
            entry.max_scan or settings.max_scan,
        ),
        connections=entry.connections,
        problem=problem,
    )


def _limits(max_rows: int, timeout: float, max_scan: float) -> Limits:
    # Servers and clocks take no number of any size, and whoever writes 1e12 or inf means "no limit".
    return Limits(min(max_rows, MOST_ROWS), min(timeout, MOST_SECONDS), max_scan=max_scan)


def _address(name: str, entry: DatabaseSettings, environ: Mapping[str, str]) -> str:
    if entry.path is not None:
        return str(entry.path)
    if entry.url is None:
        address = _variable(name, entry.url_env or "", environ)
        if "://" not in address:
            # It would be taken for a path, and be told with all that is in it.
            raise SetupError(
                f"The environment variable {entry.url_env} that [text2sql.databases.{name}] names holds no"
                " URL such as postgresql://USER:PASSWORD@HOST/NAME. A file is given by `path`."
            )
        return address
    if _PASSWORD.match(entry.url):
        raise SetupError(
            f"Leave the password out of `url` in [text2sql.databases.{name}]: name a variable with it in"
            " `password_env`, or one with the whole URL in `url_env`."
        )
    if entry.password_env is None:
        return entry.url
    parts = urlsplit(entry.url)
    user, _, host = parts.netloc.rpartition("@")
    password = quote(_variable(name, entry.password_env, environ), safe="")
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))


def _variable(database: str, variable: str, environ: Mapping[str, str]) -> str:
    value = environ.get(variable)
    if not value:
        raise SetupError(
            f"The environment variable {variable} that [text2sql.databases.{database}] names is not set. A"
            " host hands it on only when the server's entry has it under `env`."
        )
    return value


def _name_of(address: str) -> str:
    # Not by urlsplit, which refuses some of what is no URL: opening it says better what is wrong.
    scheme, separator, rest = address.partition("://")
    path = Path(rest.partition("?")[0].partition("/")[2] if separator else scheme)
    # data/*.csv is called after its folder.
    return next(
        (part.stem for part in (path, *path.parents) if part.stem and "*" not in part.name), "database"
    )
