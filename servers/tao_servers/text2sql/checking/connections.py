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
    joins = list(select.args.get("joins") or ())
    if len(many) < 2 or any(_connects_by_itself(join) for join in joins):
        return None
    groups = {source.name: source.name for source in sources}
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
    return bool(join.args.get("method") or join.args.get("using") or join.args.get("nearest"))


def _conditions(select: exp.Select, joins: Sequence[exp.Join]) -> Iterator[exp.Expr]:
    for join in joins:
        if join.args.get("on"):
            yield from _split(join.args["on"])
    # A join in brackets has its conditions further in.
    for bracket in (select.args.get("from_"), *joins):
        for inner in bracket.find_all(exp.Join) if bracket and isinstance(bracket.this, exp.Subquery) else ():
            if inner.args.get("on"):
                yield inner.args["on"]
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
