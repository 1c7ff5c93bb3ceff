"""Turns the cells of a table into lines, and finds the line that the others are read by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Cell", "Grid", "are_labels", "count_heads", "lay_out"]

Cell = str | None
"""A cell's text; None where a merged cell, whose text stands in its first cell, goes on."""

_LONGEST_LABEL = 80
_NUMBER = re.compile(r"[-+(（]?\s*[¥$€£￥]?\s*[-+]?\d[\d,.\s]*(e[-+]?\d+)?\s*[%‰)）]?", re.IGNORECASE)
_YEAR = re.compile(r"(19|20)\d\d(年|[-/.年]\d\d?月?)?")
_CODE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?=[a-z]*\d)[0-9a-z_-]{16,}|https?://.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as lines of cells with tabs between them.

    `titles` are lines above the table proper; `header` is the first of `lines`, or empty.
    """

    titles: tuple[str, ...]
    header: str
    lines: tuple[str, ...]


def lay_out(rows: Sequence[Sequence[Cell]], *, heads: int | None = None) -> Grid:
    """Make lines of `rows`, whose first `heads` are the header; None: see whether it looks like one.

    Empty rows are left out, and empty columns at the edges. Several header rows become one line. A short
    text that is merged down the left edge stands in each of its rows, which say what they are of by it.
    """
    table = _trimmed(rows)
    titles: list[str] = []
    while heads is None and len(table) > 2 and _is_title(table[0], table[1]):
        titles.append(_text(next(cell for cell in table.pop(0) if cell)))
    if titles:
        table = _trimmed(table)
    if heads is None:
        heads = count_heads(table)
    # A table that says of all its rows that they are headers has none.
    heads = heads if 0 < heads < len(table) else 0
    top = [_joined(table[:heads])] if heads else []
    lines = [*top, *("\t".join(map(_text, row)) for row in _labelled(table[heads:]))]
    if not heads and table and len(table[0]) == 1:
        # One column without a name over it is running text.
        return Grid((*titles, *lines), "", ())
    return Grid(tuple(titles), lines[0] if heads else "", tuple(lines))


def _text(cell: Cell) -> str:
    return " ".join(cell.split()) if cell else ""


def _labelled(rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    filled: list[list[Cell]] = []
    for row in rows:
        line = list(row)
        above = filled[-1] if filled else []
        for at, (cell, label) in enumerate(zip(row, above, strict=False)):
            if cell is not None:
                break
            line[at] = label if label and len(label) <= _LONGEST_LABEL else None
        filled.append(line)
    return filled


def _trimmed(rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    texts = [[cell if cell is None else _text(cell) for cell in row] for row in rows]
    kept = [row for row in texts if any(row)]
    filled = [at for row in kept for at, cell in enumerate(row) if cell]
    if not filled:
        return []
    first, width = min(filled), max(filled) + 1
    return [[*row, *[""] * (width - len(row))][first:width] for row in kept]


def _is_title(row: Sequence[Cell], below: Sequence[Cell]) -> bool:
    """One text above columns: it says what the table is, not what a column is."""
    return len(row) > 1 and _filled(row) == 1 and bool(row[0]) and _filled(below) > 1


def _filled(row: Sequence[Cell]) -> int:
    return sum(1 for cell in row if cell)


def count_heads(table: Sequence[Sequence[Cell]]) -> int:
    """Return how many of the first rows look like a header."""
    if len(table) < 2:
        return 0
    if not _is_header(table[0], table[1:]):
        return 2 if len(table) > 2 and _is_sparse_header(*table[:3]) else 0
    # A merged cell that spans columns is told apart by the row below it.
    spans = any(cell is None for cell in table[0][1:])
    return 2 if spans and len(table) > 2 and are_labels(table[1]) else 1


def _is_sparse_header(first: Sequence[Cell], second: Sequence[Cell], third: Sequence[Cell]) -> bool:
    """A few names over groups of columns, whose own names are in the second row."""
    named = _filled(second) > 1 and (_filled(second) + 1) * 2 >= len(second)
    return named and are_labels(first) and are_labels(second) and not are_labels(third)


def _is_header(row: Sequence[Cell], body: Sequence[Sequence[Cell]]) -> bool:
    if not are_labels(row):
        return False
    if len(row) == 1:
        return all(_NUMBER.fullmatch(_text(line[0])) for line in body)
    named = sum(1 for cell in row if cell is None or cell)
    return named * 2 >= len(row) and _filled(row) > 1


def are_labels(row: Sequence[Cell]) -> bool:
    """Say whether no cell has what only the body of a table would have: a number, a long text."""
    return all(_is_label(_text(cell)) for cell in row)


def _is_label(text: str) -> bool:
    if len(text) > _LONGEST_LABEL or _CODE.fullmatch(text):
        return False
    return not _NUMBER.fullmatch(text) or _YEAR.fullmatch(text) is not None


def _joined(heads: Sequence[Sequence[Cell]]) -> str:
    """Put header rows into one line: `2024` over `Q1` and `Q2` is `2024 Q1` and `2024 Q2`."""
    if len(heads) == 1:
        return "\t".join(map(_text, heads[0]))
    names: list[list[str]] = [[] for _ in heads[0]]
    for level, row in enumerate(heads):
        above = ""
        for at, cell in enumerate(row):
            above = above if cell is None and level < len(heads) - 1 else _text(cell)
            if above:
                names[at].append(above)
    return "\t".join(map(" ".join, names))
