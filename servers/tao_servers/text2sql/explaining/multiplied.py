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
    """The table whose rows a COUNT(*) over joined tables counts, where that is one of them alone."""
    tables, edges = _tables(parts), _edges(parts)
    fine = {many for _, many in edges if _many(many, edges) is None}
    is_counted = any(map(_is_of_rows, _aggregates(parts)))
    return tables[fine.pop()] if is_counted and len(fine) == 1 else None


def combined(parts: Parts) -> tuple[Table, Table] | None:
    """Two tables of whose rows a COUNT(*) counts every combination."""
    tables, edges = _tables(parts), _edges(parts)
    if not any(map(_is_of_rows, _aggregates(parts))):
        return None
    for _, name in edges:
        other = _many(name, edges)
        if other is not None and _many(other, edges) is not None:
            return tables[name], tables[other]
    return None


def multiplied(parts: Parts) -> Iterator[tuple[exp.AggFunc, Table, Table]]:
    """The aggregates of columns of a table whose rows come several times, that table, and the one that has
    several rows for one of it."""
    tables, edges = _tables(parts), _edges(parts)
    for call in _aggregates(parts):
        if isinstance(call, _ONCE) or isinstance(call.this, exp.Distinct):
            continue
        own = {_name_of(column, parts) for column in call.find_all(exp.Column)}
        for name in (one for one in tables if one in own):
            far = _many(name, edges)
            if far is not None and far not in own:
                yield call, tables[name], tables[far]
                break


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
    seen, waiting = {name}, [name]
    while waiting:
        here = waiting.pop()
        for one, many in edges:
            if one == here and many not in seen:
                return many
            if many == here and one not in seen:
                seen.add(one)
                waiting.append(one)
    return None


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
    if _is_key(*far) or not (is_meant or _is_key(*near)):
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
