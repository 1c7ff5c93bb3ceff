"""Notices tables that no condition connects: each row of one then meets each of the other.

This module imports sqlglot.
"""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from tao_servers.text2sql.checking.sources import Names, Source

__all__ = ["unconnected"]


def unconnected(select: exp.Select, sources: Sequence[Source], names: Names) -> tuple[str, str] | None:
    """Two sources of a SELECT that nothing connects; None when all are, or only one has more than a row."""
    many = [source for source in sources if not source.single and source.name]
    joins = list(_joins(select))
    if len(many) < 2 or any(_connects_by_itself(join) for join in joins):
        return None
    groups = {source.name: source.name for source in sources}
    for join in joins:
        name = names.of_table(join.this.args.get("alias")) or names.of_table(join.this)
        last = next((place for place, one in enumerate(sources) if one.name == name), len(sources))
        for column in join.args.get("using") or ():
            known = [one for one in sources[: last + 1] if one.columns is None or one.has(names.of(column))]
            sharing = [one.name for one in known]
            for name in sharing[1:]:
                _unite(groups, sharing[0], name)
    for condition in _conditions(select, joins):
        together = _named_in(condition, sources, names)
        for name in together[1:]:
            _unite(groups, together[0], name)
    first = many[0].name
    for other in many[1:]:
        if _root(groups, other.name) != _root(groups, first):
            return first, other.name
    return None


def _connects_by_itself(join: exp.Join) -> bool:
    return bool(join.args.get("method") or join.args.get("nearest"))


def _joins(select: exp.Select) -> Iterator[exp.Join]:
    """All joins of FROM, those in brackets and those that hang on a table among them."""
    start = select.args.get("from_")
    waiting = [*(select.args.get("joins") or ()), *([start] if start else ())]
    while waiting:
        one = waiting.pop()
        if isinstance(one, exp.Join):
            yield one
        waiting += one.args.get("joins") or ()
        inner = one.this
        if isinstance(inner, exp.Subquery) or (
            isinstance(inner, exp.Expr) and not isinstance(inner, exp.Query)
        ):
            waiting.append(inner)


def _conditions(select: exp.Select, joins: Sequence[exp.Join]) -> Iterator[exp.Expr]:
    for join in joins:
        if join.args.get("on"):
            yield from _split(join.args["on"])
    where = select.args.get("where")
    if where is not None:
        yield from _split(where.this)


def _split(condition: exp.Expr) -> Iterator[exp.Expr]:
    waiting = [condition]
    while waiting:
        one = waiting.pop().unnest()
        if isinstance(one, exp.And):
            waiting += [one.this, one.expression]
        else:
            yield one


def _named_in(condition: exp.Expr, sources: Sequence[Source], names: Names) -> list[str]:
    found: list[str] = []
    for column in condition.find_all(exp.Column):
        table, name = names.of_table(column.args.get("table")), names.of(column)
        for source in sources:
            if source.name == table or (not table and (source.columns is None or source.has(name))):
                found.append(source.name)
    return list(dict.fromkeys(found))


def _root(groups: dict[str, str], name: str) -> str:
    while groups[name] != name:
        name = groups[name]
    return name


def _unite(groups: dict[str, str], one: str, other: str) -> None:
    groups[_root(groups, other)] = _root(groups, one)
