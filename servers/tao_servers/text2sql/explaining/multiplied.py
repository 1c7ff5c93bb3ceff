"""Tells where joined tables make rows count several times.

A row of which the other table has several comes once with each of them ("fan-out"), and rows of two tables
that belong to one come in every combination ("chasm trap").

This module imports sqlglot.
"""

from collections.abc import Iterator

from sqlglot import exp

from tao_servers.text2sql.explaining.parts import Parts, conjuncts
from tao_servers.text2sql.schema import Column, Table

__all__ = ["combined", "counted_table", "multiplied"]

_ONCE = (exp.Max, exp.Min)


def counted_table(parts: Parts) -> Table | None:
    """The table whose rows a COUNT(*) over joined tables counts, where that is plain."""
    leaves = _leaves(parts)
    return _tables(parts)[leaves[0]] if len(leaves) == 1 else None


def combined(parts: Parts) -> tuple[Table, Table] | None:
    """Two tables of whose rows a COUNT(*) counts every combination."""
    leaves, tables = _leaves(parts), _tables(parts)
    return (tables[leaves[0]], tables[leaves[1]]) if len(leaves) > 1 else None


def multiplied(parts: Parts) -> Iterator[tuple[exp.AggFunc, Table, Table]]:
    """The aggregates of a table's columns whose rows come several times, with it and what brings several.

    For each two tables only the first.
    """
    tables, edges = _tables(parts), _edges(parts)
    told: set[tuple[str, str]] = set()
    for call in _aggregates(parts):
        if isinstance(call, _ONCE) or isinstance(call.this, exp.Distinct):
            continue
        own = {_name_of(column, parts) for column in call.find_all(exp.Column)}
        for name in (one for one in tables if one in own):
            far = _many(name, edges)
            if far is not None and far not in own and (name, far) not in told:
                told.add((name, far))
                yield call, tables[name], tables[far]
                break


def _leaves(parts: Parts) -> list[str]:
    """The names in FROM with none below them, where keys tie all and a COUNT(*) counts them; else none."""
    edges, tables = _edges(parts), _tables(parts)
    is_plain = len(tables) == len(parts.sources) and not parts.sides
    if not is_plain or not any(map(_is_of_rows, _aggregates(parts))) or not _is_connected(set(tables), edges):
        return []
    above = {one for one, _ in edges}
    return [name for name in tables if name not in above]


def _is_connected(names: set[str], edges: list[tuple[str, str]]) -> bool:
    reached = set(edges[0]) if edges else set[str]()
    for _ in edges:
        reached |= {name for edge in edges if reached & set(edge) for name in edge}
    return bool(edges) and reached == names


def _aggregates(parts: Parts) -> Iterator[exp.AggFunc]:
    places = [*parts.outputs, *parts.having, *(one for one, _ in parts.order)]
    for place in places:
        for call in place.find_all(exp.AggFunc):
            if not isinstance(call.parent, exp.Window) and call.find_ancestor(exp.Select) is parts.select:
                yield call


def _is_of_rows(call: exp.AggFunc) -> bool:
    return isinstance(call, exp.Count) and isinstance(call.this, exp.Star | exp.Literal)


def _tables(parts: Parts) -> dict[str, Table]:
    return {name: source for name, source in parts.sources.items() if isinstance(source, Table)}


def _many(name: str, edges: list[tuple[str, str]]) -> str | None:
    """A name in FROM that brings several rows for one of this name, however far away."""
    # Of what is above it, it has one row each.
    above = {name}
    for _ in edges:
        above |= {one for one, many in edges if many in above}
    return next((many for one, many in edges if one in above and many not in above), None)


def _edges(parts: Parts) -> list[tuple[str, str]]:
    """The joins by a key, each as the name of the one side and that of the many side."""
    joins: list[exp.Join] = parts.select.args.get("joins") or []
    where = parts.select.args.get("where")
    conditions = [one for join in joins for one in conjuncts(join.args.get("on"))]
    conditions += conjuncts(where.this if where else None)
    found = []
    for condition in conditions:
        left, right = condition.this, condition.args.get("expression")
        if not isinstance(condition, exp.EQ) or not isinstance(left, exp.Column):
            continue
        if isinstance(right, exp.Column):
            found += [pair for pair in (_edge(left, right, parts), _edge(right, left, parts)) if pair]
    return found


def _edge(one: exp.Column, many: exp.Column, parts: Parts) -> tuple[str, str] | None:
    """The names, where one column is the whole key of its table, and the other refers to it and is none."""
    near, far = parts.column(one), parts.column(many)
    names = _name_of(one, parts), _name_of(many, parts)
    if near is None or far is None or names[0] is None or names[1] is None or names[0] == names[1]:
        return None
    is_meant = (far[1].references or "").lower() == f"{near[0].full_name}.{near[1].name}".lower()
    # Where nobody declared keys, what another column is named after is taken for one.
    has_keys = any(column.primary_key for column in near[0].columns)
    if _is_key(*far) or not (_is_key(*near) or (is_meant and not has_keys)):
        return None
    return names[0], names[1]


def _is_key(table: Table, column: Column) -> bool:
    return [one.name for one in table.columns if one.primary_key] == [column.name]


def _name_of(column: exp.Column, parts: Parts) -> str | None:
    """What the table that a column is of is called in FROM."""
    tables = _tables(parts)
    if column.table:
        return column.table.lower() if column.table.lower() in tables else None
    return next((name for name, table in tables.items() if table.column(column.name) is not None), None)
