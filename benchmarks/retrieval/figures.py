"""From rankings to numbers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tao_servers.knowledge.evaluating.metrics import hit, interval, ndcg, percentile, recall

__all__ = ["METRICS", "columns", "quality", "refused", "times", "together"]

METRICS: dict[str, Callable[[Sequence[str], Mapping[str, int]], float]] = {
    "ndcg10": lambda ranked, relevant: ndcg(ranked, relevant, 10),
    "hit1": lambda ranked, relevant: hit(ranked, relevant, 1),
    "recall10": lambda ranked, relevant: recall(ranked, relevant, 10),
}
_DIGITS = 4


def quality(
    ranked: Mapping[str, Sequence[str]], relevances: Mapping[str, Mapping[str, int]]
) -> dict[str, tuple[float, float, float]]:
    """The mean of each metric over the questions that were asked, and its bootstrap 95 % interval."""
    means = {}
    for name, metric in METRICS.items():
        mean, low, high = interval([metric(ids, relevances[id_]) for id_, ids in ranked.items()], seed=0)
        means[name] = (round(mean, _DIGITS), round(low, _DIGITS), round(high, _DIGITS))
    return means


def columns(found: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> dict[str, Any]:
    """Metric by metric what each column reached, and beside it the intervals."""
    by_metric: dict[str, Any] = {}
    for name in METRICS:
        by_metric[name] = {column: values[name][0] for column, values in found.items()}
        by_metric[f"{name}_interval"] = {column: list(values[name][1:]) for column, values in found.items()}
    return by_metric


def times(milliseconds: Sequence[float]) -> dict[str, float]:
    """The median and the 95th percentile."""
    return {
        "p50_ms": round(percentile(milliseconds, 0.5), 1),
        "p95_ms": round(percentile(milliseconds, 0.95), 1),
    }


def refused(passages: Iterable[int]) -> dict[str, Any]:
    """How many questions got no passage at all, of the numbers of passages that they got."""
    counts = list(passages)
    return _share(len(counts), counts.count(0))


def together(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The shares of several sets in one, by the number of their questions."""
    rows = list(parts)
    return _share(sum(row["n"] for row in rows), sum(row["refused"] for row in rows))


def _share(n: int, none: int) -> dict[str, Any]:
    return {"n": n, "refused": none, "share": round(none / n, _DIGITS) if n else None}
