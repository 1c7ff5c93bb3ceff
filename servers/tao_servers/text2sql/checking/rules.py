"""The rules in their order, each over the same statement.

This module imports sqlglot: load it when the first statement comes.
"""

import re
from collections.abc import Callable, Collection

from tao_servers.text2sql.checking.calls import unknown_call, unknown_operator
from tao_servers.text2sql.checking.dialects import parsed
from tao_servers.text2sql.checking.forms import Form, form_of
from tao_servers.text2sql.checking.kinds import unknown_type
from tao_servers.text2sql.checking.lexing import Token, lex
from tao_servers.text2sql.checking.nodes import unknown_part
from tao_servers.text2sql.checking.reading import Reading, read
from tao_servers.text2sql.checking.result import Checked, Problem
from tao_servers.text2sql.checking.sizes import large_value, large_when_written_out, wide_format, wide_trim
from tao_servers.text2sql.checking.statement import Statement
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.schema import Dialect, Schema

__all__ = ["judge"]

_RULES: tuple[tuple[str, Callable[[Statement], str | None]], ...] = (
    ("known functions", unknown_call),
    ("known syntax", unknown_operator),
    ("known types", unknown_type),
    ("short formats", wide_format),
    ("short trims", wide_trim),
    ("short values", large_value),
    ("small when written out", large_when_written_out),
)
# No reading statement has these words but as names in quotes.
_NEVER: dict[Dialect, frozenset[str]] = {
    "sqlite": frozenset({"into"}),
    "postgres": frozenset({"into"}),
    "mysql": frozenset({"dumpfile", "into", "outfile", "procedure"}),
    "duckdb": frozenset({"into"}),
}
_CHINESE_SIGN = re.compile(
    "[\uff08\uff09\uff0c\uff1b\uff1a\uff1d\uff1e\uff1c\uff0a\u3001\u3002\u2018\u2019\u201c\u201d]"
)
_LOCKING = {("for", "update"), ("for", "share"), ("for", "no"), ("for", "key"), ("lock", "in")}


def judge(sql: str, schema: Schema, functions: Collection[str]) -> tuple[Checked, list[Problem]]:
    """What the statement is, and what the rules have against it.

    Raises:
        QueryRefused: it could not be read at all, or does something else than read.
    """
    try:
        return _judged(sql, schema, frozenset(name.lower() for name in functions))
    except RecursionError as exc:
        raise QueryRefused(
            "The statement is nested too deeply; write it in fewer levels.", rule="syntax"
        ) from exc


def _judged(sql: str, schema: Schema, functions: frozenset[str]) -> tuple[Checked, list[Problem]]:
    plain, tokens = lex(sql, schema.dialect)
    tokens = _single(tokens)
    form = form_of(tokens, schema)
    sent = plain[tokens[0].start : tokens[-1].end]
    if form.body is None:
        return Checked(sent, form.kind, form.tables), []
    body = tuple(tokens[form.body :])
    _refuse_words(body, schema)
    # Places stay what they were: what comes before the query is blank.
    text = " " * body[0].start + plain[body[0].start : body[-1].end]
    try:
        statement = Statement(parsed(text, body, schema.dialect), body, schema, functions)
    except QueryRefused as exc:
        raise (_full_width(body) or _of_others(body, schema.dialect) or exc) from exc
    part = unknown_part(statement.nodes)
    found = [Problem(*part)] if part else []
    for name, rule in _RULES:
        text_against = rule(statement)
        if text_against:
            found.append(Problem(name, text_against))
    reading = read(statement.tree, schema)
    found += reading.problems
    found += _told(form, reading, schema)
    strange = _full_width(body) if found else None
    if strange is not None:
        found.append(Problem(strange.rule, str(strange)))
    return _checked(sent, form, reading), found


def _single(tokens: list[Token]) -> list[Token]:
    while tokens and tokens[-1].is_sign(";"):
        tokens.pop()
    several = sum(1 for token in tokens if token.is_sign(";"))
    if several or not tokens:
        count = several + 1 if tokens else 0
        raise QueryRefused(f"Send exactly one statement; this has {count}.", rule="one statement")
    return tokens


def _refuse_words(tokens: tuple[Token, ...], schema: Schema) -> None:
    never, unpivots = _NEVER[schema.dialect], any(token.lowered == "unpivot" for token in tokens)
    for place, token in enumerate(tokens):
        word = token.lowered
        if word in never and not (schema.dialect == "duckdb" and unpivots):
            raise QueryRefused(f"{word.upper()} is not allowed: only read.", rule="only reading")
        follower = tokens[place + 1].lowered if place + 1 < len(tokens) else ""
        if (word, follower) in _LOCKING:
            raise QueryRefused("A SELECT must not lock what it reads.", rule="only reading")
        if schema.dialect == "mysql" and token.kind == "text" and not schema.open:
            _refuse_double_quotes(token)


def _refuse_double_quotes(token: Token) -> None:
    # A server may be set to take them for names.
    if token.value.endswith('"'):
        raise QueryRefused("Write text in single quotes, names in backticks.", rule="syntax")


def _full_width(tokens: tuple[Token, ...]) -> QueryRefused | None:
    """Databases take Chinese signs for letters; in a statement that is refused they are the likely cause."""
    for token in tokens:
        if token.kind == "word" and _CHINESE_SIGN.search(token.value):
            return QueryRefused(
                f"{token.value[:60]!r} has a Chinese sign in it; write ( ) , ; ' in ASCII, a name in quotes.",
                rule="syntax",
            )
    return None


def _of_others(tokens: tuple[Token, ...], dialect: Dialect) -> QueryRefused | None:
    """What is written so for other databases only, once a statement was not understood."""
    words = {token.lowered for token in tokens}
    if len(tokens) > 2 and "top" in {tokens[1].lowered, tokens[2].lowered}:
        return QueryRefused("There is no TOP here; write LIMIT 10 at the end.", rule="syntax")
    if "extract" in words and dialect == "sqlite":
        return QueryRefused("There is no EXTRACT here; write strftime('%Y', column).", rule="syntax")
    return None


def _told(form: Form, reading: Reading, schema: Schema) -> list[Problem]:
    if not form.tells or schema.open:
        return []
    for table in reading.tables.values():
        if table.hides or table.is_view:
            name = table.full_name
            text = f"EXPLAIN would show more of {name!r} than may be read; run the query without it."
            return [Problem("hidden columns", text)]
    return []


def _checked(sent: str, form: Form, reading: Reading) -> Checked:
    return Checked(sent, form.kind, tuple(reading.tables.values()), tuple(reading.warnings))
