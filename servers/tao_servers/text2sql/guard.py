"""Lets a connection only read, and keeps each single step of SQLite short.

SQLite asks about the time limit between instructions, never inside one. So the values and patterns that an
instruction works on are kept so short that none takes more than some hundredths of a second.
"""

import sqlite3
from dataclasses import dataclass

from tao_servers.text2sql.connection import quoted
from tao_servers.text2sql.functions import LONGEST_VALUES, SCALAR_FUNCTIONS, TABLE_FUNCTIONS, is_system_table

__all__ = ["LONGEST_PATTERN", "LONGEST_VALUE", "Guard"]

# In bytes, like the values of LONGEST_VALUES.
LONGEST_VALUE = 1_000_000
LONGEST_PATTERN = 64
# Calls in one row run without a question in between, so a statement with slow functions must be short.
# SQLite doubles its space from 42: this allows 21,504 instructions, or 672 with a slow function.
_MOST_INSTRUCTIONS = 30_000
_MOST_SLOW_INSTRUCTIONS = 1_000
_HARMLESS_ACTIONS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}


@dataclass(slots=True)
class Guard:
    """The bounds of one connection; `slowest` is the function that made them narrower."""

    connection: sqlite3.Connection
    tables: frozenset[str] = frozenset()
    longest: int = LONGEST_VALUE
    slowest: str | None = None

    def start(self) -> None:
        """Refuse from now on what does more than read."""
        self.tables = _readable_tables(self.connection)
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LONGEST_PATTERN)
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_VDBE_OP, _MOST_INSTRUCTIONS)
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self.connection.set_authorizer(self._authorize)

    def _authorize(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_FUNCTION:
            allowed = self._may_call((second or "").lower())
        elif action == sqlite3.SQLITE_READ:
            allowed = self._may_read(first or "", second or "")
        elif action == sqlite3.SQLITE_PRAGMA:
            # The full-text index asks for it to see whether the file changed.
            allowed = first == "data_version" and second is None
        else:
            allowed = action in _HARMLESS_ACTIONS
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    def _may_call(self, function: str) -> bool:
        longest = LONGEST_VALUES.get(function, LONGEST_VALUE)
        if longest < self.longest:
            self.longest, self.slowest = longest, function
            self.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
            self.connection.setlimit(sqlite3.SQLITE_LIMIT_VDBE_OP, _MOST_SLOW_INSTRUCTIONS)
        return function in SCALAR_FUNCTIONS

    def _may_read(self, table: str, column: str) -> bool:
        if is_system_table(table):
            return False
        # Without a column the name can be that of a WITH, of which only rows are counted.
        return not column or table.lower() in self.tables


def _readable_tables(connection: sqlite3.Connection) -> frozenset[str]:
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
    return frozenset(name.lower() for name, _ in listed) | frozenset(TABLE_FUNCTIONS)
