"""About how many rows a statement goes through, by EXPLAIN QUERY PLAN (sqlite.org/eqp.html)."""

import re
import sqlite3
from collections import defaultdict

from tao_servers.text2sql.engines.sqlite.connection import quoted

__all__ = ["expected_rows", "table_sizes"]

_LOOP = re.compile(r"(SCAN|SEARCH) (?:TABLE )?(\S+)(?: AS (\S+))?")
_NAME = r'("(?:[^"]|"")+"|`[^`]+`|\[[^\]]+\]|[^\W\d]\w*)'
# Rows that a look-up by an index is taken to find.
_FOUND_BY_INDEX = 3.0


def table_sizes(connection: sqlite3.Connection) -> dict[str, float]:
    """The highest row number of each table, in lower case, which SQLite finds at once.

    A table without row numbers is left out.
    """
    sizes: dict[str, float] = {}
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        try:
            highest = connection.execute(f"SELECT max(rowid) FROM {quoted(name)}").fetchone()[0]
        except sqlite3.Error:
            continue
        sizes[name.lower()] = float(highest) if isinstance(highest, int) and highest > 0 else 1.0
    return sizes


def expected_rows(connection: sqlite3.Connection, sql: str, sizes: dict[str, float]) -> float:
    """The rows of the scans inside each other multiplied, those beside each other added."""
    children: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for number, parent, _, detail in connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
        children[parent].append((number, detail))
    aliases = _aliases(sql, sizes)

    def work(parent: int) -> float:
        loops, beside = 1.0, 0.0
        for number, detail in children[parent]:
            loops *= _loop(detail, aliases)
            inner = work(number) if children[number] else 0.0
            beside += inner * loops if detail.startswith("CORRELATED") else inner
        return loops + beside

    return work(0)


def _loop(detail: str, aliases: dict[str, float]) -> float:
    found = _LOOP.match(detail)
    if found is None:
        return 1.0
    size = aliases.get((found[3] or found[2]).lower(), 1.0)
    return size if found[1] == "SCAN" else min(size, _FOUND_BY_INDEX)


def _aliases(sql: str, sizes: dict[str, float]) -> dict[str, float]:
    """Sizes by the names that the plan uses, which are those that the statement gives to tables."""
    known = dict(sizes)
    for table, alias in re.findall(rf"{_NAME}\s+(?:AS\s+)?(?={_NAME})", sql, re.IGNORECASE):
        size = sizes.get(_bare(table))
        if size is not None:
            known[_bare(alias)] = max(size, known.get(_bare(alias), 0.0))
    return known


def _bare(name: str) -> str:
    return name.strip('"`[]').lower()
