"""Whether a result says the same as the right one: execution accuracy."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from tao_servers.text2sql.limits import Cell

__all__ = ["same_result"]

# The same sum is added up in another order by another statement; a share is rounded to a few digits.
_NOISE = 1e-9
_CLOSE = 1e-6
_ZERO = 1e-12
# Cells that are looked at before two results with many columns alike count as different.
_MOST_CELLS = 2_000_000

_Column = tuple[object, ...]


def same_result(
    gold_rows: Sequence[Sequence[Cell]],
    rows: Sequence[Sequence[Cell]],
    *,
    ordered: bool,
    subset: bool = False,
) -> bool:
    """Whether `rows` are those of `gold_rows`, whatever the order of columns, and of rows unless `ordered`.

    With `subset` there may be further columns. Numbers are compared by value, with a relative tolerance of
    one millionth between a fraction and another number; texts to the letter; NULL is NULL. In the manner of
    test-suite accuracy (Zhong et al., 2020), on one database.
    """
    if len(gold_rows) != len(rows):
        return False
    if not gold_rows:
        return True
    wanted, found = len(gold_rows[0]), len(rows[0])
    if not wanted and not found:
        # Rows of no columns, as PostgreSQL has them.
        return True
    if wanted > found or (wanted < found and not subset):
        return False
    classes = _number_classes(cell for row in (*gold_rows, *rows) for cell in row)
    gold = [tuple(_key(cell, classes) for cell in column) for column in zip(*gold_rows, strict=True)]
    mine = [tuple(_key(cell, classes) for cell in column) for column in zip(*rows, strict=True)]
    if ordered:
        return Counter(gold) <= Counter(mine)
    return _Pairing(gold, mine).exists()


class _Pairing:
    """Looks for a column of the result for each gold column so that the rows are the same multiset.

    Column after column the rows are told apart further, in both results by the same numbers; where the
    numbers come out differently, no choice of further columns can help.
    """

    def __init__(self, gold: Sequence[_Column], mine: Sequence[_Column]) -> None:
        counts = [Counter(column) for column in mine]
        # What tells most rows apart goes first: after it there is little left to choose.
        self._gold = sorted(gold, key=lambda column: -len(set(column)))
        self._mine = mine
        self._options = [
            [place for place, count in enumerate(counts) if count == wanted]
            for wanted in map(Counter, self._gold)
        ]
        self._cells_left = _MOST_CELLS

    def exists(self) -> bool:
        if not all(self._options):
            return False
        start = [0] * len(self._gold[0])
        return self._from(0, frozenset(), start, start)

    def _from(self, number: int, used: frozenset[int], gold: list[int], mine: list[int]) -> bool:
        if number == len(self._gold):
            return True
        tried: set[_Column] = set()
        for place in self._options[number]:
            column = self._mine[place]
            if place in used or column in tried:
                continue
            tried.add(column)
            self._cells_left -= len(gold)
            if self._cells_left < 0:
                return False
            names: dict[tuple[int, object], int] = {}
            next_gold, next_mine = _named(gold, self._gold[number], names), _named(mine, column, names)
            if Counter(next_gold) == Counter(next_mine) and self._from(
                number + 1, used | {place}, next_gold, next_mine
            ):
                return True
        return False


def _named(rows: Sequence[int], column: _Column, names: dict[tuple[int, object], int]) -> list[int]:
    """A number for each row: the same for rows that were the same and are so in `column`."""
    return [names.setdefault(pair, len(names)) for pair in zip(rows, column, strict=True)]


def _key(cell: Cell, classes: dict[float, int]) -> object:
    if isinstance(cell, int | float):
        return "nan" if math.isnan(cell) else classes[cell]
    return cell if cell is None else ("text", cell)


def _number_classes(cells: Iterable[Cell]) -> dict[float, int]:
    """A number for each value, the same for those that count as equal; two whole numbers never do."""
    values = sorted({cell for cell in cells if isinstance(cell, int | float) and not math.isnan(cell)})
    classes: dict[float, int] = {}
    number, first, last, has_whole = -1, -math.inf, -math.inf, False
    for value in values:
        is_whole = isinstance(value, int) or value.is_integer()
        is_near = _within(first, value, _CLOSE) or _within(last, value, _NOISE)
        if not is_near or (is_whole and has_whole):
            number, first, has_whole = number + 1, value, False
        last, has_whole = value, has_whole or is_whole
        classes[value] = number
    return classes


def _within(one: float, other: float, tolerance: float) -> bool:
    if math.isinf(one) or math.isinf(other):
        return one == other
    return other - one <= max(_ZERO, tolerance * max(abs(one), abs(other)))
