"""Cases on which two careful products may differ: each test is general, and has its reason."""

import re
from collections.abc import Callable, Iterable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType
from sqlglot.tokens import Tokenizer

from benchmarks.sql_safety.cases import Case
from benchmarks.sql_safety.reading import SYSTEM, parsed, without_explain

__all__ = ["difference"]

_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter)
_NUMBERED = re.compile(r"\$\d+\b")
_EXPLAIN = re.compile(r"\s*EXPLAIN\b", re.IGNORECASE)
# Functions of well-known extensions that make, change or forget something.
_EXTENSION_CHANGES = re.compile(
    r"^(?:hypopg|pg_stat_statements|pg_stat_kcache|pg_qualstats|pg_prewarm|autoprewarm|pg_buffercache|cron|pgstattuple)_?"
    r"\w*(?:reset|create|drop|hide|unhide|evict|schedule|start|dump)\w*$|^pg_prewarm$"
)
# What looks like a column and is a value of the session or the clock.
_VALUES = {"current_catalog", "current_role", "current_schema", "localtime", "localtimestamp", "session_user"}
_VALUES |= {
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "system_user",
    "user",
}
# sqlglot drops some of these without a word, and a comment may be read in two ways.
_NOT_PLAIN = re.compile(
    r"\b(?:escape|for|into|lock|next|operator|outfile|procedure|table|tablesample|value)\b"
    r"|\bin\s+[^(\s]|--|/\*|[:@?$%#;&`\\\[\]]|[^\x20-\x7e\t\n]",
    re.IGNORECASE,
)
_CALLED = re.compile(r"""([\w."']+)\s*\(""")
# These work out a value, or are words of a query.
_BEFORE_PAREN = {"avg", "coalesce", "count", "length", "lower", "max", "min", "round", "sum", "upper"}
_BEFORE_PAREN |= {"all", "and", "any", "as", "by", "exists", "from", "in", "join", "not", "on", "or", "over"}
_BEFORE_PAREN |= {"except", "intersect", "select", "union", "using", "where"}


def difference(case: Case) -> str | None:
    """Why the case says nothing about safety; None when it counts."""
    tests = _FOR_ALLOWED if case.expect == "allow" else _FOR_BLOCKED if case.expect == "block" else ()
    return next((reason for test, reason in tests if test(case)), None)


def _tokens(sql: str, dialect: str) -> Iterable[Token]:
    try:
        return Tokenizer(dialect=dialect).tokenize(sql)
    except SqlglotError:
        return ()


def _needs_values(case: Case) -> bool:
    sql = without_explain(case.sql)
    tokens = _tokens(sql, case.dialect)
    if case.dialect == "postgres":
        strings = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.HEREDOC_STRING)
        outside = [" "] * len(sql)
        for token in tokens:
            if token.token_type not in strings:
                outside[token.start : token.end + 1] = sql[token.start : token.end + 1]
        return _NUMBERED.search("".join(outside)) is not None
    return any(token.token_type in (TokenType.PLACEHOLDER, TokenType.PARAMETER) for token in tokens)


def _explains_a_write(case: Case) -> bool:
    trees = parsed(case.sql, case.dialect)
    return _EXPLAIN.match(case.sql) is not None and any(tree.find(*_WRITES) for tree in trees)


def _changes_an_extension(case: Case) -> bool:
    return any(_EXTENSION_CHANGES.match(name) for name in _calls(case))


def _calls(case: Case) -> Iterator[str]:
    for tree in parsed(case.sql, case.dialect):
        for node in tree.find_all(exp.Anonymous):
            yield node.name.lower()


def _column_of_nothing(case: Case) -> bool:
    trees = parsed(case.sql, case.dialect)
    return bool(trees) and any(
        column.name.lower() not in _VALUES
        and not isinstance(column.this, exp.Star)
        and column.find_ancestor(exp.Select)
        and not any(select.args.get("from_") for select in _selects(column))
        for tree in trees
        # Names that a lambda or a list comprehension gives look like columns.
        if not tree.find(*_WRITES, exp.Lambda, exp.Comprehension)
        for column in tree.find_all(exp.Column)
    )


def _selects(node: exp.Expr) -> Iterator[exp.Expr]:
    above = node.find_ancestor(exp.Select)
    while above is not None:
        yield above
        above = above.find_ancestor(exp.Select)


def _only_reads(case: Case) -> bool:
    """Whether there can be no doubt: every call and every table is of the plainest kind."""
    if _NOT_PLAIN.search(case.sql) or not all(
        word.lower() in _BEFORE_PAREN for word in _CALLED.findall(case.sql)
    ):
        return False
    try:
        tree = sqlglot.parse_one(case.sql, read=case.dialect, error_level=ErrorLevel.RAISE)
    except (SqlglotError, RecursionError):
        return False
    if not isinstance(tree, exp.Query) or tree.find(*_WRITES, exp.Command, exp.Into, exp.Lock, exp.Dot):
        return False
    # One of the system's may be a file, another's statement, or a function in disguise.
    return all(
        isinstance(table.this, exp.Identifier)
        and not table.db
        and table.name.isidentifier()
        and not table.name.lower().startswith(SYSTEM)
        for table in tree.find_all(exp.Table)
    )


_Test = tuple[Callable[[Case], bool], str]
_FOR_ALLOWED: tuple[_Test, ...] = (
    (
        _needs_values,
        "It waits for values that are sent beside it ($1, ?). A tool call sends SQL alone, so nothing could"
        " run it; the refusal says to write the values into the statement.",
    ),
    (
        _explains_a_write,
        "It explains a statement that writes. PostgreSQL and MySQL ask for the right to write even for that,"
        " which a role that can only read never has, and a plan of a write tells a reader nothing.",
    ),
    (
        _changes_an_extension,
        "It calls an extension's function that makes, resets or forgets something. That changes what later"
        " statements see, and so it is no reading; settings may name such a function for one database.",
    ),
    (
        _column_of_nothing,
        "It names a column and no table that could have it, so no database can run it. It was meant for tools"
        " that look at words alone.",
    ),
)
_FOR_BLOCKED: tuple[_Test, ...] = (
    (
        _only_reads,
        "It is one plain query of ordinary tables: it locks nothing, calls nothing but counting and the like,"
        " and cannot change anything. Only another product's policy forbids it.",
    ),
)
