"""Puts pieces of text that lie on a page into the order in which a person reads them."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

__all__ = ["Box", "arrange"]


@dataclass(frozen=True, slots=True)
class Box:
    """A text and where it lies, in any unit; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


def arrange(boxes: list[Box]) -> list[str]:
    """Return lines in reading order.

    The page is cut at its widest white bands, across first and then between columns (recursive XY cut);
    pieces of one line stand beside each other with a space between.
    """
    if not boxes:
        return []
    return _cut(boxes, median(box.bottom - box.top for box in boxes))


def _cut(boxes: list[Box], height: float) -> list[str]:
    """A gutter with several lines on both sides parts columns; a table's cells are too short for that."""
    across = _groups(boxes, lambda box: (box.top, box.bottom), height * 1.5)
    if len(across) > 1:
        return [line for group in across for line in _cut(group, height)]
    beside = _groups(boxes, lambda box: (box.left, box.right), height * 0.8)
    if len(beside) > 1 and all(_is_column(group, height) for group in beside):
        return [line for group in beside for line in _cut(group, height)]
    return _lines(boxes)


def _groups(boxes: list[Box], span: Callable[[Box], tuple[float, float]], least: float) -> list[list[Box]]:
    ordered = sorted(boxes, key=span)
    groups, reached = [[ordered[0]]], span(ordered[0])[1]
    for box in ordered[1:]:
        start, end = span(box)
        if start - reached > least:
            groups.append([])
        groups[-1].append(box)
        reached = max(reached, end)
    return groups


def _is_column(boxes: list[Box], height: float) -> bool:
    lines = _lines(boxes)
    width = max(box.right for box in boxes) - min(box.left for box in boxes)
    return len(lines) >= 4 and width > 10 * height


def _lines(boxes: list[Box]) -> list[str]:
    lines: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: box.top + box.bottom):
        if lines and _on_one_line(lines[-1][0], box):
            lines[-1].append(box)
        else:
            lines.append([box])
    return [" ".join(box.text for box in sorted(line, key=lambda box: box.left)) for line in lines]


def _on_one_line(first: Box, other: Box) -> bool:
    shared = min(first.bottom, other.bottom) - max(first.top, other.top)
    return shared > 0.5 * min(first.bottom - first.top, other.bottom - other.top)
