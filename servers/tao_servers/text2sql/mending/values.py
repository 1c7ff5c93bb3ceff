"""Tells a text in double quotes, which SQL takes for a column, from a column.

This module imports sqlglot.
"""

from sqlglot import exp

from tao_servers.text2sql.mending.edits import Edit
from tao_servers.text2sql.mending.parsed import Parsed
from tao_servers.text2sql.mending.scopes import Scope, ends_of

__all__ = ["is_value", "text_for"]

_COMPARING = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike, exp.Glob)


def is_value(column: exp.Column) -> bool:
    """Whether a name in quotes stands where a text does: compared with something, or in a list."""
    if not column.this.args.get("quoted"):
        return False
    parent = column.parent
    if isinstance(parent, _COMPARING):
        return column.arg_key == "expression"
    return isinstance(parent, exp.In | exp.Between) and column.arg_key != "this"


def text_for(column: exp.Column, scope: Scope, parsed: Parsed) -> list[Edit] | None:
    """What to write for a name in double quotes that no column has; None when it is text."""
    span = ends_of(column.this)
    if span is None or not column.this.args.get("quoted") or parsed.text[span[0]] != '"':
        return []
    tables = [place.table for one in scope.chain() for place in one.places]
    if parsed.dialect == "sqlite" and not any(table is not None and table.hides for table in tables):
        return None
    text = "'" + column.name.replace("'", "''") + "'"
    return [Edit(*span, text, f"put the text {text} in single quotes")]
