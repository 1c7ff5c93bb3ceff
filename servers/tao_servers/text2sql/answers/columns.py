"""One table with its columns, their meanings and examples of their values."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, Field

from tao_servers.text2sql.answers.fitting import LONGEST_HEADING, cut, first_short
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Column, Samples, Table

__all__ = ["TableDetail", "describe"]

_LONGEST_NAME = 200


class ColumnDetail(BaseModel):
    """One column of a table."""

    name: str
    type: str
    primary_key: bool | None = None
    references: str | None = Field(default=None, description="`table.column`")
    comment: str | None = None
    values: list[str] | None = Field(default=None, description="All values that occur")
    examples: list[str] | None = Field(default=None, description="Some of the values")
    range: list[str] | None = Field(default=None, description="The least and the greatest value")


class TableDetail(BaseModel):
    """One table with its columns."""

    name: str
    comment: str | None = None
    rows: int | None = None
    columns: list[ColumnDetail]
    note: str | None = Field(default=None, description="What was left out")


def describe(table: Table, samples: Mapping[str, Samples]) -> tuple[str, TableDetail]:
    """One table, with examples and comments as far as there is room."""
    return first_short(_forms(table, samples))


def _forms(table: Table, samples: Mapping[str, Samples]) -> Iterator[tuple[str, TableDetail]]:
    for known in (samples, {}):
        yield _form(table, [_detail(column, known.get(column.name)) for column in table.columns])
    plain = [ColumnDetail(name=cut(c.name, LONGEST_HEADING), type=cut(c.type, 20)) for c in table.columns]
    shown = len(plain)
    while shown:
        hidden = len(plain) - shown
        note = f"{hidden} more columns are not shown." if hidden else "Comments and examples are left out."
        yield _form(table, plain[:shown], note)
        shown = shown * 2 // 3


def _detail(column: Column, samples: Samples | None) -> ColumnDetail:
    # The numbers of a key say nothing.
    is_number = (column.primary_key or column.references) and column.family == "number"
    found = samples.values if samples and not is_number else None
    complete = samples is not None and samples.complete
    low = samples.low if samples else None
    return ColumnDetail(
        name=column.name,
        type=column.type,
        primary_key=column.primary_key or None,
        references=column.references,
        comment=column.comment,
        values=(found or None) if complete else None,
        examples=(found or None) if not complete and low is None else None,
        range=[low, samples.high] if samples and low is not None and samples.high is not None else None,
    )


def _form(table: Table, columns: list[ColumnDetail], note: str | None = None) -> tuple[str, TableDetail]:
    name = cut(table.full_name, _LONGEST_NAME)
    value = TableDetail(name=name, comment=table.comment, rows=table.rows, columns=columns, note=note)
    about = [table.comment, None if table.rows is None else f"{table.rows} rows"]
    words = ", ".join(word for word in about if word)
    lines = [one_line(f"{name} ({words})" if words else name), *(_line(column) for column in columns)]
    return "\n".join([*lines, note] if note else lines), value


def _line(column: ColumnDetail) -> str:
    return one_line(_told(column))


def _told(column: ColumnDetail) -> str:
    line = f"- {column.name} {column.type}".rstrip()
    if column.primary_key:
        line += " PRIMARY KEY"
    if column.references:
        line += f" -> {column.references}"
    if column.comment:
        line += f": {column.comment}"
    if column.values:
        return f"{line}; values: {', '.join(column.values)}"
    if column.range:
        return f"{line}; {' to '.join(column.range)}"
    return f"{line}; e.g. {', '.join(column.examples)}" if column.examples else line
