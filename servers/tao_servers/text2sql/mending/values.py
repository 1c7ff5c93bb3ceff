"""Tells a text in double quotes, which SQL takes for a column, from a column.

This module imports sqlglot.
"""

from collections.abc import Iterator

from sqlglot import exp

from tao_servers.text2sql.checking.statement import called
from tao_servers.text2sql.mending.aggregates import is_aggregate
from tao_servers.text2sql.mending.edits import Edit
from tao_servers.text2sql.mending.parsed import Parsed
from tao_servers.text2sql.mending.scopes import Scope, ends_of

__all__ = ["is_value", "may_be_text", "text_for"]

_COMPARING = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike, exp.Glob)
_TEXT_FIRST = ("concat", "date", "strftime")


def is_value(column: exp.Column) -> bool:
    """Whether a name in quotes stands where a text does: compared with something, or in a list."""
    if not column.this.args.get("quoted"):
        return False
    parent = column.parent
    if isinstance(parent, _COMPARING):
        return column.arg_key == "expression"
    return isinstance(parent, exp.In | exp.Between) and column.arg_key != "this"


def may_be_text(column: exp.Column) -> bool:
    """Whether a text makes sense there: in CASE, put together with another, or as how a call is meant.

    What is selected, counted, sorted, compared or reckoned with is a column, and a text in its place would
    give a wrong result without a word.
    """
    parent = column.parent
    if any(is_aggregate(one) for one in _above(column)):
        return False
    if isinstance(parent, exp.Anonymous):
        is_first = parent.expressions[0] is column
        return not is_first or (len(parent.expressions) > 1 and called(parent).startswith(_TEXT_FIRST))
    return isinstance(parent, exp.DPipe | exp.Concat) or column.arg_key in {"true", "default"}


def _above(column: exp.Column) -> Iterator[exp.Expr]:
    node = column.parent
    while node is not None and not isinstance(node, exp.Query):
        yield node
        node = node.parent


def text_for(column: exp.Column, scope: Scope, parsed: Parsed) -> list[Edit] | None:
    """What to write for a name in double quotes that no column has; None when it is text."""
    span = ends_of(column.this)
    if span is None or not column.this.args.get("quoted") or parsed.text[span[0]] != '"':
        return []
    tables = [place.table for one in scope.chain() for place in one.places]
    if parsed.dialect == "sqlite" and not any(table is not None and table.hides for table in tables):
        return None
    text = "'" + column.name.replace("'", "''") + "'"
    return [Edit(*span, text, f"'{column.name}' is no column and so taken for text")]
