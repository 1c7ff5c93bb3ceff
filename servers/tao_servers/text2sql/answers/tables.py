"""The databases and their tables, with columns as far as there is room."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import BaseModel, Field

from tao_servers.text2sql.answers.fitting import LONGEST_HEADING, cut, first_short
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Dialect, Table

__all__ = ["Listed", "TableList", "summarize"]

_KINDS: dict[Dialect, str] = {
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
}

_LONGEST_PROBLEMS, _SHORTEST_PROBLEM = 2_400, 60


@dataclass(frozen=True, slots=True)
class Listed:
    """What is to be told of one database: some of its tables, or why it cannot be read."""

    name: str
    dialect: Dialect | None = None
    tables: tuple[Table, ...] = ()
    problem: str | None = None
    note: str | None = None


class DatabaseSummary(BaseModel):
    """One database."""

    name: str
    kind: str | None = Field(default=None, description="The SQL that it speaks")
    problem: str | None = Field(default=None, description="Why it cannot be read")


class TableSummary(BaseModel):
    """One table in a list."""

    name: str
    database: str | None = Field(default=None, description="Left out when there is only one")
    comment: str | None = None
    rows: int | None = Field(default=None, description="Left out when counting took too long")
    columns: list[str] | None = None
    joins: list[str] | None = Field(default=None, description="`column -> table.column`")


class TableList(BaseModel):
    """The databases and their tables."""

    databases: list[DatabaseSummary]
    tables: list[TableSummary]
    note: str | None = Field(default=None, description="What was left out")


def summarize(listed: list[Listed]) -> tuple[str, TableList]:
    """All tables of these databases, with their columns as far as there is room."""
    problems = sum(one.problem is not None for one in listed)
    if len(listed) > 1 and problems:
        # What helps is long; `tao-text2sql check` and asking for one alone tell all of it.
        longest = max(_SHORTEST_PROBLEM, _LONGEST_PROBLEMS // problems)
        listed = [replace(one, problem=one.problem and cut(one.problem, longest)) for one in listed]
    return first_short(_forms(listed))


def _forms(listed: list[Listed]) -> Iterator[tuple[str, TableList]]:
    several = len(listed) > 1
    note = _joined(*(one.note for one in listed)) or None
    tables = [_summary(table, one.name if several else None) for one in listed for table in one.tables]
    yield _form(listed, tables, note)
    fields = {"name", "database", "comment", "rows"}
    plain = [TableSummary(**table.model_dump(include=fields)) for table in tables]
    yield _form(listed, plain, _joined(note, "Columns are left out: describe_table has them."))
    shown = len(plain)
    while shown:
        shown = shown * 2 // 3
        names = [TableSummary(name=cut(t.name, LONGEST_HEADING), database=t.database) for t in plain[:shown]]
        hidden = len(plain) - shown
        rest = (
            f"{hidden} more tables are not shown: give `pattern` a part of a name, or what you look for;"
            " describe_table has the columns."
        )
        yield _form(listed, names, _joined(note, rest))


def _joined(*notes: str | None) -> str:
    return " ".join(note for note in notes if note)


def _summary(table: Table, database: str | None) -> TableSummary:
    joins = [f"{c.name} -> {c.references}" for c in table.columns if c.references]
    return TableSummary(
        name=table.full_name,
        database=database,
        comment=table.comment,
        rows=table.rows,
        columns=[c.name for c in table.columns],
        joins=joins or None,
    )


def _form(listed: list[Listed], tables: list[TableSummary], note: str | None) -> tuple[str, TableList]:
    lines: list[str] = []
    several = len(listed) > 1
    for one in listed:
        lines.append(_heading(one))
        if one.problem is None:
            own = [table for table in tables if not several or table.database == one.name]
            lines += [_line(table) for table in own] or ["No tables." if not one.tables else "(not shown)"]
    databases = [
        DatabaseSummary(name=one.name, kind=_KINDS[one.dialect] if one.dialect else None, problem=one.problem)
        for one in listed
    ]
    text = "\n".join([*lines, note] if note else lines)
    return text, TableList(databases=databases, tables=tables, note=note)


def _heading(one: Listed) -> str:
    if one.problem is not None:
        return f"Database {one.name} cannot be read: {one.problem}"
    return f"Database {one.name}, {_KINDS[one.dialect]}:" if one.dialect else f"Database {one.name}:"


def _line(table: TableSummary) -> str:
    about = [table.comment, None if table.rows is None else f"{table.rows} rows"]
    words = ", ".join(word for word in about if word)
    line = f"{table.name} ({words})" if words else table.name
    if not table.columns:
        return one_line(line)
    targets = dict(join.split(" -> ", 1) for join in table.joins or ())
    columns = (f"{c} -> {targets[c]}" if c in targets else c for c in table.columns)
    return one_line(f"{line}: {', '.join(columns)}")
