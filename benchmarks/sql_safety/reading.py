"""Finds what statements speak of, so that a database can be made in which they could run."""

import re
from collections.abc import Iterable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from benchmarks.sql_safety.cases import Case
from benchmarks.sql_safety.things import Call, Kind, Things

__all__ = ["SYSTEM", "parsed", "things_of", "without_explain"]

# pg_stat_statements and the like are an extension's, so that a database without it has no such table.
_NEVER_MADE = ("information_schema", "pg_catalog", "performance_schema", "mysql", "sys", "sqlite_", "pragma_")
SYSTEM = (*_NEVER_MADE, "pg_", "duckdb_", "dbstat")
# For what sqlglot keeps as plain text.
_NAMED = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|COPY|ANALYZE|VACUUM|CLUSTER|TRUNCATE)\s+(?:ONLY\s+)?([a-z_]\w*)(?![\w.(])",
    re.IGNORECASE,
)
_NO_NAMES = {
    "data",
    "delete",
    "from",
    "if",
    "infile",
    "into",
    "only",
    "program",
    "select",
    "set",
    "stdin",
    "table",
}
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_EXPLAIN = re.compile(
    r"\s*EXPLAIN(?:\s+(?:QUERY\s+PLAN|ANALYZE|VERBOSE)\b|\s*\([^()]*\))*\s*(?=\b(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b)",
    re.IGNORECASE,
)
_CTE = re.compile(r"\b([a-z_]\w*)\s+AS\s*\(", re.IGNORECASE)
_CALLED = re.compile(r"\bCALL\s+([a-z_]\w*)\s*\(([^()]*)\)", re.IGNORECASE)
_SEQUENCE = re.compile(r"\b(?:nextval|setval|currval)\s*\(\s*'(?:\w+\.)?([a-z_]\w*)'", re.IGNORECASE)
_TEXT = re.compile(r"'([^'\n]{1,120})'")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_KINDS: tuple[tuple[type[exp.Expr], Kind], ...] = (
    (exp.Sum, "number"),
    (exp.Avg, "number"),
    (exp.TimestampTrunc, "time"),
    (exp.DateTrunc, "time"),
    (exp.Extract, "time"),
    (exp.JSONExtract, "json"),
    (exp.JSONExtractScalar, "json"),
    (exp.Add, "number"),
    (exp.Sub, "number"),
    (exp.Mul, "number"),
    (exp.Div, "number"),
)


def parsed(sql: str, dialect: str) -> list[exp.Expr]:
    """The trees of the statements in `sql`, without EXPLAIN; none when sqlglot does not understand it."""
    try:
        trees = sqlglot.parse(without_explain(sql), read=dialect, error_level=ErrorLevel.IGNORE)
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, IndexError):
        return []
    return [tree for tree in trees if tree is not None]


def without_explain(sql: str) -> str:
    """What is explained; sqlglot reads neither a tree nor the tokens of it behind EXPLAIN."""
    explained = _EXPLAIN.match(sql)
    return sql[explained.end() :] if explained else sql


def things_of(cases: Iterable[Case]) -> Things:
    """What the cases, all of one dialect, speak of."""
    things = Things()
    read: set[str] = set()
    cases = [case for case in cases if case.expect != "invalid"]
    trees = [(case, tree) for case in cases for tree in parsed(case.sql, case.dialect)]
    # What has one table alone says for sure whose its columns are.
    for case, tree in sorted(trees, key=lambda pair: len(list(pair[1].find_all(exp.Table)))):
        _note_tree(tree, things, read)
        if case.expect == "allow":
            _note_functions(tree, things)
    for case in cases:
        _note_text(case, things)
    things.drop_created(read)
    things.fill()
    return things


def _note_tree(tree: exp.Expr, things: Things, read: set[str]) -> None:
    for node in tree.find_all(exp.Table):
        name = _own(node, tree)
        if name is None:
            continue
        if isinstance(node.find_ancestor(exp.Create, exp.Select, exp.Into), exp.Create | exp.Into):
            things.created.add(name.lower())
        else:
            things.table(name)
            read.add(name.lower())
    for column in tree.find_all(exp.Column):
        _note_column(column, things, tree)
    for insert in tree.find_all(exp.Insert):
        _note_insert(insert, things)


