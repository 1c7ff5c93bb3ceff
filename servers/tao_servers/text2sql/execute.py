"""Runs one statement so that it can only read, only for a while, and only so much.

The rules in `validate` stand before this, but nothing here relies on them.
"""

import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tao_servers.text2sql.connection import Deadline, open_database
from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.guard import LONGEST_PATTERN, LONGEST_VALUE, Guard

__all__ = ["Cell", "Limits", "Rows", "run_query"]

Cell = str | int | float | None

_MOST_COLUMNS = 200


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
        guard = Guard(connection)
        try:
            guard.start()
            return _fetch(connection.execute(sql), limits)
        # sqlite3.Warning (two statements) is no sqlite3.Error; a lone surrogate is a ValueError.
        except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError) as exc:
            raise _failure(exc, deadline, guard) from exc


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


def _failure(exc: Exception, deadline: Deadline, guard: Guard) -> QueryFailed | QueryRefused:
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
    if "too big" in message:
        return QueryFailed(_too_long(guard))
    if isinstance(exc, MemoryError):
        return QueryFailed(
            "The statement is too large to run: shorten it, call fewer functions, or split it."
        )
    if "pattern too complex" in message:
        return QueryFailed(
            f"A LIKE or GLOB pattern may have {LONGEST_PATTERN} bytes; shorten it, or use instr."
        )
    advice = " Check each alias and its columns." if "no such column" in message else ""
    return QueryFailed(f"SQLite could not run it: {message.rstrip('.') or type(exc).__name__}.{advice}")


def _too_long(guard: Guard) -> str:
    if guard.slowest:
        return (
            f"A value has over {guard.longest:,} bytes, the most in a statement with {guard.slowest!r}. Leave"
            f" that function out ({LONGEST_VALUE:,} bytes then; select length(column) or substr(column, 1,"
            " 1000)), or leave the long column out."
        )
    return (
        f"A value has over {guard.longest:,} bytes: too long even for length(column) and substr(column, 1,"
        " 1000) where a table has it. Leave that column out, and put fewer or shorter texts together."
    )
