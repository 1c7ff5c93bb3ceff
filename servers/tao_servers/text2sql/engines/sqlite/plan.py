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
_MOST_COUNTED = 100_000
# In bytes: how long it is, its number, its header, and where it begins on its page.
_SMALLEST_ROW = 5


def table_sizes(connection: sqlite3.Connection, sql: str) -> dict[str, float]:
    """About how many rows each table has, in lower case.

    That is the highest row number, which SQLite finds at once. Where it is high the rows of a table that the
    statement may read are counted, up to 100,000, since numbers such as those of phones leave most out. A
    table without row numbers is left out.
    """
    sizes: dict[str, float] = {}
    found = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view')")
    made = [(kind, str(name), str(text)) for kind, name, text in found.fetchall()]
    read = sql.lower()
    if any(kind == "view" and name.lower() in read for kind, name, _ in made):
        read += " ".join(text.lower() for kind, _, text in made if kind == "view")
    room = _bytes(connection) / _SMALLEST_ROW
    for name in (name for kind, name, _ in made if kind == "table"):
        try:
            highest = connection.execute(f"SELECT max(rowid) FROM {quoted(name)}").fetchone()[0]
            size = float(highest) if isinstance(highest, int) and highest > 0 else 1.0
            if size > _MOST_COUNTED and name.lower() in read:
                size = min(size, _counted(connection, name) or room)
        except sqlite3.Error as exc:
            if "interrupted" in str(exc):
                raise
            continue
        sizes[name.lower()] = size
    return sizes


def _counted(connection: sqlite3.Connection, name: str) -> float | None:
    """The rows of a table; None when there are many."""
    some = f"SELECT 1 FROM {quoted(name)} LIMIT {_MOST_COUNTED + 1}"
    rows: int = connection.execute(f"SELECT count(*) FROM ({some})").fetchone()[0]
    return float(rows) if rows <= _MOST_COUNTED else None


def _bytes(connection: sqlite3.Connection) -> float:
    pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return float(pages * size)


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
