"""Reads the tables of a page, and tells them from those that only put things beside each other."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.markup import local, lxml
from tao_servers.knowledge.loading.tables import Cell

__all__ = ["is_layout", "table_rows"]

_LONGEST_CELL = 1_500
_MAX_SPAN = 1_000
# A page of a few kilobytes can span a thousand million cells.
_MAX_CELLS = 5_000_000
_CELLS = {"td", "th"}
_STRUCTURE = {"h1", "h2", "h3", "h4", "h5", "h6", "table", "form", "article", "section", "pre"}
_APART = {"p", "div", "li", "br", "ul", "ol", "dt", "dd", "hr", "tr", "td", "th", "img"}


def is_layout(table: Any) -> bool:
    """Say whether a table only arranges what stands in it, as old pages and mails do."""
    if table.get("role") in {"presentation", "none"}:
        return True
    cells = 0
    for node in table.iterdescendants():
        name = local(node)
        if name in _STRUCTURE:
            return True
        if name in _CELLS:
            cells += 1
            if sum(len(text) for text in node.itertext()) > _LONGEST_CELL:
                return True
    return cells < 2


def table_rows(table: Any, hidden: Callable[[Any], bool]) -> tuple[str, list[list[Cell]], int | None]:
    """Return the caption, the rows, and how many of them are said to be headers (None: not said).

    Raises:
        RefusedError: its cells span more than any table has.
    """
    caption, heads, size = "", 0, 0
    rows: list[list[Cell]] = []
    down: dict[int, int] = {}
    for node, in_head in _rows(table, in_head=False):
        if hidden(node):
            continue
        if local(node) == "caption":
            caption = _text(node, hidden)
            continue
        cells = [cell for cell in node if local(cell) in _CELLS and not hidden(cell)]
        row = _row(cells, down, hidden)
        size += len(row)
        if size > _MAX_CELLS:
            raise RefusedError("a table in it spans too many cells; save it anew")
        is_head = in_head or (bool(cells) and all(local(cell) == "th" for cell in cells))
        if any(row):
            heads += is_head and heads == len(rows)
            rows.append(row)
    return caption, rows, heads or None


def _rows(node: Any, *, in_head: bool) -> Iterator[tuple[Any, bool]]:
    for part in node:
        name = local(part)
        if name in {"tr", "caption"}:
            yield part, in_head
        elif name in {"thead", "tbody", "tfoot"}:
            yield from _rows(part, in_head=name == "thead")


def _row(cells: list[Any], down: dict[int, int], hidden: Callable[[Any], bool]) -> list[Cell]:
    """`down` has the columns into which cells of rows above reach, and for how many rows yet."""
    row: list[Cell] = []
    waiting = list(cells)
    while waiting or down.get(len(row)):
        if down.get(len(row)):
            down[len(row)] -= 1
            row.append(None)
            continue
        cell = waiting.pop(0)
        width, height = _span(cell, "colspan"), _span(cell, "rowspan")
        for offset in range(width):
            if height > 1:
                down[len(row)] = height - 1
            row.append(_text(cell, hidden) if offset == 0 else None)
    return row


def _span(cell: Any, name: str) -> int:
    text = (cell.get(name) or "").strip()
    return min(int(text), _MAX_SPAN) if re.fullmatch(r"[1-9]\d{0,5}", text) else 1


def _text(cell: Any, hidden: Callable[[Any], bool]) -> str:
    pieces: list[str] = []
    events = lxml().iterwalk(cell, events=("start", "end", "comment", "pi"))
    for event, node in events:
        name = local(node)
        if event == "start" and node is not cell and hidden(node):
            events.skip_subtree()
        elif event == "start":
            pieces += [" " if name in _APART else "", node.text or "", node.get("alt") or ""]
        elif node is not cell:
            pieces += [" " if name in _APART else "", node.tail or ""]
    return " ".join("".join(pieces).split())
