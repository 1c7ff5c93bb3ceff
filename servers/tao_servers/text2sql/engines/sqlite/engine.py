"""Reads a SQLite file: `mode=ro`, `query_only`, an authorizer and a progress handler.

The rules in `checking` stand before this, but nothing here relies on them.
"""

import sqlite3
from pathlib import Path

from tao_servers.text2sql.access import Access
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.sqlite.connection import Deadline, open_database, quoted
from tao_servers.text2sql.engines.sqlite.failures import failure
from tao_servers.text2sql.engines.sqlite.guard import Guard
from tao_servers.text2sql.engines.sqlite.plan import expected_rows, table_sizes
from tao_servers.text2sql.engines.sqlite.reading import read_tables
from tao_servers.text2sql.errors import NotReadOnly, QueryFailed, SetupError
from tao_servers.text2sql.limits import Limits, Rows, Taker
from tao_servers.text2sql.schema import Dialect, Table
from tao_servers.text2sql.stopping import Stop

__all__ = ["SqliteEngine"]

# What SQLite works with, and so what is caught: two statements are a Warning, a lone surrogate a ValueError.
_FAILURES = (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError)


class SqliteEngine:
    """One file. Each call opens it anew, which takes less than a millisecond."""

    dialect: Dialect = "sqlite"
    home = "main"

    def __init__(self, database: Database, path: Path) -> None:
        self._path = path
        self._access = Access(database)

    def prove(self) -> None:
        """Open the file and try to write."""
        with open_database(self._path) as connection:
            try:
                # Were it to work, nothing would come of it: it is rolled back.
                connection.execute("BEGIN")
                connection.execute("CREATE TABLE tao_probe (x)")
            except sqlite3.OperationalError as exc:
                if "readonly" in str(exc):
                    return
                raise SetupError(f"The database {str(self._path)!r} cannot be tried: {exc}.") from exc
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        raise NotReadOnly(
            f"SQLite {sqlite3.sqlite_version} let a table be made in {str(self._path)!r} though it was opened"
            " for reading only. Use another build of Python's sqlite3."
        )

    def stamp(self) -> object | None:
        """When the file and its write-ahead log last changed, and how long they are."""
        log = self._path.with_name(self._path.name + "-wal")
        return tuple(_stamp(path) for path in (self._path, log))

    def tables(self, stop: Stop) -> list[Table]:
        """Tables and views; rows are counted for two seconds at most."""
        with open_database(self._path) as connection:
            try:
                return list(read_tables(connection, stop))
            except sqlite3.Error as exc:
                raise SetupError(f"The schema of {str(self._path)!r} cannot be read: {exc}.") from exc

    def run(self, sql: str, limits: Limits, stop: Stop) -> Rows:
        """Run one statement behind the guard."""
        with open_database(self._path) as connection:
            deadline = Deadline(limits.timeout, stop)
            deadline.watch(connection)
            guard = Guard(connection, self._access)
            try:
                guard.start(sql)
                return _fetch(connection.execute(sql), limits)
            except _FAILURES as exc:
                raise failure(exc, deadline, guard) from exc

    def expected_rows(self, sql: str, stop: Stop) -> float | None:
        """The product of the tables that the plan scans inside each other."""
        with open_database(self._path) as connection:
            deadline = Deadline(Limits().timeout, stop)
            deadline.watch(connection)
            guard = Guard(connection, self._access)
            try:
                sizes = table_sizes(connection, sql)
                guard.start(sql)
                return expected_rows(connection, sql, sizes)
            except _FAILURES as exc:
                raise failure(exc, deadline, guard) from exc

    def quoted(self, name: str) -> str:
        """The name in double quotes."""
        return quoted(name)

    def close(self) -> None:
        """Nothing is kept open."""


def _fetch(cursor: sqlite3.Cursor, limits: Limits) -> Rows:
    try:
        taker = Taker((str(entry[0]) for entry in cursor.description or ()), limits)
    except ValueError as exc:
        raise QueryFailed(str(exc)) from exc
    for row in cursor:
        if not taker.take(row):
            break
    return taker.rows()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except (OSError, ValueError):
        # Reading it will say what is wrong.
        return None
    return stat.st_mtime_ns, stat.st_size
