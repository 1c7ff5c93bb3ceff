"""What one statement may use, and the rows that it gives within that."""

import datetime
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Cell", "Limits", "Rows", "Taker"]

Cell = str | int | float | bool | None

_MOST_COLUMNS = 200
# What JavaScript, and so many a host, reads a number with; what has more digits is given as text.
_EXACT_INTEGER = 2**53


@dataclass(frozen=True, slots=True)
class Limits:
    """Most rows, seconds, characters of a cell, bytes of a result, and rows that a plan may go through."""

    max_rows: int = 100
    timeout: float = 10.0
    max_cell: int = 2_000
    max_bytes: int = 1_000_000
    max_scan: float = 1e9


@dataclass(frozen=True, slots=True)
class Rows:
    """What a statement gave; `more` says that it had further rows."""

    columns: list[str]
    rows: list[list[Cell]]
    more: bool


class Taker:
    """Takes rows as they come, each cell cut, until the limits are reached.

    Raises:
        ValueError: there are too many columns to show.
    """

    def __init__(self, columns: Iterable[str], limits: Limits) -> None:
        self._columns = list(columns)
        if len(self._columns) > _MOST_COLUMNS:
            raise ValueError(f"The result has {len(self._columns)} columns; select at most {_MOST_COLUMNS}.")
        self._limits = limits
        self._rows: list[list[Cell]] = []
        self._bytes = 0
        self._more = False

    def take(self, row: Iterable[object]) -> bool:
        """Keep `row` when there is room for it; False means that no further row is wanted."""
        if len(self._rows) >= self._limits.max_rows or self._bytes >= self._limits.max_bytes:
            self._more = True
            return False
        cells = [_cell(value, self._limits.max_cell) for value in row]
        self._bytes += sum(map(_size, cells))
        self._rows.append(cells)
        return True

    def rows(self) -> Rows:
        """What was taken so far."""
        return Rows(self._columns, self._rows, self._more)


def _size(cell: Cell) -> int:
    return len(cell.encode("utf-8", "replace")) if isinstance(cell, str) else 8


def _cell(value: object, longest: int) -> Cell:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(bytes(value))} bytes>"
    text = _text(value)
    if not isinstance(text, str):
        return text
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _text(value: object) -> str | float:
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _decimal(value: Decimal) -> str | float:
    if not value.is_finite():
        return str(value)
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    # Money is read best as a number, as long as no digit is lost by it.
    if len(digits) <= 15 and math.isfinite(float(value)):
        return float(value)
    return f"{value:f}" if abs(value.adjusted()) < 100 else str(value)
