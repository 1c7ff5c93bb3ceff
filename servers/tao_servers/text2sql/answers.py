"""What the tools return: models, the text that says the same, and the cut that keeps both short."""

import json
from collections.abc import Iterable, Iterator
from typing import TypeVar

from pydantic import BaseModel, Field

from tao_servers.text2sql.errors import QueryFailed
from tao_servers.text2sql.execute import Cell, Rows
from tao_servers.text2sql.schema import Column, Samples, Schema, Table

__all__ = [
    "ColumnDetail",
    "QueryResult",
    "TableDetail",
    "TableList",
    "TableSummary",
    "describe",
    "present",
    "summarize",
]

_Value = TypeVar("_Value", bound=BaseModel)

# Characters of text and structured content together; hosts cut what is longer.
_LONGEST = 7_800
_CELLS = (2_000, 400, 100, 30)
_ENOUGH = 10
_HEADING = 60
_LONGEST_NAME = 200


class TableSummary(BaseModel):
    """One table in a list."""

    name: str
    comment: str | None = None
    rows: int | None = Field(default=None, description="Left out when counting took too long")
    columns: list[str] | None = None
    joins: list[str] | None = Field(default=None, description="`column -> table.column`")


class TableList(BaseModel):
    """The tables of the database."""

    tables: list[TableSummary]
    note: str | None = Field(default=None, description="What was left out")


class ColumnDetail(BaseModel):
    """One column of a table."""

    name: str
    type: str
    primary_key: bool | None = None
    references: str | None = Field(default=None, description="`table.column`")
    comment: str | None = None
    values: list[str] | None = Field(default=None, description="All values that occur")
    examples: list[str] | None = Field(default=None, description="Some of the values")


class TableDetail(BaseModel):
    """One table with its columns."""

    name: str
    comment: str | None = None
    rows: int | None = None
    columns: list[ColumnDetail]
    note: str | None = Field(default=None, description="What was left out")


class QueryResult(BaseModel):
    """Rows that a statement gave."""

    columns: list[str]
    rows: list[list[Cell]]
    row_count: int = Field(description="Rows in this result")
    cut: bool = Field(description="Whether there are further rows")
    note: str | None = Field(default=None, description="What to do next")


def summarize(schema: Schema) -> tuple[str, TableList]:
    """All tables, with their columns as far as there is room."""
    return _first_short(_summaries(schema))


def describe(table: Table, samples: dict[str, Samples]) -> tuple[str, TableDetail]:
    """One table, with examples and comments as far as there is room."""
    return _first_short(_descriptions(table, samples))


def present(rows: Rows) -> tuple[str, QueryResult]:
    """Rows as a Markdown table, cut to the room there is.

    Raises:
        QueryFailed: not even one row has room.
    """
    count = 0
    for longest in _CELLS:
        shown = [[_shown(cell, longest) for cell in row] for row in rows.rows]
        count = _most_rows(rows, shown)
        # Many rows with shorter cells are worth more than few with long ones.
        if count >= min(len(shown), _ENOUGH):
            break
    if shown and not count:
        raise QueryFailed(f"A row of {len(rows.columns)} columns is too wide to show; select fewer columns.")
    return _result(rows, shown, count)


def _most_rows(rows: Rows, shown: list[list[Cell]]) -> int:
    low, high = 0, len(shown)
    while low < high:
        middle = (low + high + 1) // 2
        if _is_short(*_result(rows, shown, middle)):
            low = middle
        else:
            high = middle - 1
    return low


def _result(rows: Rows, shown: list[list[Cell]], count: int) -> tuple[str, QueryResult]:
    columns = [_cut(name, _HEADING) for name in rows.columns]
    cut = rows.more or count < len(shown)
    notes = [_rest(rows, count)] if cut else []
    if shown[:count] != rows.rows[:count] and any(map(_is_cut, shown[:count])):
        notes.append("Texts that end in … are cut: use substr(column, start, length).")
    if not shown:
        notes.append("No row matches; describe_table shows how values are written.")
    note = " ".join(notes) or None
    value = QueryResult(columns=columns, rows=shown[:count], row_count=count, cut=cut, note=note)
    lines = [_line(columns), _line(["---"] * len(columns)), *(_line(row) for row in value.rows)]
    lines.append(f"\n{count} {'row' if count == 1 else 'rows'}. {note or ''}".rstrip())
    return "\n".join(lines), value


def _rest(rows: Rows, count: int) -> str:
    total = f"more than {len(rows.rows)}" if rows.more else str(len(rows.rows))
    return f"Cut at {count} of {total} rows: use LIMIT and OFFSET for the next ones, or aggregate."


def _is_cut(row: list[Cell]) -> bool:
    return any(isinstance(cell, str) and cell.endswith("…") for cell in row)


