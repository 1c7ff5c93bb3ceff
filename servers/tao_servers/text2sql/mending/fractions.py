"""Keeps the fraction of a ratio that is asked for, where the database would drop it.

This module imports sqlglot on first use.
"""

import re

from tao_servers.text2sql.checking.lexing import lex
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.mending.edits import Edit, applied
from tao_servers.text2sql.schema import Schema

__all__ = ["asks_for_ratio", "with_fractions"]

_RATIO = re.compile(
    r"\b(?:ratios?|proportions?|percent(?:ages?)?|fractions?|shares?|rates?)\b"
    r"|\btimes (?:as|more|higher|larger)\b|%|率|比例|比重|占比|之比|百分|几分之|倍",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\bintegers?\b|\bwhole numbers?\b|整数|取整", re.IGNORECASE)


def asks_for_ratio(question: str) -> bool:
    """Whether a question asks by name for what has a fraction."""
    return _RATIO.search(question) is not None and _WHOLE.search(question) is None


def with_fractions(sql: str, schema: Schema) -> tuple[str, list[str]]:
    """The statement with `* 1.0` before each `/`, if one of them divides whole numbers; else as it is."""
    if "/" not in sql or not _drops_a_fraction(sql, schema):
        return sql, []
    try:
        plain, tokens = lex(sql, schema.dialect)
    except QueryRefused:
        return sql, []
    changed, _ = applied(plain, (Edit(one.start, one.start, "* 1.0 ") for one in tokens if one.is_sign("/")))
    return changed, ["divided with the fraction kept"]


def _drops_a_fraction(sql: str, schema: Schema) -> bool:
    from tao_servers.text2sql.explaining.divisions import divisions_without_fraction
    from tao_servers.text2sql.explaining.parts import query_of

    tree = query_of(sql, schema.dialect)
    return tree is not None and any(True for _ in divisions_without_fraction(tree, schema))
