"""The schema of one database, read again only when the file has changed."""

import threading
from pathlib import Path

from tao_servers.text2sql.comments import comments_path
from tao_servers.text2sql.errors import SetupError
from tao_servers.text2sql.schema import Database, Schema, read_schema

__all__ = ["Catalog"]


class Catalog:
    """Gives the database and its schema to tools, which run in several threads."""

    def __init__(self, database: Database | None) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._read: tuple[object, Schema] | None = None

    def database(self) -> Database:
        """The database.

        Raises:
            SetupError: none was given.
        """
        if self._database is None:
            raise SetupError(
                "No database is configured. Start the server with --database PATH of a SQLite file, or put"
                " `[text2sql.databases.NAME]` with `path = ...` into tao.toml."
            )
        return self._database

    def schema(self) -> Schema:
        """The schema as it is now.

        Raises:
            SetupError: there is no database, or it cannot be read.
        """
        database = self.database()
        with self._lock:
            state = _state(database)
            if self._read is None or self._read[0] != state:
                self._read = (state, read_schema(database))
            return self._read[1]


def _state(database: Database) -> tuple[tuple[int, int] | None, ...]:
    log = database.path.with_name(database.path.name + "-wal")
    return tuple(_stamp(p) for p in (database.path, log, comments_path(database.path, database.comments)))


def _stamp(path: Path | None) -> tuple[int, int] | None:
    try:
        stat = path.stat() if path else None
    except (OSError, ValueError):
        # Reading it will say what is wrong.
        return None
    return (stat.st_mtime_ns, stat.st_size) if stat else None
