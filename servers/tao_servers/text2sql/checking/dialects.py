"""Reads a query into a tree in which each call keeps the name that its database will see.

This module imports sqlglot.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as Grammar
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.mysql import MySQL
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.parser import Parser, build_json_extract, build_json_extract_scalar
from sqlglot.parsers.duckdb import DuckDBParser
from sqlglot.parsers.mysql import MySQLParser
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.parsers.sqlite import SQLiteParser
from sqlglot.tokenizer_core import Token as ParserToken
from sqlglot.tokenizer_core import TokenType

from tao_servers.text2sql.checking.lexing import Token
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.schema import Dialect

__all__ = ["TITLES", "parsed"]

TITLES: dict[Dialect, str] = {
    "sqlite": "SQLite",
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "duckdb": "DuckDB",
}


def _special(parser: type[Parser], *names: str) -> dict[str, Any]:
    """The parsers of calls that are written otherwise than others; they keep their meaning."""
    return {name: parser.FUNCTION_PARSERS[name] for name in names}


def _named_arguments(parser: type[Parser]) -> dict[TokenType, Any]:
    # Without `x -> ...`: these databases read JSON there, and the parser would take a column for a parameter.
    return {TokenType.FARROW: parser.LAMBDAS[TokenType.FARROW]}


class _SQLiteParser(SQLiteParser):
    FUNCTIONS: ClassVar = {}
    FUNCTION_PARSERS: ClassVar = _special(SQLiteParser, "CAST")
    LAMBDAS: ClassVar = {}


class _PostgresParser(PostgresParser):
    FUNCTIONS: ClassVar = {}
    FUNCTION_PARSERS: ClassVar = _special(
        PostgresParser,
        *("CAST", "EXTRACT", "JSON_OBJECT", "JSON_TABLE", "JSON_VALUE", "NORMALIZE", "OVERLAY", "POSITION"),
        *("SUBSTRING", "TRIM", "XMLELEMENT", "XMLTABLE"),
    )
    LAMBDAS: ClassVar = _named_arguments(PostgresParser)
    JSON_OPERATORS: ClassVar = {
        **PostgresParser.JSON_OPERATORS,
        TokenType.ARROW: build_json_extract,
        TokenType.DARROW: build_json_extract_scalar,
    }

    def _parse_escape(self, this: exp.Expr | None) -> exp.Expr | None:
        # Its own knows '...' alone, not E'...'.
        if not self._match(TokenType.ESCAPE):
            return this
        return self.expression(exp.Escape(this=this, expression=self._parse_primary()))


class _MySQLParser(MySQLParser):
    FUNCTIONS: ClassVar = {}
    FUNCTION_PARSERS: ClassVar = _special(
        MySQLParser,
        *("CAST", "CHAR", "CONVERT", "EXTRACT", "GROUP_CONCAT", "JSON_TABLE", "JSON_VALUE", "MATCH"),
        *("POSITION", "SUBSTR", "SUBSTRING", "TRIM", "WEIGHT_STRING"),
    )
    LAMBDAS: ClassVar = {}


class _DuckDBParser(DuckDBParser):
    FUNCTIONS: ClassVar = {}
    FUNCTION_PARSERS: ClassVar = _special(
        DuckDBParser, "CAST", "EXTRACT", "OVERLAY", "POSITION", "SUBSTRING", "TRIM", "TRY_CAST"
    )
    LAMBDAS: ClassVar = _named_arguments(DuckDBParser)


def _as_written(grammar: Grammar, path: exp.Expr | None) -> exp.Expr | None:
    """A JSON path that stays the text that it is."""
    return path


class _SQLite(SQLite):
    Parser = _SQLiteParser
    to_json_path = _as_written


class _Postgres(Postgres):
    Parser = _PostgresParser
    to_json_path = _as_written


class _MySQL(MySQL):
    Parser = _MySQLParser
    to_json_path = _as_written


class _DuckDB(DuckDB):
    Parser = _DuckDBParser
    to_json_path = _as_written


# The parser takes twice as long for each further one.
_MOST_BARE_JOINS = 8
_GRAMMARS: dict[Dialect, type[Grammar]] = {
    "sqlite": _SQLite,
    "postgres": _Postgres,
    "mysql": _MySQL,
    "duckdb": _DuckDB,
}


def parsed(text: str, tokens: Sequence[Token], dialect: Dialect) -> exp.Expr:
    """The tree of the one query in `text`, whose places are those of `tokens`.

    Raises:
        QueryRefused: it is not understood, or the parser cuts it otherwise than its database.
    """
    grammar = _grammar(dialect)
    if _bare_joins(tokens) > _MOST_BARE_JOINS:
        raise QueryRefused(
            f"More than {_MOST_BARE_JOINS} JOINs follow each other without a condition: give each its ON.",
            rule="syntax",
        )
    try:
        read = grammar.tokenize(text)
        _refuse_otherwise_cut(text, read, tokens)
        trees = [tree for tree in grammar.parser(error_level=ErrorLevel.IMMEDIATE).parse(read, text) if tree]
    except RecursionError as exc:
        raise _refused("it is nested too deeply", dialect) from exc
    except SqlglotError as exc:
        raise _refused(_first_error(exc), dialect) from exc
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as exc:
        # The parser meets what its authors did not think of.
        raise _refused("it has a form that is not understood here", dialect) from exc
    if len(trees) != 1:
        raise QueryRefused(f"Send exactly one statement; this has {len(trees)}.", rule="one statement")
    return trees[0]


def _bare_joins(tokens: Sequence[Token]) -> int:
    """The most JOINs that follow each other with no condition between them."""
    most = bare = 0
    before = ""
    for token in tokens:
        if token.lowered in {"on", "using", "where"}:
            bare = 0
        bare += token.lowered == "join" and before not in {"cross", "natural"}
        most = max(most, bare)
        before = token.lowered
    return most


@cache
def _grammar(dialect: Dialect) -> Grammar:
    return _GRAMMARS[dialect]()


def _refuse_otherwise_cut(text: str, read: Sequence[ParserToken], tokens: Sequence[Token]) -> None:
    starts, ends = {token.start for token in tokens}, {token.end for token in tokens}
    for token in tokens:
        # The parser takes .5 for a dot and a number.
        if token.kind == "number" and token.value.startswith("."):
            starts.add(token.start + 1)
            ends.add(token.start + 1)
    whole = {(token.start, token.end) for token in tokens if token.kind in {"text", "name"}}
    for one in read:
        if one.start not in starts or one.end + 1 not in ends:
            near = text[max(0, one.start - 10) : one.start + 20]
            raise QueryRefused(f"What stands near {near!r} is not understood here.", rule="syntax")
        whole.discard((one.start, one.end + 1))
    if whole:
        near = text[slice(*min(whole))][:40]
        raise QueryRefused(f"What stands near {near!r} is not understood here.", rule="syntax")


def _refused(reason: str, dialect: Dialect) -> QueryRefused:
    return QueryRefused(f"This is not understood here as SQL of {TITLES[dialect]}: {reason}", rule="syntax")


def _first_error(exc: SqlglotError) -> str:
    details = getattr(exc, "errors", None) or [{}]
    words = [str(details[0].get(key) or "") for key in ("start_context", "highlight")]
    reason = str(details[0].get("description") or exc).partition("<Token")[0]
    reason = re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", reason).strip().rstrip(".")[:200]
    return f"{reason}, near {''.join(words)[-40:]!r}." if any(words) else f"{reason}."
