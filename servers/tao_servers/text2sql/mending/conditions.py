"""Ties joined tables by their foreign key where a join has no condition, or one with no such columns.

This module imports sqlglot.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, permutations

from sqlglot import exp

from tao_servers.text2sql.mending.edits import Edit
from tao_servers.text2sql.mending.likeness import Near
from tao_servers.text2sql.mending.links import Link, Links
from tao_servers.text2sql.mending.parsed import Parsed
from tao_servers.text2sql.mending.scopes import Place, Scope, ends_of

__all__ = ["keyed_conditions", "prefix_of"]

_MOST_COLUMNS = 40


def keyed_conditions(parsed: Parsed, near: Near | None) -> list[Edit]:
    """What to write so that joins follow foreign keys."""
    joined = [scope for scope in parsed.scopes if scope.joins]
    links = Links(parsed.schema) if joined else None
    edits = []
    for scope in joined:
        assert links is not None
        for join in scope.joins:
            edits += _corrected(join, scope, links, parsed)
            edits += _added(join, scope, links, parsed)
    return edits


def prefix_of(place: Place, parsed: Parsed) -> str:
    """What to write before a column of it; empty where it has no name."""
    alias = place.node.args.get("alias")
    node = alias.this if isinstance(alias, exp.TableAlias) and alias.this else place.node.args.get("this")
    span = ends_of(node) if isinstance(node, exp.Identifier) else None
    return parsed.text[span[0] : span[1]] if span else ""


def _equalities(node: object) -> Iterator[exp.EQ]:
    if isinstance(node, exp.Expr):
        for one in node.walk(prune=lambda inner: isinstance(inner, exp.Query)):
            if isinstance(one, exp.EQ):
                yield one


def _sides(equal: exp.EQ, scope: Scope, parsed: Parsed) -> list[tuple[exp.Column, Place]]:
    """The two columns with what they are taken from, when they are of two things in this FROM."""
    found = []
    for side in (equal.this, equal.expression):
        if not isinstance(side, exp.Column) or not isinstance(side.args.get("table"), exp.Identifier):
            return []
        name = parsed.names.of_table(side.args["table"])
        places = [place for place in scope.places if place.name == name]
        if len(places) != 1:
            return []
        found.append((side, places[0]))
    return found if found[0][1] is not found[1][1] else []


@dataclass(frozen=True, slots=True)
class _Equality:
    """Two columns that are said to be equal, of two tables that `link` alone ties.

    `is_meant` says that it is not the key, and was to be.
    """

    columns: tuple[exp.Column, exp.Column]
    places: frozenset[Place]
    link: Link
    is_tie: bool
    is_meant: bool


def _corrected(join: exp.Join, scope: Scope, links: Links, parsed: Parsed) -> list[Edit]:
    """What to write for the equality that the key is meant by; none where another one is the key already."""
    read = [_equality(equal, scope, links, parsed) for equal in _equalities(join.args.get("on"))]
    found = [one for one in read if one is not None]
    edits = []
    for one in found:
        beside = [other for other in found if other is not one and other.places == one.places]
        if one.is_meant and not any(other.is_tie or other.is_meant for other in beside):
            names = (one.link.column, one.link.far_column)
            for column, name in zip(one.columns, names, strict=True):
                edits += _renamed(column, name, parsed)
    return edits


def _equality(equal: exp.EQ, scope: Scope, links: Links, parsed: Parsed) -> _Equality | None:
    sides = _sides(equal, scope, parsed)
    if not sides:
        return None
    (one, left), (other, right) = sides
    if left.table is None or right.table is None:
        return None
    ties = links.between(left.table, right.table)
    if len(ties) != 1:
        return None
    fold = parsed.names.of
    written = (fold(one.this), fold(other.this))
    known = (left.has(written[0]), right.has(written[1]))
    real = (_folded(ties[0].column, parsed), _folded(ties[0].far_column, parsed))
    # A column that is there stays, unless the two were only written on each other's table.
    meant = written[::-1] == real or written[0] == real[0] or written[1] == real[1]
    # Of rows of one table anything may be equal.
    meant = meant or (not any(known) and left.table is not right.table)
    places = frozenset((left, right))
    return _Equality((one, other), places, ties[0], written == real, meant and not all(known))


def _folded(name: str, parsed: Parsed) -> str:
    return parsed.names.of(exp.to_identifier(name, quoted=True))


def _renamed(column: exp.Column, name: str, parsed: Parsed) -> list[Edit]:
    span, text = ends_of(column.this), parsed.quoted(name)
    if span is None or parsed.names.of(column.this) == _folded(name, parsed):
        return []
    return [Edit(*span, text, f"joined on {text} instead of {parsed.text[span[0] : span[1]]}")]


def _added(join: exp.Join, scope: Scope, links: Links, parsed: Parsed) -> list[Edit]:
    number = next((n for n, place in enumerate(scope.places) if place.node is join.this), 0)
    if not number or not _is_bare(join, parsed) or _is_tied(scope.places[number], scope, parsed):
        return []
    place = scope.places[number]
    ties = [
        (before, link)
        for before in scope.places[:number]
        if before.table is not None and place.table is not None
        # Rows of one table are set beside each other for any reason but the key that it has to itself.
        if before.table is not place.table
        for link in links.between(before.table, place.table)
    ]
    spans = [span for one in join.this.find_all(exp.Identifier) if (span := ends_of(one))]
    if len(ties) != 1 or not spans or not prefix_of(ties[0][0], parsed):
        return []
    before, link = ties[0]
    end = max(span[1] for span in spans)
    condition = _condition(before, link, prefix_of(place, parsed), parsed)
    return [Edit(end, end, f" ON {condition}", f"joined on {condition}")]


def _condition(before: Place, link: Link, far: str, parsed: Parsed) -> str:
    near = f"{prefix_of(before, parsed)}.{parsed.quoted(link.column)}"
    return f"{near} = {far}.{parsed.quoted(link.far_column)}"


def _is_bare(join: exp.Join, parsed: Parsed) -> bool:
    """Whether it is a JOIN with no condition written after it."""
    spans = [span for one in join.this.find_all(exp.Identifier) if (span := ends_of(one))]
    if not isinstance(join.this, exp.Table) or not spans:
        return False
    start, end = min(spans)[0], max(spans)[1]
    before = [token.lowered for token in parsed.tokens if token.end <= start][-2:]
    after = parsed.token_after(end)
    natural = {"cross", "natural"} & set(before)
    return before[-1:] == ["join"] and not natural and (after is None or after.lowered not in {"on", "using"})


def _is_tied(place: Place, scope: Scope, parsed: Parsed) -> bool:
    """Whether some condition is about it and another thing at once, or could be."""
    conditions = [join.args.get("on") for join in scope.joins]
    conditions += [clause.this for key in ("where", "having") if (clause := scope.select.args.get(key))]
    return any(
        _is_tie(one, place, scope, parsed)
        for condition in conditions
        if isinstance(condition, exp.Expr)
        for one in _conjuncts(condition)
    )


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    waiting = [condition]
    while waiting:
        one = waiting.pop()
        if isinstance(one, exp.And | exp.Paren):
            waiting.extend(one.iter_expressions())
        else:
            yield one


def _is_tie(condition: exp.Expr, place: Place, scope: Scope, parsed: Parsed) -> bool:
    taken = [
        _taken_from(column, scope, parsed) for column in islice(condition.find_all(exp.Column), _MOST_COLUMNS)
    ]
    return any(
        place in one and any(other is not place for other in another)
        for one, another in permutations(taken, 2)
    )


def _taken_from(column: exp.Column, scope: Scope, parsed: Parsed) -> list[Place]:
    """What it may be taken from, of this FROM."""
    prefix, name = parsed.names.of_table(column.args.get("table")), parsed.names.of(column.this)
    if prefix:
        return [place for place in scope.places if place.name == prefix]
    return [place for place in scope.places if place.columns is None or place.has(name)]
