"""A schema, or a part of it, as a text for a prompt, a line for each table.

It tells what M-Schema does (XiYan-SQL, arXiv 2411.08599) in half the tokens: joins stand at their columns,
and types only where no example shows them.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tao.models.texts import estimate_tokens
from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.one_line import can_be_shown
from tao_servers.text2sql.schema import Column, Dialect, Samples, Schema, Table

__all__ = ["render"]

_COMMENT = 80
_VALUE = 40
_TYPE = 30
_FEW = 3
_NUMBER = re.compile(r"-?\d[\d.eE+-]*|true|false", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much is told of each column: example values, whose comments, types, and how many columns."""

    values: int
    comments: str = "all"
    types: bool = True
    columns: int | None = None


# From the fullest to the shortest. Keys are never left out.
_DETAILS = (
    _Detail(_FEW),
    _Detail(1),
    _Detail(0),
    _Detail(0, "keys"),
    _Detail(0, "none"),
    _Detail(0, "none", columns=30),
    _Detail(0, "none", types=False, columns=12),
    _Detail(0, "none", types=False, columns=4),
    _Detail(0, "none", types=False, columns=0),
)


def render(
    schema: Schema,
    tables: Sequence[Table] | None = None,
    *,
    samples: Mapping[str, Mapping[str, Samples]] | None = None,
    most_chars: int | None = None,
    most_tokens: int | None = None,
) -> str:
    """The tables, in the order given, with keys, comments and example values; the same for the same input.

    `tables` are all of the schema by default; `samples` are by a table's full name and a column's name. Names
    are written as a statement needs them, in quotes where the dialect asks for them. What is longer than
    `most_chars` characters or about `most_tokens` tokens loses its example values first, then comments, types
    and columns, how many of which is said. The names of the tables and their keys stay, whatever the bound.
    """
    shown = schema.tables if tables is None else tables

    def fits(text: str) -> bool:
        return (most_chars is None or len(text) <= most_chars) and (
            most_tokens is None or estimate_tokens(text) <= most_tokens
        )

    text = ""
    for detail in _DETAILS:
        text = "\n".join(_blocks(shown, schema.dialect, samples or {}, detail))
        if fits(text):
            break
    return text


def _blocks(
    tables: Sequence[Table], dialect: Dialect, samples: Mapping[str, Mapping[str, Samples]], detail: _Detail
) -> Iterator[str]:
    by_name = {table.full_name.lower(): table for table in tables}
    joined = {c.references.lower() for table in tables for c in table.columns if c.references}
    for table in tables:
        known = samples.get(table.full_name, {})
        columns = list(_shown(table, joined, detail.columns))
        parts = []
        for column in columns:
            values = known.get(column.name)
            if _is_joined(table, column, joined) and not _says_something(column, values):
                values = None
            parts.append(_column(column, dialect, values, _target(column, by_name, dialect), detail))
        if len(columns) < len(table.columns):
            parts.append(f"... {len(table.columns) - len(columns)} more columns")
        about = [_line(table.comment, _COMMENT) if table.comment else None, _rows(table)]
        said = ", ".join(part for part in about if part)
        text = f"{_table_name(table, dialect)}({', '.join(parts)})"
        yield f"{text} -- {said}" if said and detail.comments == "all" else text


def _rows(table: Table) -> str | None:
    return None if table.rows is None else f"{table.rows} row" + ("s" if table.rows != 1 else "")


def _is_key(column: Column) -> bool:
    return column.primary_key or column.references is not None


def _is_joined(table: Table, column: Column, joined: Collection[str]) -> bool:
    return _is_key(column) or f"{table.full_name}.{column.name}".lower() in joined


def _says_something(column: Column, samples: Samples | None) -> bool:
    """Whether the values of a key are words, such as CA or Ohio, that a question may have."""
    if column.references is not None or column.family != "text" or samples is None:
        return False
    return not any(c.isdigit() or c == "-" for value in samples.values for c in value)


def _shown(table: Table, joined: Collection[str], most: int | None) -> Iterator[Column]:
    left = len(table.columns) if most is None else most
    for column in table.columns:
        if _is_joined(table, column, joined):
            yield column
        elif left > 0:
            left -= 1
            yield column


def _column(
    column: Column, dialect: Dialect, samples: Samples | None, target: str | None, detail: _Detail
) -> str:
    text = _name(column.name, dialect)
    examples = _examples(column, samples, detail.values) if samples and detail.values else ""
    # Examples show what a column is, but not that texts such as 2024-05-01 are times to the database.
    if detail.types and column.type and not _is_key(column) and (column.family == "time" or not examples):
        text += f" {_line(column.type, _TYPE)}"
    if column.comment and (detail.comments == "all" or (detail.comments == "keys" and _is_key(column))):
        said = _line(column.comment, _COMMENT).replace('"', "'")
        text += f' "{said}"'
    if target is not None:
        text += f" = {target}"
    return f"{text} [{examples}]" if examples else text


def _target(column: Column, tables: Mapping[str, Table], dialect: Dialect) -> str | None:
    """What the column is joined with, when that is shown as well."""
    if column.references is None:
        return None
    table, _, name = column.references.rpartition(".")
    found = tables.get(table.lower())
    if found is not None:
        return f"{_table_name(found, dialect)}.{_name(name, dialect)}"
    whole = tables.get(column.references.lower())
    key = next((c.name for c in whole.columns if c.primary_key), None) if whole else None
    return f"{_table_name(whole, dialect)}.{_name(key, dialect)}" if whole and key else None


def _examples(column: Column, samples: Samples, most: int) -> str:
    if samples.low is not None and samples.high is not None and not samples.complete:
        return f"{_value(column, samples.low)} .. {_value(column, samples.high)}"
    values = ", ".join(_value(column, value) for value in samples.values[:most])
    if not values:
        return ""
    whole = samples.complete and len(samples.values) <= most
    return values if whole else f"{values}, ..."


def _value(column: Column, text: str) -> str:
    """The value as a statement has it: texts in quotes."""
    line = _line(text, _VALUE)
    if column.family in {"number", "boolean"} and _NUMBER.fullmatch(line):
        return line
    return "'" + line.replace("'", "''") + "'"


def _table_name(table: Table, dialect: Dialect) -> str:
    parts = [table.schema, table.name] if table.schema else [table.name]
    return ".".join(_name(part, dialect) for part in parts)


def _name(name: str, dialect: Dialect) -> str:
    """The name as an identifier, on one line whatever is in it."""
    return "".join(c if can_be_shown(c) else " " for c in identifier(name, dialect))


def _line(text: str, longest: int) -> str:
    """On one line, without control characters, so that no comment or value can look like another table."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * longest]).split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
