"""Reads a statement just as far as running it takes; what it may do is the server's to say."""

import re
from typing import Literal

__all__ = ["Kind", "kind_of", "without_semicolon"]

Kind = Literal["query", "report", "other"]

_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*+(?:\n|\Z)|/\*.*?\*/|\()*+([^\W\d]\w*+)", re.DOTALL)
_QUERIES = frozenset({"select", "with", "values", "table"})
_REPORTS = frozenset({"explain", "show"})
# What a semicolon inside does not end a statement.
_TOKEN = re.compile(
    r"""(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*+'
    | '(?:[^']|'')*+'
    | "(?:[^"]|"")*+"
    | (?<![\w$])(\$(?:[^\W\d]\w*+)?\$).*?\1
    | --[^\n]*+
    | (?P<comment>/\*)
    | (?P<end>;)""",
    re.DOTALL | re.VERBOSE,
)
_COMMENT = re.compile(r"/\*|\*/")


def kind_of(sql: str) -> Kind:
    """Whether a cursor can be declared for it, it is EXPLAIN or SHOW, or anything else."""
    found = _FIRST_WORD.match(sql)
    word = found[1].lower() if found else ""
    if word in _QUERIES:
        return "query"
    return "report" if word in _REPORTS else "other"


def without_semicolon(sql: str) -> str:
    """The text before the semicolon that ends the statement.

    `sql` is one statement that the server could parse.
    """
    position = 0
    while found := _TOKEN.search(sql, position):
        if found["end"]:
            return sql[: found.start()]
        position = _after_comment(sql, found.end()) if found["comment"] else found.end()
    return sql


def _after_comment(sql: str, position: int) -> int:
    # Comments nest.
    depth = 1
    while depth and (found := _COMMENT.search(sql, position)):
        depth += 1 if found[0] == "/*" else -1
        position = found.end()
    return position if not depth else len(sql)
