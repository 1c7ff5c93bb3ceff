"""Reads the values of a database's columns, in bounded time and number."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from tao.models.texts import clean
from tao_servers.text2sql.engines.engine import Engine
from tao_servers.text2sql.errors import Text2sqlError
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.linking.literals import containing
from tao_servers.text2sql.linking.values import ColumnValues, ValueIndex, ValueMatch
from tao_servers.text2sql.sampling import quoted_table
from tao_servers.text2sql.schema import Column, Dialect, Schema, Table
from tao_servers.text2sql.stopping import Stop

__all__ = ["look_up", "read_values"]

_SECONDS_AT_ONCE = 4.0
_COLUMNS_AT_ONCE = 8
_MOST_BYTES = 8_000_000
_LONGEST_VALUE = 60
_LONGEST_NEEDLE = 60
_MOST_LOOKED_INTO = 12
_TEXT_TYPES: dict[Dialect, str] = {"sqlite": "TEXT", "postgres": "TEXT", "duckdb": "VARCHAR", "mysql": "CHAR"}


def read_values(
    engine: Engine,
    schema: Schema,
    stop: Stop,
    *,
    seconds: float = 20.0,
    rows: int = 20_000,
    of_a_column: int = 2_000,
    most: int = 100_000,
) -> list[ColumnValues]:
    """Distinct texts of every text column, of its first `rows` rows, `of_a_column` of each and `most` of all.

    Texts of over 60 characters are left out. Blocks, for about `seconds` at most; columns that are not
    reached by then, or fail, are left out.
    """
    found: list[ColumnValues] = []
    end, left = time.monotonic() + seconds, most
    for table, columns in _in_groups(schema):
        remaining = min(end - time.monotonic(), _SECONDS_AT_ONCE)
        if remaining <= 0 or left <= 0 or stop.is_set:
            break
        taking = _Taking(engine, table, stop, rows, min(of_a_column, left), remaining)
        for read in _read_all(taking, columns):
            found.append(read)
            left -= len(read.values)
    return found


def look_up(
    engine: Engine,
    schema: Schema,
    text: str,
    stop: Stop,
    *,
    tables: list[str] | None = None,
    column: str | None = None,
    index: ValueIndex | None = None,
    most: int = 10,
    seconds: float = 3.0,
) -> list[ValueMatch]:
    """Values that have `text` in them, asked of the database: for what the index has not.

    Blocks, for about `seconds` at most; looks into twelve columns at most, first those that `index` has not
    whole.
    """
    needle = " ".join(text.split())[:_LONGEST_NEEDLE]
    if not needle or needle != clean(needle):
        # No text in a database has a NUL or half a surrogate pair.
        return []
    wanted = None if tables is None else {table.lower() for table in tables}
    places = [
        (table, one)
        for table, one in _text_columns(schema)
        if (wanted is None or table.full_name.lower() in wanted)
        and (column is None or one.name.lower() == column.lower())
    ]
    if index is not None:
        # Not left out: the index passes over long texts.
        places.sort(key=lambda place: index.is_complete(place[0].full_name, place[1].name))
    found: list[ValueMatch] = []
    end = time.monotonic() + seconds
    for table, one in places[:_MOST_LOOKED_INTO]:
        remaining = end - time.monotonic()
        if remaining <= 0 or len(found) >= most or stop.is_set:
            break
        try:
            found += _containing(engine, table, one, needle, stop, most - len(found), remaining)
        except Text2sqlError:
            continue
    return found


def _text_columns(schema: Schema) -> Iterator[tuple[Table, Column]]:
    for table in schema.tables:
        for column in table.columns:
            # SQLite takes a column without a type for texts, too.
            if column.family == "text" or not column.type:
                yield table, column


def _in_groups(schema: Schema) -> Iterator[tuple[Table, list[Column]]]:
    """Text columns of one table, several together: a statement costs more than a column does."""
    for table, found in groupby(_text_columns(schema), key=lambda pair: pair[0]):
        columns = [column for _, column in found]
        # What is known to be empty, as many tables of a large schema are, need not be asked.
        for start in range(0, len(columns) if table.rows != 0 else 0, _COLUMNS_AT_ONCE):
            yield table, columns[start : start + _COLUMNS_AT_ONCE]


@dataclass(frozen=True, slots=True)
class _Taking:
    """What is read, and how much of it."""

    engine: Engine
    table: Table
    stop: Stop
    rows: int
    most: int
    seconds: float


def _read_all(taking: _Taking, columns: list[Column]) -> list[ColumnValues]:
    """The columns that have values; when one fails, each is asked for by itself."""
    try:
        return _read(taking, columns)
    except Text2sqlError:
        # A view may be broken, a text of another encoding, or the time be over: values are only a help.
        if len(columns) == 1 or taking.stop.is_set:
            return []
    alone = replace(taking, seconds=taking.seconds / len(columns))
    return [read for column in columns for read in _read_all(alone, [column])]


def _read(taking: _Taking, columns: list[Column]) -> list[ColumnValues]:
    most = taking.most + 1
    parts = [_distinct(taking, number, column) for number, column in enumerate(columns)]
    limits = Limits(
        max_rows=most * len(columns),
        timeout=taking.seconds,
        max_cell=2 * _LONGEST_VALUE,
        max_bytes=_MOST_BYTES,
    )
    given = taking.engine.run(" UNION ALL ".join(parts), limits, taking.stop)
    values: list[list[str]] = [[] for _ in columns]
    for number, value in given.rows:
        values[int(number or 0)].append(str(value))
    whole = not given.more and taking.table.rows is not None and taking.table.rows <= taking.rows
    return [
        ColumnValues(
            taking.table.full_name, column.name, tuple(sorted(some[:-1] if cut else some)), whole and not cut
        )
        for column, some in zip(columns, values, strict=True)
        if (cut := len(some) == most) or some
    ]


def _distinct(taking: _Taking, number: int, column: Column) -> str:
    place, text = quoted_table(taking.engine, taking.table), _as_text(taking.engine, column)
    first = f"SELECT {text} AS v FROM {place} LIMIT {taking.rows}"
    length = "char_length" if taking.engine.dialect == "mysql" else "length"
    short = f"{length}(v) BETWEEN 1 AND {_LONGEST_VALUE}"
    distinct = f"SELECT DISTINCT v FROM ({first}) AS f{number} WHERE {short} LIMIT {taking.most + 1}"
    return f"SELECT {number} AS c, v FROM ({distinct}) AS d{number}"


def _containing(
    engine: Engine, table: Table, column: Column, needle: str, stop: Stop, most: int, seconds: float
) -> list[ValueMatch]:
    text = _as_text(engine, column)
    condition = containing(text, needle, engine.dialect)
    query = f"SELECT DISTINCT {text} AS v FROM {quoted_table(engine, table)} WHERE {condition} LIMIT {most}"
    limits = Limits(max_rows=most, timeout=seconds, max_cell=4 * _LONGEST_VALUE)
    values = sorted(str(row[0]) for row in engine.run(query, limits, stop).rows)
    return [ValueMatch(table.full_name, column.name, value, needle, 0.6, "contained") for value in values]


def _as_text(engine: Engine, column: Column) -> str:
    # Enums, UUIDs and what else is no text there can be compared as texts only.
    return f"CAST({engine.quoted(column.name)} AS {_TEXT_TYPES[engine.dialect]})"
