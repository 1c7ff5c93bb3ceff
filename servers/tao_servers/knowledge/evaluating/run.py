"""Asks the queries of a data set, and scores what is found."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tao_servers.knowledge.evaluating.dataset import Dataset, DatasetError
from tao_servers.knowledge.evaluating.metrics import hit, interval, mrr, ndcg, percentile, recall
from tao_servers.knowledge.retrieving import Match

__all__ = ["Interval", "Question", "Scores", "Search", "ask_all", "questions"]

Search = Callable[[str, int], Sequence[Match]]
"""Finds the best passages for a query: so many at most, or none where nothing is relevant."""

Interval = tuple[float, float, float]
"""A mean, and the bounds that it lies between with a confidence of 95 %."""

_RECALLS = (1, 5, 10, 20)
# Several passages of one document count once: asked for so many times as many, enough documents are there.
_MORE = 4


@dataclass(frozen=True, slots=True)
class Question:
    """A query with its judgements; the grades of documents by their ids."""

    id: str
    text: str
    relevances: dict[str, int]

    @property
    def answerable(self) -> bool:
        """Whether any document was judged relevant."""
        return any(grade > 0 for grade in self.relevances.values())


@dataclass(frozen=True)
class Scores:
    """The values of each measure, one a query that has an answer, and how long each query took.

    `nothing` counts these queries for which nothing was found; `refused` counts the same of those
    `unanswerable`, for which no document was judged relevant.
    """

    values: dict[str, list[float]]
    milliseconds: list[float] = field(default_factory=list)
    nothing: int = 0
    unanswerable: int = 0
    refused: int = 0

    def interval(self, measure: str) -> Interval:
        """The mean of a measure."""
        return interval(self.values[measure])

    def above(self, other: "Scores", measure: str) -> Interval:
        """How much more the mean is than in `other`, by the differences of each query."""
        pairs = zip(self.values[measure], other.values[measure], strict=True)
        return interval([mine - others for mine, others in pairs])

    @property
    def p50(self) -> float:
        """The milliseconds that half of the queries took at most."""
        return percentile(self.milliseconds, 0.5)

    @property
    def p95(self) -> float:
        """The milliseconds that 95 % of the queries took at most."""
        return percentile(self.milliseconds, 0.95)

    def as_json(self) -> dict[str, Any]:
        """What they come to."""
        return {
            "metrics": {name: as_json(self.interval(name)) for name in self.values},
            "latency_ms": {"p50": round(self.p50, 2), "p95": round(self.p95, 2)},
            "nothing": self.nothing,
            "unanswerable": {"queries": self.unanswerable, "refused": self.refused},
        }


def as_json(value: Interval) -> dict[str, float]:
    """An interval with four decimals."""
    return {name: round(part, 4) for name, part in zip(("mean", "low", "high"), value, strict=True)}


def questions(dataset: Dataset, limit: int | None = None) -> list[Question]:
    """The queries that have judgements, in the order of their file; the first `limit`.

    Raises:
        DatasetError: for none of them a document was judged relevant.
    """
    judged = (
        Question(id_, text, dataset.relevances[id_])
        for id_, text in dataset.queries.items()
        if id_ in dataset.relevances
    )
    found = list(islice(judged, limit))
    if not any(question.answerable for question in found):
        raise DatasetError(
            f"For none of {len(found)} queries any document was judged relevant (grade 1 or more)."
        )
    return found


def ask_all(search: Search, asked: Iterable[Question], top_k: int, *, done: Callable[[], None]) -> Scores:
    """Ask every query and score the documents found; `done` is called after each.

    nDCG and MRR look at the first `top_k` documents, recall at 1, 5, 10, 20 and `top_k`.
    """
    cuts = sorted({*_RECALLS, top_k})
    values: dict[str, list[float]] = {name: [] for name in _score([], {}, top_k, cuts)}
    milliseconds: list[float] = []
    nothing = unanswerable = refused = 0
    for question in asked:
        ranked, seconds = _ask(search, question.text, cuts[-1])
        milliseconds.append(seconds * 1000)
        if question.answerable:
            nothing += not ranked
            for name, value in _score(ranked, question.relevances, top_k, cuts).items():
                values[name].append(value)
        else:
            unanswerable += 1
            refused += not ranked
        done()
    return Scores(values, milliseconds, nothing, unanswerable, refused)


def _ask(search: Search, query: str, documents: int) -> tuple[list[str], float]:
    """The ids of the documents found, each at its best passage's place, and the seconds that it took."""
    began = time.perf_counter()
    matches = search(query, documents)
    seconds = time.perf_counter() - began
    ranked = dict.fromkeys(match.path for match in matches)
    if len(ranked) < documents <= len(matches):
        # What a user would get stays in front: a larger search may rank otherwise.
        ranked |= dict.fromkeys(match.path for match in search(query, _MORE * documents))
    return list(ranked)[:documents], seconds


def _score(
    ranked: Sequence[str], relevances: dict[str, int], top_k: int, cuts: Sequence[int]
) -> dict[str, float]:
    return {
        f"ndcg@{top_k}": ndcg(ranked, relevances, top_k),
        **{f"recall@{cut}": recall(ranked, relevances, cut) for cut in cuts},
        f"mrr@{top_k}": mrr(ranked, relevances, top_k),
        "hit@1": hit(ranked, relevances, 1),
    }
