"""What a judge says of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from tao.models.chat import Usage

__all__ = ["ALL", "Metric", "Score", "Scores", "UnjudgedError"]

Metric = Literal[
    "faithfulness",
    "answer_relevance",
    "answer_similarity",
    "answer_correctness",
    "context_recall",
    "context_precision",
]
ALL: tuple[Metric, ...] = get_args(Metric)


class UnjudgedError(Exception):
    """There is no score, for the reason in the text; `failed` when that is the judge's fault."""

    def __init__(self, reason: str, *, failed: bool) -> None:
        super().__init__(reason)
        self.failed = failed


@dataclass(frozen=True, slots=True)
class Score:
    """A value from 0 to 1, or None and the reason.

    `failed` tells the two kinds of None apart: the judge was not understood or did not answer, or the
    record lacks what the metric needs. `details` has what the value rests on, ready for JSON.
    """

    value: float | None
    reason: str = ""
    failed: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one record, and the tokens that they cost."""

    by_metric: Mapping[Metric, Score]
    usage: Usage = field(default_factory=Usage)

    def __getitem__(self, metric: Metric) -> Score:
        """The score by one metric."""
        return self.by_metric[metric]

    def as_json(self) -> dict[str, Any]:
        """For each metric its value, and the reason or the details."""
        return {
            metric: {"value": score.value, **dict(score.details)}
            if score.value is not None
            else {"value": None, "reason": score.reason, "failed": score.failed}
            for metric, score in self.by_metric.items()
        }
