"""Keeps the fraction of a ratio that is asked for, where the database would drop it.

This module imports sqlglot on first use.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

from tao_servers.text2sql.checking.lexing import lex
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.mending.edits import Edit, applied
from tao_servers.text2sql.schema import Dialect, Schema

if TYPE_CHECKING:
    from sqlglot import exp

    from tao_servers.text2sql.explaining.parts import Parts

__all__ = ["asks_for_ratio", "with_fractions"]

_RATIO = re.compile(
    r"\b(?:ratios?|proportions?|percent(?:ages?)?|fractions?|shares?|rates?)\b"
    r"|\btimes (?:as|more|higher|larger)\b|%|率|比例|比重|占比|之比|百分|几分之|倍",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\bintegers?\b|\bwhole numbers?\b|整数|取整", re.IGNORECASE)
_REAL = "* 1.0 "
_NOTE = "divided with the fraction kept"
# Each division costs a reading of the statement.
_MOST = 8


def asks_for_ratio(question: str) -> bool:
    """Whether a question asks by name for what has a fraction."""
    return _RATIO.search(question) is not None and _WHOLE.search(question) is None


def with_fractions(sql: str, schema: Schema) -> tuple[str, list[str]]:
    """The statement with `* 1.0` before the `/` of each ratio of whole numbers that it gives or sorts by.

    Left as it is where a number is divided to be counted in steps, such as `age / 10`, and outside of what
    the rows have: in WHERE, GROUP BY, LIMIT and the arguments of functions.
    """
    from tao_servers.text2sql.explaining.divisions import divisions_without_fraction
    from tao_servers.text2sql.explaining.parts import query_of

    tree = query_of(sql, schema.dialect) if "/" in sql else None
    if tree is None:
        return sql, []
    wanted = {id(one) for one, parts in divisions_without_fraction(tree, schema) if _is_ratio(one, parts)}
    try:
        plain, tokens = lex(sql, schema.dialect)
    except QueryRefused:
        return sql, []
    places = [token.start for token in tokens if token.is_sign("/")]
    if not wanted or len(places) > _MOST:
        return sql, []
    edits = [
        Edit(place, place, _REAL)
        for place in places
        if id(_division_at(place, plain, tree, schema.dialect)) in wanted
    ]
    return (applied(plain, edits)[0], [_NOTE]) if edits else (sql, [])


def _is_ratio(division: "exp.Div", parts: "Parts") -> bool:
    from sqlglot import exp

    node: exp.Expr = division
    while node.parent is not None and node.parent is not parts.select:
        node = node.parent
        if not isinstance(node, _reckoning()):
            return False
    is_shown = node.arg_key in {"expressions", "order", "having"}
    is_step = isinstance(division.expression, exp.Literal)
    return is_shown and not is_step and not any(node.unalias() == group for group in parts.groups)


@cache
def _reckoning() -> "tuple[type[exp.Expr], ...]":
    """What a ratio may stand in: arithmetic with it, and what shows it, sorts by it or filters groups."""
    from sqlglot import exp

    values = (exp.Add, exp.Coalesce, exp.Div, exp.Mul, exp.Paren, exp.Round, exp.Sub)
    aggregates = (exp.Avg, exp.Max, exp.Min, exp.Sum)
    return (*values, *aggregates, exp.Alias, exp.And, exp.Having, exp.Order, exp.Ordered, exp.Predicate)


def _division_at(place: int, plain: str, tree: "exp.Expr", dialect: "Dialect") -> "exp.Div | None":
    """The division whose sign stands there, which is the one that a factor before it goes into."""
    from sqlglot import exp

    from tao_servers.text2sql.explaining.parts import query_of

    changed = query_of(plain[:place] + _REAL + plain[place:], dialect)
    if changed is None:
        return None
    before, after = (list(one.find_all(exp.Div, bfs=False)) for one in (tree, changed))
    if len(before) != len(after):
        return None
    found = [one for one, other in zip(before, after, strict=True) if other.this == _times_one(one.this)]
    return found[0] if len(found) == 1 else None


def _times_one(node: "exp.Expr") -> "exp.Expr":
    from sqlglot import exp

    return exp.Mul(this=node.copy(), expression=exp.Literal.number("1.0"))