def _shown(cell: Cell, longest: int) -> Cell:
    if isinstance(cell, float):
        # Sums of decimal fractions end in noise such as .30000000000000004.
        return float(f"{cell:.12g}")
    return _cut(cell, longest) if isinstance(cell, str) else cell


def _line(cells: Iterable[Cell]) -> str:
    return "| " + " | ".join(_markdown(cell) for cell in cells) + " |"


def _markdown(cell: Cell) -> str:
    if cell is None:
        return "NULL"
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return " ".join(str(cell).split()).replace("|", "\\|")


def _summaries(schema: Schema) -> Iterator[tuple[str, TableList]]:
    tables = [_summary(table) for table in schema.tables]
    yield _table_list(tables, None)
    plain = [TableSummary(name=t.name, comment=t.comment, rows=t.rows) for t in tables]
    yield _table_list(plain, "Columns are left out: describe_table has them.")
    shown = len(plain)
    while shown:
        shown = shown * 2 // 3
        names = [TableSummary(name=_cut(t.name, _HEADING)) for t in plain[:shown]]
        hidden = len(plain) - shown
        yield _table_list(names, f"{hidden} more tables are not shown; describe_table finds them by name.")


def _summary(table: Table) -> TableSummary:
    joins = [f"{c.name} -> {c.references}" for c in table.columns if c.references]
    names = [c.name for c in table.columns]
    return TableSummary(
        name=table.name, comment=table.comment, rows=table.rows, columns=names, joins=joins or None
    )


def _table_list(tables: list[TableSummary], note: str | None) -> tuple[str, TableList]:
    lines = [_summary_line(table) for table in tables] or ["The database has no tables."]
    return "\n".join([*lines, note] if note else lines), TableList(tables=tables, note=note)


def _summary_line(table: TableSummary) -> str:
    about = [table.comment, None if table.rows is None else f"{table.rows} rows"]
    words = ", ".join(word for word in about if word)
    line = f"{table.name} ({words})" if words else table.name
    if not table.columns:
        return line
    targets = dict(join.split(" -> ", 1) for join in table.joins or ())
    return f"{line}: " + ", ".join(f"{c} -> {targets[c]}" if c in targets else c for c in table.columns)


def _descriptions(table: Table, samples: dict[str, Samples]) -> Iterator[tuple[str, TableDetail]]:
    for known in (samples, {}):
        yield _table_detail(table, [_detail(column, known.get(column.name)) for column in table.columns])
    plain = [ColumnDetail(name=_cut(c.name, _HEADING), type=_cut(c.type, 20)) for c in table.columns]
    shown = len(plain)
    while shown:
        hidden = len(plain) - shown
        note = f"{hidden} more columns are not shown." if hidden else "Comments and examples are left out."
        yield _table_detail(table, plain[:shown], note)
        shown = shown * 2 // 3


def _detail(column: Column, samples: Samples | None) -> ColumnDetail:
    # The numbers of a key say nothing.
    is_number = (column.primary_key or column.references) and "INT" in column.type.upper()
    found = samples.values if samples and not is_number else None
    complete = samples is not None and samples.complete
    return ColumnDetail(
        name=column.name,
        type=column.type,
        primary_key=column.primary_key or None,
        references=column.references,
        comment=column.comment,
        values=(found or None) if complete else None,
        examples=(found or None) if not complete else None,
    )


def _table_detail(
    table: Table, columns: list[ColumnDetail], note: str | None = None
) -> tuple[str, TableDetail]:
    name = _cut(table.name, _LONGEST_NAME)
    value = TableDetail(name=name, comment=table.comment, rows=table.rows, columns=columns, note=note)
    head = TableSummary(name=name, comment=table.comment, rows=table.rows)
    lines = [_summary_line(head), *(_column_line(column) for column in columns)]
    return "\n".join([*lines, note] if note else lines), value


def _column_line(column: ColumnDetail) -> str:
    line = f"- {column.name} {column.type}".rstrip()
    if column.primary_key:
        line += " PRIMARY KEY"
    if column.references:
        line += f" -> {column.references}"
    if column.comment:
        line += f": {column.comment}"
    if column.values:
        return f"{line}; values: {', '.join(column.values)}"
    return f"{line}; e.g. {', '.join(column.examples)}" if column.examples else line


def _first_short(forms: Iterable[tuple[str, _Value]]) -> tuple[str, _Value]:
    """The first form that has room; the last one does, being almost empty."""
    for text, value in forms:
        if _is_short(text, value):
            break
    return text, value


def _is_short(text: str, value: BaseModel) -> bool:
    structured = json.dumps(value.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
    return len(text) + len(structured) <= _LONGEST


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
