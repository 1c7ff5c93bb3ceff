"""What the scores of many answers come to."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tao_servers.knowledge.evaluating.answers.scores import Metric, Scores
from tao_servers.knowledge.evaluating.metrics import interval

__all__ = ["MetricSummary", "summarise"]


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """The mean of what could be judged, with its 95 % bootstrap interval, and how much could not.

    `lacking`: records without what the metric needs; `failed`: those at which the judge failed. `reasons`
    counts both. A single value has no interval.
    """

    mean: float | None
    low: float | None
    high: float | None
    judged: int
    lacking: int
    failed: int
    reasons: Mapping[str, int]


def summarise(scores: Collection[Scores], metrics: Sequence[Metric]) -> dict[Metric, MetricSummary]:
    """Each metric over all records."""
    return {metric: _of(metric, scores) for metric in metrics}


def _of(metric: Metric, scores: Collection[Scores]) -> MetricSummary:
    of_all = [each[metric] for each in scores]
    values = [score.value for score in of_all if score.value is not None]
    unjudged = [score for score in of_all if score.value is None]
    failed = sum(score.failed for score in unjudged)
    mean, low, high = interval(values) if values else (None, None, None)
    return MetricSummary(
        mean=mean,
        low=low if len(values) > 1 else None,
        high=high if len(values) > 1 else None,
        judged=len(values),
        lacking=len(unjudged) - failed,
        failed=failed,
        reasons=dict(Counter(score.reason for score in unjudged).most_common()),
    )
