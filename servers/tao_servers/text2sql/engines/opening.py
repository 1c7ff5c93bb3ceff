"""Chooses the engine by the scheme of a URL, or by what a file is."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.engine import Engine
from tao_servers.text2sql.errors import SetupError

__all__ = ["file_of", "open_engine"]

_DATA_SUFFIXES = {".csv", ".tsv", ".parquet", ".json", ".jsonl", ".ndjson"}
_DATA_SUFFIXES |= {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
_DUCKDB_SUFFIXES = {".duckdb", ".ddb"}
# At byte 8 of a DuckDB file.
_DUCKDB_MAGIC = b"DUCK"
_QUERY = re.compile(r"\?\w+=[^?]*\Z")


def open_engine(database: Database) -> Engine:
    """The engine for a database; nothing is opened yet, and only its own driver is loaded.

    Raises:
        SetupError: the address has no form that is known, or a driver is not installed.
    """
    kind = _kind(database)
    path = file_of(database)
    if path is not None:
        is_duckdb = kind == "duckdb" or (not kind and _is_for_duckdb(path))
        return _with_driver(lambda: _duckdb(database)) if is_duckdb else _sqlite(database, path)
    opener = {"postgresql": _postgres, "postgres": _postgres, "mysql": _mysql, "mariadb": _mysql}.get(kind)
    if opener is None:
        raise SetupError(
            f"Databases of the kind {kind[:30]!r} are not known. Use sqlite:///PATH, duckdb:///PATH,"
            " postgresql://USER@HOST/NAME, mysql://USER@HOST/NAME, or the path of a file."
        )
    if _QUERY.sub("", database.address).count("@") > 1:
        # What stands between the two would be taken for the host, and told in every error.
        raise SetupError(
            f"The URL of {database.name!r} has two @: write @ : / ? # % in the password as %40 %3A %2F %3F"
            " %23 %25, or give the password by `password_env`."
        )
    return _with_driver(lambda: opener(database))


def file_of(database: Database) -> Path | None:
    """The file, folder or pattern that the address names; None for a server.

    Raises:
        SetupError: the URL has no path.
    """
    kind, address = _kind(database), database.address
    if not kind:
        return Path(address).expanduser()
    if kind not in {"sqlite", "duckdb"}:
        return None
    # sqlite:///relative, sqlite:////absolute
    host, _, path = address.partition("://")[2].partition("?")[0].partition("/")
    if host or not path:
        raise SetupError(
            f"The address of the database {database.name!r} has no path: write three slashes before a path,"
            " four before one from the root."
        )
    return Path(unquote(path)).expanduser()


def _kind(database: Database) -> str:
    scheme, separator, _ = database.address.partition("://")
    return scheme.lower().partition("+")[0] if separator else ""


def _is_for_duckdb(path: Path) -> bool:
    if path.suffix.lower() in _DATA_SUFFIXES | _DUCKDB_SUFFIXES or "*" in str(path):
        return True
    return path.is_dir() or _is_duckdb(path)


def _is_duckdb(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] == _DUCKDB_MAGIC
    except (OSError, ValueError):
        # Opening it will say what is wrong.
        return False


def _with_driver(opener: Callable[[], Engine]) -> Engine:
    try:
        return opener()
    except ModuleNotFoundError as exc:
        raise SetupError(f"{exc.name} is not installed: pip install 'tao-agent[text2sql]'") from exc


def _sqlite(database: Database, path: Path) -> Engine:
    from tao_servers.text2sql.engines.sqlite import SqliteEngine

    return SqliteEngine(database, path)


def _duckdb(database: Database) -> Engine:
    from tao_servers.text2sql.engines.duckdb import DuckdbEngine

    return DuckdbEngine(database)


def _postgres(database: Database) -> Engine:
    from tao_servers.text2sql.engines.postgres import PostgresEngine

    return PostgresEngine(database)


def _mysql(database: Database) -> Engine:
    from tao_servers.text2sql.engines.mysql import MysqlEngine

    return MysqlEngine(database)
