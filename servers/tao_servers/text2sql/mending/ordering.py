"""Lets ORDER BY belong to the last arm of a UNION where it orders by what the whole does not give.

This module imports sqlglot.
"""

from sqlglot import exp

from tao_servers.text2sql.mending.arms import wrapped
from tao_servers.text2sql.mending.edits import Edit
from tao_servers.text2sql.mending.likeness import Near
from tao_servers.text2sql.mending.parsed import Parsed
from tao_servers.text2sql.mending.scopes import ends_of

__all__ = ["ordered_arms"]

_OPERATORS = {"union", "intersect", "except"}


def ordered_arms(parsed: Parsed, near: Near | None) -> list[Edit]:
    """What makes the last arm a SELECT of its own, with the ORDER BY that only it can have."""
    edits: list[Edit] = []
    for node in parsed.tree.find_all(exp.SetOperation):
        order = node.args.get("order")
        columns = [one.this for one in order.expressions] if isinstance(order, exp.Order) else []
        strange = [one for one in columns if isinstance(one, exp.Column) and not _is_given(one, node, parsed)]
        span = ends_of(strange[0].this) if strange else None
        if span is not None and isinstance(node.expression, exp.Select):
            edits += _wrapped(span[0], node.key.upper(), parsed)
    return edits


def _is_given(column: exp.Column, node: exp.SetOperation, parsed: Parsed) -> bool:
    arms: list[exp.Expr] = [node.expression]
    inner = node.this
    while isinstance(inner, exp.SetOperation):
        arms.append(inner.expression)
        inner = inner.this
    given = [one for arm in (*arms, inner) if isinstance(arm, exp.Query) for one in arm.selects]
    name = parsed.names.of(column.this)
    return any(one.is_star or parsed.names.of(one) == name for one in given)


def _wrapped(place: int, operator: str, parsed: Parsed) -> list[Edit]:
    start, end, depth = -1, parsed.tokens[-1].end, 0
    before = [token for token in parsed.tokens if token.end <= place]
    for number in range(len(before) - 1, -1, -1):
        token = before[number]
        depth += token.is_sign(")") - token.is_sign("(")
        if depth < 0:
            return []
        if depth == 0 and token.lowered in _OPERATORS:
            rest = [one for one in before[number + 1 :] if one.lowered not in {"all", "distinct"}]
            start = rest[0].start if rest else -1
            break
    depth = 0
    for token in parsed.tokens:
        if token.start >= place:
            depth += token.is_sign("(") - token.is_sign(")")
            if depth < 0:
                end = token.start
                break
    return wrapped(start, end, operator, parsed.dialect) if start >= 0 else []
