"""Example values of columns: all of them when they are few, else some, and the range of numbers and times."""

import time

from tao_servers.text2sql.engines import Engine
from tao_servers.text2sql.errors import Text2sqlError
from tao_servers.text2sql.limits import Cell, Limits
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Column, Samples, Table
from tao_servers.text2sql.stopping import Stop

__all__ = ["quoted_table", "read_samples", "short"]

_SECONDS = 1.0
_SECONDS_FOR_ALL = 8.0
_ROWS = 50_000
_FEW = 12
_SAMPLE_CHARS = 40
_MOST_COLUMNS = 60


def read_samples(engine: Engine, table: Table, stop: Stop) -> dict[str, Samples]:
    """The values of each column, by its name; a column that takes over a second, or fails, has none.

    Blocks, for a few seconds at most.
    """
    samples: dict[str, Samples] = {}
    failed = 0
    end = time.monotonic() + _SECONDS_FOR_ALL
    for column in table.columns[:_MOST_COLUMNS]:
        try:
            samples[column.name] = _samples(engine, table, column, stop)
        except Text2sqlError:
            # A view may be broken, a type not comparable, or the time be over: examples are only a help.
            failed += 1
            if failed > 2 or stop.is_set:
                break
        if time.monotonic() > end:
            break
    return samples


def _samples(engine: Engine, table: Table, column: Column, stop: Stop) -> Samples:
    name, place = engine.quoted(column.name), quoted_table(engine, table)
    inner = f"SELECT {name} AS v FROM {place} LIMIT {_ROWS}"
    query = f"SELECT DISTINCT v FROM ({inner}) AS sampled WHERE v IS NOT NULL LIMIT {_FEW + 1}"
    limits = Limits(max_rows=_FEW + 1, timeout=_SECONDS, max_cell=2 * _SAMPLE_CHARS)
    values = [short(row[0]) for row in engine.run(query, limits, stop).rows]
    complete = len(values) <= _FEW and table.rows is not None and table.rows <= _ROWS
    low, high = _range(engine, inner, limits, stop) if _has_range(column, complete) else (None, None)
    return Samples(values if complete else values[:3], complete, low, high)


def _has_range(column: Column, complete: bool) -> bool:
    is_key = column.primary_key or column.references is not None
    # Of few values the range is seen; the numbers of a key say nothing.
    return not complete and (column.family == "time" or (column.family == "number" and not is_key))


def _range(engine: Engine, inner: str, limits: Limits, stop: Stop) -> tuple[str | None, str | None]:
    low, high = engine.run(f"SELECT min(v), max(v) FROM ({inner}) AS sampled", limits, stop).rows[0]
    return (None, None) if low is None else (short(low), short(high))


def quoted_table(engine: Engine, table: Table) -> str:
    """The table's name as identifiers, with its schema where it needs one."""
    parts = [table.schema, table.name] if table.schema else [table.name]
    return ".".join(engine.quoted(part) for part in parts)


def short(value: Cell) -> str:
    """A value as a short text on one line."""
    return one_line(str(value), _SAMPLE_CHARS)