def _own(node: exp.Table, tree: exp.Expr) -> str | None:
    """The name of a table that is to be made; None for the system's, functions and those of a WITH."""
    name = node.name
    if not name or not isinstance(node.this, exp.Identifier) or node.db.lower() not in {"", "public", "main"}:
        return None
    if name.lower().startswith(_NEVER_MADE) or name.lower() in {
        cte.alias.lower() for cte in tree.find_all(exp.CTE)
    }:
        return None
    return name


def _note_column(column: exp.Column, things: Things, tree: exp.Expr) -> None:
    select = column.find_ancestor(exp.Select, exp.Update, exp.Delete)
    if select is None or not isinstance(column.this, exp.Identifier):
        return
    tables = list(_tables_of(select, tree))
    wanted = [name for name, alias in tables if column.table.lower() in {name.lower(), alias.lower()}]
    if not column.table:
        known = [name for name, _ in tables if column.name.lower() in things.tables.get(name.lower(), {})]
        wanted = known or [name for name, _ in tables]
    if wanted:
        things.column(wanted[0], column.name, _kind(column), _compared(column))


def _tables_of(select: exp.Expr, tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for node in select.find_all(exp.Table):
        name = _own(node, tree)
        if name is not None and node.find_ancestor(exp.Select, exp.Update, exp.Delete) is select:
            yield name, node.alias_or_name


def _kind(column: exp.Column) -> Kind | None:
    parent = column.parent
    for node, kind in _KINDS:
        if isinstance(parent, node):
            return kind
    if isinstance(parent, exp.Binary):
        other = parent.right if parent.left is column else parent.left
        if isinstance(other, exp.Boolean):
            return "boolean"
        if isinstance(other, exp.Literal):
            return _literal_kind(other)
    return None


def _literal_kind(literal: exp.Expr) -> Kind:
    if isinstance(literal, exp.Literal) and not literal.is_string:
        return "integer" if literal.is_int else "number"
    return "time" if _DATE.match(literal.name) else "text"


def _compared(column: exp.Column) -> list[str]:
    parent = column.parent
    if not isinstance(parent, exp.EQ | exp.NEQ | exp.In | exp.Like):
        return []
    return [node.name for node in parent.find_all(exp.Literal) if node.is_string and "%" not in node.name][:2]


def _note_insert(insert: exp.Insert, things: Things) -> None:
    target = insert.this
    table = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(table, exp.Table) or _own(table, insert) is None:
        return
    rows = list(insert.expression.find_all(exp.Tuple)) if isinstance(insert.expression, exp.Values) else []
    kinds = [_literal_kind(value) for value in rows[0].expressions] if rows else []
    given = [node.name for node in target.expressions] if isinstance(target, exp.Schema) else []
    known = list(things.table(table.name))
    for place, kind in enumerate(kinds or [None] * len(given)):
        names = given or known
        name = names[place] if place < len(names) else f"value_{place + 1}"
        things.column(table.name, name, kind)


def _note_functions(tree: exp.Expr, things: Things) -> None:
    for node in tree.find_all(exp.Anonymous):
        things.functions.add(Call(node.name, tuple(_literal_kind(value) for value in node.expressions)))


def _note_text(case: Case, things: Things) -> None:
    trees = parsed(case.sql, case.dialect)
    if case.expect == "block" and (not trees or any(isinstance(tree, exp.Command) for tree in trees)):
        text = _COMMENT.sub(" ", case.sql)
        named = {match[1] for match in _NAMED.finditer(text)}
        for name in named - {match[1] for match in _CTE.finditer(text)}:
            if name.lower() not in _NO_NAMES | things.created and not name.lower().startswith(_NEVER_MADE):
                things.table(name)
        for match in _CALLED.finditer(case.sql):
            given = [value.strip() for value in match[2].split(",") if value.strip()]
            kinds = tuple[Kind, ...]("integer" if value.isdecimal() else "text" for value in given)
            things.procedures.add(Call(match[1], kinds))
    things.sequences.update(match[1] for match in _SEQUENCE.finditer(case.sql))
    things.files.update(
        text for text in _TEXT.findall(case.sql) if re.fullmatch(r"[\w./~-]*[./][\w.-]+", text)
    )
