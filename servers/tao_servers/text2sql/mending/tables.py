"""Finds the real table for a name in FROM that is none.

This module imports sqlglot.
"""

from tao_servers.text2sql.checking.finding import columns_of
from tao_servers.text2sql.mending.edits import Edit
from tao_servers.text2sql.mending.likeness import LIKE, Choice, Near, by_meaning, likeness, shortlist
from tao_servers.text2sql.mending.parsed import Parsed
from tao_servers.text2sql.mending.scopes import MOST_PLACES, Place, Scope, ends_of
from tao_servers.text2sql.schema import Table

__all__ = ["real_tables"]

_MOST = 12
_PERHAPS = 0.7
_MARGIN = 0.04
_CLOSE = 0.86
# As much as one character of a long name, so that columns decide between names that are alike.
_BY_COLUMNS = 0.1


def real_tables(parsed: Parsed, near: Near | None) -> list[Edit]:
    """What to write for the tables that are none."""
    small = [scope for scope in parsed.scopes if len(scope.places) <= MOST_PLACES]
    unknown = [(scope, place) for scope in small for place in scope.places if place.unknown][:_MOST]
    edits = []
    for scope, place in unknown:
        found = _found(place, scope, parsed, near)
        if found is not None:
            edits += _written(place, found, parsed)
    return edits


def _written(place: Place, found: str, parsed: Parsed) -> list[Edit]:
    node = place.node
    parts = [ends_of(node.args[key]) for key in ("catalog", "db", "this") if node.args.get(key)]
    spans = [part for part in parts if part is not None]
    if len(spans) != len(parts) or parsed.text[spans[0][0] : spans[-1][1]] == found:
        return []
    start, end = spans[0][0], spans[-1][1]
    return [Edit(start, end, found, f"wrote {found} for {parsed.text[start:end]}")]


def _found(place: Place, scope: Scope, parsed: Parsed, near: Near | None) -> str | None:
    """The table as it is to be written, or the part of WITH."""
    written, columns = place.node.name, _used(place, scope, parsed)
    scored: list[tuple[float, float, str]] = []
    for table in _roughly(written, parsed):
        score = likeness(written, Choice(table.name, table, comment=table.comment or ""))
        share = _share(table, columns, parsed)
        if score >= (_PERHAPS if share or not columns else LIKE) and not (
            score < _CLOSE and _is_there(table, scope)
        ):
            scored.append((score + _BY_COLUMNS * share, score, _full(table, parsed)))
    for name in scope.parts:
        scored.append((score := likeness(written, Choice(name, None)), score, parsed.quoted(name)))
    scored.sort(reverse=True)
    if scored and scored[0][1] < _CLOSE and scored[0][0] == scored[0][1] and _elsewhere(columns, parsed):
        return None
    if scored and scored[0][0] >= LIKE and (len(scored) < 2 or scored[0][0] - scored[1][0] >= _MARGIN):
        return scored[0][2]
    if scored and scored[0][0] >= LIKE:
        return None
    others = [table for table in parsed.schema.tables if not _is_there(table, scope)]
    meant = by_meaning(written, [Choice(one.name, _full(one, parsed)) for one in others], near)
    if meant is None and (having := _by_columns(columns, parsed)) is not None:
        return None if _is_there(having, scope) else _full(having, parsed)
    return meant


def _is_there(table: Table, scope: Scope) -> bool:
    """Whether the same FROM has it already: then a name that is only a little like it was made up."""
    return any(place.table is table for place in scope.places)


def _roughly(written: str, parsed: Parsed) -> list[Table]:
    tables = parsed.schema.tables
    by_name = shortlist(written, [table.name for table in tables])
    by_comment = shortlist(written, [table.comment or "" for table in tables])
    return [tables[place] for place in dict.fromkeys(by_name + by_comment)]


def _used(place: Place, scope: Scope, parsed: Parsed) -> set[str]:
    """The columns that the statement takes from it."""
    names, alone = parsed.names, len(scope.places) == 1
    return {
        names.of(one.this)
        for other in parsed.scopes
        for one in other.references
        if (
            names.of_table(one.args["table"]) == place.name
            if one.args.get("table")
            else alone and other is scope
        )
    } - {""}


def _share(table: Table, columns: set[str], parsed: Parsed) -> float:
    if not columns:
        return 0.0
    return len(columns.intersection(columns_of(table, parsed.schema))) / len(columns)


def _elsewhere(columns: set[str], parsed: Parsed) -> bool:
    """Whether some table has all the columns."""
    return any(_share(table, columns, parsed) == 1.0 for table in parsed.schema.tables)


def _by_columns(columns: set[str], parsed: Parsed) -> Table | None:
    """The one table that has all of several columns."""
    if len(columns) < 2:
        return None
    having = [table for table in parsed.schema.tables if _share(table, columns, parsed) == 1.0]
    return having[0] if len(having) == 1 else None


def _full(table: Table, parsed: Parsed) -> str:
    prefix = f"{parsed.quoted(table.schema)}." if table.schema else ""
    return prefix + parsed.quoted(table.name)
