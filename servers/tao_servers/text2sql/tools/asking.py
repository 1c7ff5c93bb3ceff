"""What each tool does, on one database; all of it blocks."""

from dataclasses import replace
from fnmatch import fnmatchcase

from tao_servers.text2sql.answers import (
    CheckResult,
    FoundValue,
    Listed,
    ProblemDetail,
    QueryResult,
    TableDetail,
    ValueList,
    describe,
    listed_values,
    present,
    report,
)
from tao_servers.text2sql.checking import check, problems
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, Text2sqlError
from tao_servers.text2sql.executing import execute, refuse_hopeless, with_fresh_names
from tao_servers.text2sql.linking import look_up
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Schema, Table
from tao_servers.text2sql.stopping import Stop
from tao_servers.text2sql.tools.databases import Opened
from tao_servers.text2sql.whereabouts import where_texts_stand

__all__ = ["checked", "described", "found", "listed", "queried"]

_LONGEST_QUESTION = 500
_NEAR = 12
_MOST_NAMED = 30
_LONGEST_NAME = 60
_MOST_VALUES = 20


def listed(opened: Opened, pattern: str | None, stop: Stop) -> Listed:
    """The tables of a database, or those that `pattern` finds."""
    try:
        schema = opened.source.schema(stop)
    except Text2sqlError as exc:
        return Listed(opened.name, problem=str(exc))
    if not pattern or not pattern.strip():
        return Listed(opened.name, schema.dialect, schema.tables)
    tables = _matching(schema, pattern)
    if tables or not schema.tables:
        return Listed(opened.name, schema.dialect, tables)
    near = (
        opened.source.linker(stop).link(pattern[:_LONGEST_QUESTION], most_tables=_NEAR, closed=False).tables
    )
    whole = (schema.table(table.full_name) for table in near)
    note = f"No name has {pattern.strip()[:60]!r} in it; these come closest by their meaning."
    return Listed(opened.name, schema.dialect, tuple(table for table in whole if table), note=note)


def described(opened: Opened, name: str, stop: Stop) -> tuple[str, TableDetail]:
    """One table with example values."""
    table = with_fresh_names(opened.source, stop, lambda schema: _find(schema, name))
    return describe(table, opened.source.samples(table, stop))


def found(opened: Opened, text: str, table: str | None, stop: Stop) -> tuple[str, ValueList]:
    """Values that are what `text` calls them, in one table or in all."""
    names = (
        [with_fresh_names(opened.source, stop, lambda schema: _find(schema, table)).full_name]
        if table
        else None
    )
    schema, index = opened.source.schema(stop), opened.source.values(stop)
    matches = index.search(text, _MOST_VALUES, tables=names)
    # What the index has not whole is looked up where it stands.
    if not any(match.score >= 1 for match in matches):
        engine = opened.source.engine(stop)
        matches += look_up(engine, schema, text, stop, tables=names, index=index, most=_MOST_VALUES)
    places: dict[tuple[str, str, str], FoundValue] = {}
    for match in matches:
        one = FoundValue(value=match.value, table=match.table, column=match.column, score=match.score)
        places.setdefault((match.table, match.column, match.value), one)
    return listed_values(list(places.values()), text)


def queried(opened: Opened, sql: str, limit: int | None, stop: Stop) -> tuple[str, QueryResult]:
    """The rows of a statement that passed every rule."""
    limits = opened.limits
    if limit is not None:
        limits = replace(limits, max_rows=max(1, min(limit, limits.max_rows)))
    verdict, rows = execute(opened.source, sql, limits, stop)
    hints = where_texts_stand(opened.source, verdict.sql, rows, stop) if verdict.kind == "select" else []
    return present(rows, (*verdict.warnings, *hints))


def checked(opened: Opened, sql: str, stop: Stop) -> tuple[str, CheckResult]:
    """What the rules and the planner say about a statement, without running it."""
    engine, functions = opened.source.engine(stop), opened.source.database.functions
    try:
        verdict = with_fresh_names(opened.source, stop, lambda schema: check(sql, schema, functions))
    except QueryRefused:
        found = problems(sql, opened.source.schema(stop), functions)
        return report([ProblemDetail(rule=p.rule, text=p.text) for p in found], [], [], None)
    against: list[ProblemDetail] = []
    expected = None
    try:
        expected = engine.expected_rows(verdict.sql, stop) if verdict.kind == "select" else None
        refuse_hopeless(opened.limits, expected)
    except QueryRefused as exc:
        against.append(ProblemDetail(rule=exc.rule, text=str(exc)))
    except QueryFailed as exc:
        against.append(ProblemDetail(rule="database", text=str(exc)))
    names = [table.full_name for table in verdict.tables]
    return report(against, list(verdict.warnings), names, expected)


def _matching(schema: Schema, pattern: str) -> tuple[Table, ...]:
    wanted = pattern[:_LONGEST_QUESTION].strip().lower()
    glob = wanted if any(sign in wanted for sign in "*?[") else f"*{wanted.replace('%', '*')}*"
    return tuple(
        table
        for table in schema.tables
        if fnmatchcase(table.full_name.lower(), glob) or fnmatchcase((table.comment or "").lower(), glob)
    )


def _find(schema: Schema, name: str) -> Table:
    plain = name.strip()
    found = schema.table(plain) or schema.table(".".join(part.strip('"`[]') for part in plain.split(".")))
    if found is None:
        close = schema.tables_like(plain)
        near = (close or [table.full_name for table in schema.tables])[:_MOST_NAMED]
        names = ", ".join(one_line(name, _LONGEST_NAME) for name in near)
        kind = "Did you mean" if close else "The tables are"
        raise QueryRefused(f"There is no table {plain[:60]!r}. {kind}: {names}", rule="known tables")
    return found
