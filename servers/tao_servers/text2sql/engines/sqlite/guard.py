"""Lets a connection only read, and keeps each single step of SQLite short.

SQLite asks about the time limit between instructions, never inside one. So the values and patterns that an
instruction works on are kept so short that none takes more than some hundredths of a second.
"""

import sqlite3
from dataclasses import dataclass

from tao_servers.text2sql.access import Access
from tao_servers.text2sql.engines.sqlite.connection import quoted
from tao_servers.text2sql.engines.sqlite.views import Read, gives_name, reads_of_views
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.functions.sqlite import (
    LONGEST_VALUES,
    SCALAR_FUNCTIONS,
    TABLE_FUNCTIONS,
    is_system_table,
)

__all__ = ["LONGEST_PATTERN", "LONGEST_VALUE", "Guard"]

# In bytes, like the values of LONGEST_VALUES.
LONGEST_VALUE = 1_000_000
LONGEST_PATTERN = 64
# Calls in one row run without a question in between, so a statement with slow functions must be short.
# SQLite doubles its space from 42: this allows 21,504 instructions, or 672 with a slow function.
_MOST_INSTRUCTIONS = 30_000
_MOST_SLOW_INSTRUCTIONS = 1_000
_HARMLESS_ACTIONS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}
# PRAGMAs that tell of a table or an index, and those that tell of the file; a value would set the latter.
_ABOUT_A_NAME = frozenset(
    {"foreign_key_list", "index_info", "index_list", "index_xinfo", "table_info", "table_list", "table_xinfo"}
)
_ABOUT_THE_FILE = frozenset(
    {"application_id", "encoding", "journal_mode", "page_count", "page_size", "schema_version"}
    | {"user_version"}
)
_SCHEMA_TABLES = frozenset({"sqlite_master", "sqlite_schema"}) | {f"pragma_{name}" for name in _ABOUT_A_NAME}


@dataclass(slots=True)
class Guard:
    """The bounds of one connection; `slowest` is the function that made them narrower."""

    connection: sqlite3.Connection
    access: Access
    tables: frozenset[str] = frozenset()
    through_views: frozenset[Read] = frozenset()
    longest: int = LONGEST_VALUE
    slowest: str | None = None

    def start(self, sql: str) -> None:
        """Refuse from now on what does more than read; `sql` is the statement that comes next.

        Raises:
            QueryRefused: it gives a part of its own the name of a view.
        """
        self.tables = _tables(self.connection)
        if not self.access.is_open:
            self.through_views = reads_of_views(self.connection, lambda t, c: not self._may_name(t, c))
            for name in {view for view, _, _ in self.through_views}:
                if gives_name(sql, name):
                    raise QueryRefused(
                        f"Give the WITH part {name!r} another name: a view has it.", rule="engine"
                    )
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LONGEST_PATTERN)
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_VDBE_OP, _MOST_INSTRUCTIONS)
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self.connection.set_authorizer(self._authorize)

    def _authorize(
        self, action: int, first: str | None, second: str | None, _: str | None, view: str | None
    ) -> int:
        if action == sqlite3.SQLITE_FUNCTION:
            allowed = self._may_call((second or "").lower())
        elif action == sqlite3.SQLITE_READ:
            allowed = self._may_read(first or "", second or "", view)
        elif action == sqlite3.SQLITE_PRAGMA:
            allowed = self._may_ask((first or "").lower(), second)
        else:
            allowed = action in _HARMLESS_ACTIONS
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    def _may_ask(self, pragma: str, value: str | None) -> bool:
        # The full-text index asks for data_version to see whether the file changed.
        if pragma == "data_version":
            return value is None
        if not self.access.is_open:
            return False
        return pragma in _ABOUT_A_NAME or (pragma in _ABOUT_THE_FILE and value is None)

    def _may_call(self, function: str) -> bool:
        longest = LONGEST_VALUES.get(function, LONGEST_VALUE)
        if longest < self.longest:
            self.longest, self.slowest = longest, function
            self.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
            self.connection.setlimit(sqlite3.SQLITE_LIMIT_VDBE_OP, _MOST_SLOW_INSTRUCTIONS)
        return function in SCALAR_FUNCTIONS

    def _may_read(self, table: str, column: str, view: str | None) -> bool:
        lowered = table.lower()
        if is_system_table(table):
            return self.access.is_open and lowered in _SCHEMA_TABLES
        if lowered not in self.tables:
            # Without a column the name can be that of a WITH, of which only rows are counted.
            return not column
        # What a view reads is the business of whoever made it; the view itself must be readable.
        is_for_a_view = view is not None and (view.lower(), lowered, column.lower()) in self.through_views
        return is_for_a_view or self._may_name(table, column)

    def _may_name(self, table: str, column: str) -> bool:
        if table.lower() in TABLE_FUNCTIONS:
            return True
        return self.access.may_read("main", table) and not self.access.is_hidden("main", table, column)


def _tables(connection: sqlite3.Connection) -> frozenset[str]:
    listed = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'view')"
    ).fetchall()
    virtual = [name for name, sql in listed if str(sql).upper().startswith("CREATE VIRTUAL")]
    # A virtual table is set up on first use, by statements that the authorizer would refuse.
    for name in (*virtual, *TABLE_FUNCTIONS, *_SCHEMA_TABLES):
        try:
            connection.execute(f"SELECT 1 FROM {quoted(name)} LIMIT 0").fetchone()
        except sqlite3.OperationalError:
            # Its module is absent in this SQLite; a statement that reads it fails by itself.
            continue
    return frozenset(name.lower() for name, _ in listed) | frozenset(TABLE_FUNCTIONS)
