"""Puts what was measured into tables."""

from collections.abc import Sequence

from tao_servers.knowledge.evaluating.ablation import Row
from tao_servers.knowledge.evaluating.run import Interval, Scores

__all__ = ["ablation_table", "measures_table"]

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


def _intervals(scores: Scores) -> list[tuple[str, Interval]]:
    return [(name, scores.interval(name)) for name in scores.values]


def _bounds(bounds: Sequence[float], *, sign: str = "") -> str:
    low, high = bounds
    return f"{low:{sign}.3f} to {high:{sign}.3f}"
