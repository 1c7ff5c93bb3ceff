"""Decides by a list of rules whether a statement may run, before SQLite sees it.

This module imports sqlglot: load it through `loading`, not when the server starts.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from sqlglot import exp, parse
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import SqlglotError
from sqlglot.parsers.sqlite import SQLiteParser

from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.functions import SCALAR_FUNCTIONS, TABLE_FUNCTIONS, is_system_table
from tao_servers.text2sql.growth import growth
from tao_servers.text2sql.schema import Schema, Table

__all__ = ["RULES", "check"]

LONGEST = 10_000
# SQLite prepares this in about half a second at worst; an honest statement seldom passes 100,000.
_MOST_PARTS = 3_000_000
_MOST_TRIMMED = 20
_ROOTS = (exp.Select, exp.SetOperation)
_BODIES = (*_ROOTS, exp.Values, exp.Subquery)
_FORBIDDEN = (
    *(exp.DML, exp.DDL, exp.Drop, exp.Alter, exp.Command, exp.Pragma, exp.Attach, exp.Detach, exp.Into),
    *(exp.Set, exp.Use, exp.Kill, exp.Merge, exp.Analyze, exp.Transaction, exp.Commit, exp.Rollback),
)
# What is written without a call but is a function for sqlglot.
_OPERATORS = (
    *(exp.Case, exp.If, exp.Cast, exp.Exists, exp.And, exp.Or, exp.Collate),
    *(exp.JSONExtract, exp.JSONExtractScalar, exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp),
)
# Names that no schema lists: row numbers, the rank of a full-text search, the columns of VALUES.
_EVERYWHERE = {"rowid", "_rowid_", "oid", "rank", "*", *(f"column{n}" for n in range(1, 10))}
_WIDE = re.compile(r"%[^a-zA-Z%]*(?:\*|\d[\d,]{3})")


class _Parser(SQLiteParser):
    # Without sqlglot's own table of functions each call keeps the name that SQLite will see.
    FUNCTIONS: ClassVar = {}
    FUNCTION_PARSERS: ClassVar = {"CAST": SQLiteParser.FUNCTION_PARSERS["CAST"]}


class _Dialect(SQLite):
    Parser = _Parser


@dataclass(frozen=True)
class Statement:
    """A parsed statement and the schema that it is about."""

    tree: exp.Expr
    schema: Schema

    @cached_property
    def ctes(self) -> set[str]:
        """Names that WITH gives, in lower case."""
        return {cte.alias.lower() for cte in self.tree.find_all(exp.CTE)}

    @cached_property
    def tables(self) -> list[tuple[exp.Table, Table]]:
        """The tables of the database that are read, each with its place in the tree."""
        named = ((node, self.schema.table(node.name)) for node in self.tree.find_all(exp.Table))
        return [(node, table) for node, table in named if table and table.name.lower() not in self.ctes]

    @cached_property
    def names(self) -> set[str]:
        """Each column, alias and table that some part of the statement can see, in lower case."""
        names = _EVERYWHERE | self.ctes
        for _, table in self.tables:
            names.add(table.name.lower())
            names.update(column.name.lower() for column in table.columns)
        for alias in self.tree.find_all(exp.Alias, exp.TableAlias):
            names.add(alias.alias_or_name.lower())
            names.update(column.name.lower() for column in alias.args.get("columns") or ())
        for function in _table_functions(self.tree):
            names.update(TABLE_FUNCTIONS.get(function.name.lower(), ()))
        return names


def check(sql: str, schema: Schema) -> None:
    """Let `sql` pass, or say why not.

    Raises:
        QueryRefused: by the first rule that it breaks, with what to write instead.
    """
    statement = Statement(_parse(sql), schema)
    for name, rule in RULES:
        problem = rule(statement)
        if problem:
            raise QueryRefused(problem, rule=name)


def _parse(sql: str) -> exp.Expr:
    if len(sql) > LONGEST:
        raise QueryRefused(
            f"The statement has {len(sql):,} characters; {LONGEST:,} are allowed.", rule="length"
        )
    if not sql.isprintable() and any(_is_control(character) for character in sql):
        raise QueryRefused("The statement has control characters in it; write it without them.", rule="text")
    try:
        found = [tree for tree in parse(sql, read=_Dialect) if tree and not isinstance(tree, exp.Semicolon)]
    except (SqlglotError, RecursionError, ValueError) as exc:
        reason = "it is nested too deeply" if isinstance(exc, RecursionError) else _first_error(exc)
        raise QueryRefused(f"This is no SQL that SQLite understands: {reason}", rule="syntax") from exc
    if len(found) != 1:
        raise QueryRefused(f"Send exactly one statement; this has {len(found)}.", rule="one statement")
    return found[0]


def _is_control(character: str) -> bool:
    return (character < " " and character not in "\t\n\r") or "\ud800" <= character <= "\udfff"


def _first_error(exc: Exception) -> str:
    details = getattr(exc, "errors", None) or [{}]
    words = [str(details[0].get(key) or "") for key in ("start_context", "highlight")]
    reason = str(details[0].get("description") or exc).partition("<Token")[0]
    reason = re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", reason).strip()[:200]
    return f"{reason}, near {''.join(words)[-40:]!r}." if any(words) else f"{reason}."


def _only_select(statement: Statement) -> str | None:
    if isinstance(statement.tree, _ROOTS):
        return None
    return (
        "Only one SELECT is allowed (WITH, UNION, INTERSECT and EXCEPT too); this database is read-only."
        " For names and types use list_tables and describe_table."
    )


def _no_change_inside(statement: Statement) -> str | None:
    bad = next(iter(statement.tree.find_all(*_FORBIDDEN)), None)
    bodies = (cte.this for cte in statement.tree.find_all(exp.CTE))
    bad = bad or next((body for body in bodies if not isinstance(body, _BODIES)), None)
    return f"{bad.key.upper()} inside a SELECT is not allowed: only read." if bad else None


def _no_parameters(statement: Statement) -> str | None:
    found = next(iter(statement.tree.find_all(exp.Placeholder, exp.Parameter)), None)
    return (
        "Write values into the statement; parameters such as ? or :name have no value here."
        if found
        else None
    )


def _known_functions(statement: Statement) -> str | None:
    in_from = {id(function) for function in _table_functions(statement.tree)}
    for function in statement.tree.find_all(exp.Func):
        if isinstance(function, _OPERATORS):
            continue
        name = function.name if isinstance(function, exp.Anonymous) else function.key
        allowed = TABLE_FUNCTIONS if id(function) in in_from else SCALAR_FUNCTIONS
        if name.lower() not in allowed:
            return f"The function {name[:60]!r} is not available. {_instead(name)}"
    return None


def _short_formats(statement: Statement) -> str | None:
    # SQLite fills a width of two thousand million for many seconds and hears no time limit meanwhile.
    for function in _calls(statement, "printf", "format"):
        template = function.expressions[0]
        if not template.is_string or _WIDE.search(template.name):
            return "The format of printf must be a plain text without * and with widths below 1000."
    return None


def _short_trims(statement: Statement) -> str | None:
    # Each character of the text is compared with each of these, and no time limit heard meanwhile.
    for function in _calls(statement, "trim", "ltrim", "rtrim"):
        for characters in function.expressions[1:]:
            if not characters.is_string or len(characters.name) > _MOST_TRIMMED:
                return f"{function.name} takes off a plain text of at most {_MOST_TRIMMED} characters."
    return None


def _calls(statement: Statement, *names: str) -> Iterator[exp.Anonymous]:
    found = statement.tree.find_all(exp.Anonymous)
    return (function for function in found if function.name.lower() in names and function.expressions)


def _small_when_written_out(statement: Statement) -> str | None:
    try:
        if growth(statement.tree) <= _MOST_PARTS:
            return None
    except RecursionError:
        pass
    return (
        "The statement grows too large when its WITH parts and inner SELECTs are written out: name each part"
        " and each of its columns fewer times."
    )


def _instead(name: str) -> str:
    if name.lower() in {"year", "month", "day", "now", "date_format", "to_char", "date_trunc", "datediff"}:
        return "SQLite has strftime('%Y-%m', column), date('now') and julianday(column) for dates."
    return "Use SQLite's own functions for text, numbers, dates, JSON, aggregates and windows."


def _table_functions(tree: exp.Expr) -> Iterator[exp.Expr]:
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            yield table.this


def _known_tables(statement: Statement) -> str | None:
    for node in statement.tree.find_all(exp.Table):
        name = node.name
        if isinstance(node.this, exp.Func):
            continue
        if is_system_table(name):
            return f"The table {name[:60]!r} cannot be read. Use list_tables and describe_table."
        if node.catalog or node.db.lower() not in {"", "main"}:
            return f"There is no database {node.db[:60]!r}; write {name[:60]!r} without it."
        if name.lower() not in statement.ctes and statement.schema.table(name) is None:
            return f"There is no table {name[:60]!r}. {_tables_instead(name, statement.schema)}"
    return None


def _tables_instead(name: str, schema: Schema) -> str:
    close = schema.tables_like(name)
    if close:
        return f"Did you mean {' or '.join(map(repr, close))}?"
    return f"The tables are: {_some([table.name for table in schema.tables])}."


def _known_columns(statement: Statement) -> str | None:
    sources = _sources(statement)
    for node in statement.tree.find_all(exp.Column):
        table = sources.get(node.table.lower()) if node.table else None
        if table:
            if node.name.lower() not in _EVERYWHERE and table.column(node.name) is None:
                advice = _columns_instead(node, [table])
                return f"Table {table.name!r} has no column {node.name[:60]!r}. {advice}"
        elif node.name.lower() not in statement.names:
            return f"There is no column {node.name[:60]!r}. {_columns_instead(node, statement)}"
    return None


def _sources(statement: Statement) -> dict[str, Table]:
    """Tables by the name that a column may carry; a name that stands for several things is left to SQLite."""
    tables = {id(node): table for node, table in statement.tables}
    found: dict[str, set[Table | None]] = {}
    for node in statement.tree.find_all(exp.Table, exp.Subquery, exp.CTE):
        found.setdefault(node.alias_or_name.lower(), set()).add(tables.get(id(node)))
    single = ((name, next(iter(meant))) for name, meant in found.items() if len(meant) == 1)
    return {name: table for name, table in single if table}


def _columns_instead(node: exp.Column, where: "Statement | list[Table]") -> str:
    everywhere: list[Table] = []
    if isinstance(where, Statement):
        everywhere = list(where.schema.tables)
        where = [table for _, table in where.tables]
    if node.this.args.get("quoted") and not node.table:
        return f"If it is text, write it in single quotes. {_has(where)}"
    owners = [table.name for table in everywhere if table.column(node.name)]
    if owners:
        return f"It is in {_some(owners)}: join it. {_has(where)}"
    close = Schema(tuple(where)).columns_like(node.name)
    return f"Did you mean {' or '.join(map(repr, close))}? {_has(where)}" if close else _has(where)


def _has(tables: list[Table]) -> str:
    distinct = list(dict.fromkeys(tables))[:3]
    return " ".join(f"{t.name} has: {_some([c.name for c in t.columns])}." for t in distinct)


def _some(names: list[str], most: int = 30) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


Rule = Callable[[Statement], str | None]
RULES: tuple[tuple[str, Rule], ...] = (
    ("only select", _only_select),
    ("no change inside", _no_change_inside),
    ("no parameters", _no_parameters),
    ("known functions", _known_functions),
    ("short formats", _short_formats),
    ("short trims", _short_trims),
    ("small when written out", _small_when_written_out),
    ("known tables", _known_tables),
    ("known columns", _known_columns),
)
