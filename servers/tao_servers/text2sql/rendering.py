"""A schema, or a part of it, as a text for a prompt.

In the manner of M-Schema (XiYan-SQL, arXiv 2411.08599).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tao.models.texts import estimate_tokens
from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.schema import Column, Dialect, Samples, Schema, Table

__all__ = ["render"]

_COMMENT = 80
_VALUE = 40
_TYPE = 30
_FEW = 3
_KEYS_HEADING = "# foreign keys"


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much is told of each column: example values, whose comments, types, and how many columns."""

    values: int
    comments: str = "all"
    types: bool = True
    columns: int | None = None


# From the fullest to the shortest. Keys are never left out.
_DETAILS = (
    _Detail(12),
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
        text = "\n\n".join(_blocks(shown, schema.dialect, samples or {}, detail))
        if fits(text):
            break
    return text


def _blocks(
    tables: Sequence[Table], dialect: Dialect, samples: Mapping[str, Mapping[str, Samples]], detail: _Detail
) -> Iterator[str]:
    for table in tables:
        yield _block(table, dialect, samples.get(table.full_name, {}), detail)
    keys = list(_foreign_keys(tables, dialect))
    if keys:
        yield "\n".join([_KEYS_HEADING, *keys])


def _block(table: Table, dialect: Dialect, samples: Mapping[str, Samples], detail: _Detail) -> str:
    head = f"# {_table_name(table, dialect)}"
    about = [
        _line(table.comment, _COMMENT) if table.comment else None,
        _rows(table),
        "view" if table.is_view else None,
    ]
    said = ", ".join(part for part in about if part)
    columns = list(_shown(table, detail.columns))
    lines = [_column(column, dialect, samples.get(column.name), detail) for column in columns]
    if len(columns) < len(table.columns):
        lines.append(f"... {len(table.columns) - len(columns)} more columns")
    return "\n".join([f"{head}: {said}" if said else head, ",\n".join(lines)]).rstrip()


def _rows(table: Table) -> str | None:
    return None if table.rows is None else f"{table.rows} row" + ("s" if table.rows != 1 else "")


def _is_key(column: Column) -> bool:
    return column.primary_key or column.references is not None


def _shown(table: Table, most: int | None) -> Iterator[Column]:
    left = len(table.columns) if most is None else most
    for column in table.columns:
        if _is_key(column):
            yield column
        elif left > 0:
            left -= 1
            yield column


def _column(column: Column, dialect: Dialect, samples: Samples | None, detail: _Detail) -> str:
    name = identifier(column.name, dialect)
    type_ = _line(column.type, _TYPE) if detail.types and column.type else ""
    text = f"{name} {type_}" if type_ else name
    if column.primary_key:
        text += ", primary key"
    if column.comment and (detail.comments == "all" or (detail.comments == "keys" and _is_key(column))):
        text += f": {_line(column.comment, _COMMENT)}"
    # The numbers of a key say nothing.
    is_number = _is_key(column) and column.family == "number"
    examples = _examples(samples, detail.values) if samples and detail.values and not is_number else ""
    return f"({text}; {examples})" if examples else f"({text})"


def _examples(samples: Samples, most: int) -> str:
    if samples.low is not None and samples.high is not None and not samples.complete:
        return f"{_value(samples.low)} to {_value(samples.high)}"
    values = ", ".join(_value(value) for value in samples.values[:most])
    if not values:
        return ""
    whole = samples.complete and len(samples.values) <= most
    return f"values: {values}" if whole else f"e.g. {values}"


def _value(text: str) -> str:
    line = _line(text, _VALUE)
    # A value that could be read as several, or as the end of the column, is quoted as SQL has it.
    return "'" + line.replace("'", "''") + "'" if any(c in line for c in ",;()'") or not line else line


def _foreign_keys(tables: Sequence[Table], dialect: Dialect) -> Iterator[str]:
    by_name = {table.full_name.lower(): table for table in tables}
    for table in tables:
        for column in table.columns:
            if column.references is None:
                continue
            target = by_name.get(column.references.rpartition(".")[0].lower())
            if target is not None:
                other = column.references.rpartition(".")[2]
                here = f"{_table_name(table, dialect)}.{identifier(column.name, dialect)}"
                yield f"{here} = {_table_name(target, dialect)}.{identifier(other, dialect)}"
            else:
                by_table = by_name.get(column.references.lower())
                if by_table is not None:
                    here = f"{_table_name(table, dialect)}.{identifier(column.name, dialect)}"
                    yield f"{here} = {_table_name(by_table, dialect)} (its primary key)"


def _table_name(table: Table, dialect: Dialect) -> str:
    parts = [table.schema, table.name] if table.schema else [table.name]
    return ".".join(identifier(part, dialect) for part in parts)


def _line(text: str, longest: int) -> str:
    """On one line, without control characters, so that no comment or value can look like another table."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * longest]).split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
