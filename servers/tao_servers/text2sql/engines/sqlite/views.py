"""What views read that a statement itself may not.

SQLite tells the authorizer the name of the view that a read is for, and just so the name of a WITH part. So
what each view reads is noted beforehand, and no statement may give a part the name of a view that reads more
than the statement may.
"""

import re
import sqlite3
from collections.abc import Callable

from tao_servers.text2sql.engines.sqlite.connection import quoted

__all__ = ["Read", "gives_name", "reads_of_views"]

Read = tuple[str, str, str]
"""View, table and column, in lower case."""

_REMARKS = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)


def reads_of_views(connection: sqlite3.Connection, withheld: Callable[[str, str], bool]) -> frozenset[Read]:
    """What views read of the columns that are `withheld`, by table and column. Replaces the authorizer."""
    views = connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall()
    found: set[Read] = set()

    def note(action: int, first: str | None, second: str | None, _: str | None, view: str | None) -> int:
        if action == sqlite3.SQLITE_READ and view is not None and withheld(first or "", second or ""):
            found.add((view.lower(), (first or "").lower(), (second or "").lower()))
        return sqlite3.SQLITE_OK

    connection.set_authorizer(note)
    for (name,) in views:
        try:
            connection.execute(f"SELECT * FROM {quoted(name)} LIMIT 0").fetchone()
        except sqlite3.Error:
            # It reads a table that is gone: no statement can read it either.
            continue
    return frozenset(found)


def gives_name(sql: str, name: str) -> bool:
    """Whether a statement may give the name to a WITH part; in doubt it may."""
    plain = _REMARKS.sub(" ", sql)
    written = re.escape(name).replace('"', '""')
    part = rf"{written}[\"'`\]]*\s*(?:\([^)]*\)\s*)?\bAS\s*(?:NOT\s+)?(?:MATERIALIZED\s*)?\("
    return re.search(part, plain, re.IGNORECASE) is not None
