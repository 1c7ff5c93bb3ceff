"""Keeps single steps short and single values small, where no time limit is heard in between.

This module imports sqlglot.
"""

import re
from collections.abc import Iterator

from sqlglot import exp

from tao_servers.text2sql.checking.growth import growth
from tao_servers.text2sql.checking.statement import Statement, called

__all__ = ["large_value", "large_when_written_out", "wide_format", "wide_trim"]

_LARGEST = 1_000_000
# SQLite prepares this in about half a second at worst; an honest statement seldom passes 100,000.
_MOST_PARTS = 3_000_000
_MOST_TRIMMED = 20
_WIDE = re.compile(r"%[^a-zA-Z%]*(?:\*|\d[\d,]{3})|\{[^{}]*\d{4}")
# Which argument says how long the value becomes.
_GROWING = {
    **{"repeat": 1, "lpad": 1, "rpad": 1, "space": 0, "random_bytes": 0, "array_fill": 1, "bar": 3},
    **{"list_resize": 1, "array_resize": 1},
}
_SERIES = {"range", "generate_series"}
_FORMATS = {"sqlite": ("printf", "format"), "postgres": ("format",), "duckdb": ("printf", "format")}
_DIGITS = re.compile(r"[0-9]+")


def wide_format(statement: Statement) -> str | None:
    """A width of two thousand million is filled for many seconds, deaf to any time limit."""
    for name, call in statement.calls_of(*_FORMATS.get(statement.dialect, ())):
        template = call.expressions[0]
        if not template.is_string or _WIDE.search(template.name):
            return f"The format of {name} must be a plain text without * and with widths below 1000."
    return None


def wide_trim(statement: Statement) -> str | None:
    """SQLite compares each character of the text with each of these, deaf to any time limit."""
    if statement.dialect != "sqlite":
        return None
    for name, call in statement.calls_of("trim", "ltrim", "rtrim"):
        for characters in call.expressions[1:]:
            if not characters.is_string or len(characters.name) > _MOST_TRIMMED:
                return f"{name} takes off a plain text of at most {_MOST_TRIMMED} characters."
    return None


def large_value(statement: Statement) -> str | None:
    """A value that fills the memory at once, before any limit on the result is heard."""
    in_rows = {id(node.this) for node in statement.nodes if isinstance(node, exp.Table | exp.Lateral)}
    for name, call in statement.calls:
        grows = name in _GROWING or (
            name in _SERIES and statement.dialect == "duckdb" and id(call) not in in_rows
        )
        if grows and _size(call) > _LARGEST:
            return f"{name} would make a value of over {_LARGEST:,} parts; make it smaller."
    return None


def _size(call: exp.Anonymous) -> int:
    name = called(call)
    inner = max((_size(one) for one in _growing_in(call)), default=1)
    if name in _SERIES:
        return inner * _steps(call)
    place = _GROWING[name]
    if place >= len(call.expressions):
        return inner
    first = call.expressions[0]
    text = len(first.name) if name == "repeat" and first.is_string else 1
    return inner * max(1, text) * _product(call.expressions[place])


def _growing_in(call: exp.Anonymous) -> Iterator[exp.Anonymous]:
    for node in call.walk():
        if node is not call and isinstance(node, exp.Anonymous) and called(node) in _GROWING:
            yield node


def _product(node: exp.Expr) -> int:
    """The numbers in it multiplied with each other, at most: for want of a better bound."""
    product = 1
    for one in node.walk():
        if isinstance(one, exp.Pow | exp.BitwiseLeftShift):
            return _LARGEST + 1
        product *= max(1, _number(one))
        if product > _LARGEST:
            return product
    return product


def _steps(call: exp.Anonymous) -> int:
    bounds = [_number(one) for one in call.expressions]
    if len(bounds) < 2:
        return max(bounds, default=0)
    step = bounds[2] if len(bounds) > 2 else 1
    return abs(bounds[1] - bounds[0]) // max(1, step) if bounds[0] else bounds[1] // max(1, step)


def _number(node: exp.Expr) -> int:
    if not isinstance(node, exp.Literal) or (node.is_string and not _DIGITS.fullmatch(node.name)):
        return 0
    try:
        return min(int(float(node.name)), 10**18)
    except (ValueError, OverflowError):
        return 10**18


def large_when_written_out(statement: Statement) -> str | None:
    """SQLite copies WITH parts and inner SELECTs to wherever they are named."""
    if statement.dialect != "sqlite":
        return None
    try:
        if growth(statement.tree) <= _MOST_PARTS:
            return None
    except RecursionError:
        pass
    return (
        "The statement grows too large when its WITH parts and inner SELECTs are written out: name each part"
        " and each of its columns fewer times."
    )
