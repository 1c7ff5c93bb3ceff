"""Puts what was measured into tables: drawn on a terminal, plain text elsewhere."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tao_servers.knowledge.evaluating.ablation import Row
from tao_servers.knowledge.evaluating.run import Interval, Scores

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["ablation_table", "measures_table", "show"]

Table = list[list[str]]


def measures_table(scores: Scores) -> Table:
    """A line for each measure; the first line has what the columns are called."""
    lines = [[name, f"{mean:.3f}", _bounds((low, high))] for name, (mean, low, high) in _intervals(scores)]
    return [["measure", "mean", "95 % interval"], *lines]


def ablation_table(rows: Sequence[Row], measure: str, others: Sequence[str]) -> Table:
    """A line for each variant: `measure`, its difference from all stages, and the means of `others`."""
    head = ["stages", measure, "95 % interval", "difference", "95 % interval", *others, "p50 ms", "p95 ms"]
    return [[*head, "nothing"], *(_variant(row, measure, others) for row in rows)]


def _variant(row: Row, measure: str, others: Sequence[str]) -> list[str]:
    mean, low, high = row.scores.interval(measure)
    difference = row.differences.get(measure)
    return [
        row.variant.name,
        f"{mean:.3f}",
        _bounds((low, high)),
        f"{difference[0]:+.3f}" if difference else "",
        _bounds(difference[1:], sign="+") if difference else "",
        *(f"{row.scores.interval(other)[0]:.3f}" for other in others),
        f"{row.scores.p50:.1f}",
        f"{row.scores.p95:.1f}",
        str(row.scores.nothing),
    ]


def show(table: Table, stream: "TextIO") -> None:
    """Write a table."""
    if not stream.isatty():
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for line in table:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            stream.write("  ".join(cells).rstrip() + "\n")
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as Drawn

    drawn = Drawn(box=SIMPLE_HEAD)
    for name in table[0]:
        drawn.add_column(name)
    for line in table[1:]:
        drawn.add_row(*line)
    Console(file=stream, markup=False).print(drawn)


def _intervals(scores: Scores) -> list[tuple[str, Interval]]:
    return [(name, scores.interval(name)) for name in scores.values]


def _bounds(bounds: Sequence[float], *, sign: str = "") -> str:
    low, high = bounds
    return f"{low:{sign}.3f} to {high:{sign}.3f}"
