"""Runs one statement so that it can only read, only for a while, and only so much.

The rules in `validate` stand before this, but nothing here relies on them.
"""

import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tao_servers.text2sql.connection import Deadline, open_database, quoted
from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.functions import SCALAR_FUNCTIONS, TABLE_FUNCTIONS, is_system_table

__all__ = ["Cell", "Limits", "Rows", "run_query"]

Cell = str | int | float | None

# Longest value that a statement may make or read, in bytes.
_LONGEST_VALUE = 1_000_000
_MOST_COLUMNS = 200
_HARMLESS_ACTIONS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one statement may use: rows, seconds, characters of a cell."""

    max_rows: int = 100
    timeout: float = 10.0
    max_cell: int = 2_000


@dataclass(frozen=True, slots=True)
class Rows:
    """What a statement gave; `more` says that it had further rows."""

    columns: list[str]
    rows: list[list[Cell]]
    more: bool


def _never() -> bool:
    return False


def run_query(
    path: Path, sql: str, limits: Limits | None = None, *, cancelled: Callable[[], bool] = _never
) -> Rows:
    """Run `sql` on the database at `path` and return its first rows.

    `cancelled` is asked while the statement runs; when it says yes, the statement ends.

    Raises:
        SetupError: the database cannot be read.
        QueryRefused: the statement would do more than read.
        QueryFailed: it is wrong, takes too long or gives too much.
    """
    limits = limits or Limits()
    with open_database(path) as connection:
        deadline = Deadline(limits.timeout, cancelled)
        deadline.watch(connection)
        try:
            _guard(connection)
            return _fetch(connection.execute(sql), limits)
        # sqlite3.Warning (two statements) is no sqlite3.Error; a lone surrogate is a ValueError.
        except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError) as exc:
            raise _failure(exc, deadline) from exc


def _guard(connection: sqlite3.Connection) -> None:
    tables = _readable_tables(connection)

    def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        allowed = (
            action in _HARMLESS_ACTIONS
            or (action == sqlite3.SQLITE_READ and _may_read(first or "", second or "", tables))
            or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in SCALAR_FUNCTIONS)
            # The full-text index asks for it to see whether the file changed.
            or (action == sqlite3.SQLITE_PRAGMA and first == "data_version" and second is None)
        )
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(authorize)


def _readable_tables(connection: sqlite3.Connection) -> set[str]:
    listed = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'view')"
    ).fetchall()
    virtual = [name for name, sql in listed if str(sql).upper().startswith("CREATE VIRTUAL")]
    # A virtual table is set up on first use, by statements that the authorizer would refuse.
    for name in (*virtual, *TABLE_FUNCTIONS):
        try:
            connection.execute(f"SELECT 1 FROM {quoted(name)} LIMIT 0").fetchone()
        except sqlite3.OperationalError:
            # Its module is absent in this SQLite; a statement that reads it fails by itself.
            continue
    return {name.lower() for name, _ in listed} | set(TABLE_FUNCTIONS)


def _may_read(table: str, column: str, tables: set[str]) -> bool:
    if is_system_table(table):
        return False
    # Without a column the name can be that of a WITH, of which only rows are counted.
    return not column or table.lower() in tables


def _fetch(cursor: sqlite3.Cursor, limits: Limits) -> Rows:
    columns = [str(entry[0]) for entry in cursor.description or ()]
    if len(columns) > _MOST_COLUMNS:
        raise QueryFailed(f"The result has {len(columns)} columns; select at most {_MOST_COLUMNS}.")
    rows: list[list[Cell]] = []
    for row in cursor:
        if len(rows) == limits.max_rows:
            return Rows(columns, rows, more=True)
        rows.append([_cell(value, limits.max_cell) for value in row])
    return Rows(columns, rows, more=False)


def _cell(value: object, longest: int) -> Cell:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    text = str(value)
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _failure(exc: Exception, deadline: Deadline) -> QueryFailed | QueryRefused:
    message = str(exc)
    if "not authorized" in message or "prohibited" in message:
        return QueryRefused(f"The database lets a query only read its tables: {message}.", rule="engine")
    if "readonly" in message or "too many attached" in message:
        return QueryRefused(f"The database is read-only: {message}.", rule="engine")
    if "interrupted" in message and deadline.is_over():
        return QueryFailed(
            f"The query was stopped after {deadline.seconds:g} s. Filter earlier, join on keys, end a"
            " recursion with LIMIT, or aggregate less."
        )
    if "too big" in message or isinstance(exc, MemoryError):
        return QueryFailed("A value is too long to return; select length(column) or substr(column, 1, 1000).")
    advice = " Check each alias and its columns." if "no such column" in message else ""
    return QueryFailed(f"SQLite could not run it: {message.rstrip('.') or type(exc).__name__}.{advice}")
