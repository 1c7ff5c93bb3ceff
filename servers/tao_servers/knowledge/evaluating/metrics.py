"""How good a ranking is, by what was judged relevant; and how sure a mean of that is.

Grades are judgements as in trec_eval: more is better, and nothing below 1 is relevant. Of an id that
stands in a ranking twice the first place counts.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import islice

from tao.models.loading import load

__all__ = ["hit", "interval", "mrr", "ndcg", "percentile", "recall"]

_RESAMPLED = 2000


def ndcg(ranked_ids: Sequence[str], relevances: Mapping[str, int], k: int) -> float:
    """The discounted gain of the first `k`, as a share of the best that there could be; from 0 to 1.

    A grade gains as much as it says, as in trec_eval and BEIR (Järvelin and Kekäläinen, 2002).
    """
    ideal = _discounted(sorted(_relevant(relevances).values(), reverse=True)[:k])
    if not ideal:
        return 0.0
    return _discounted([max(0, relevances.get(id_, 0)) for id_ in _first(ranked_ids, k)]) / ideal


def recall(ranked_ids: Sequence[str], relevances: Mapping[str, int], k: int) -> float:
    """How much of what is relevant is among the first `k`, from 0 to 1."""
    relevant = _relevant(relevances)
    if not relevant:
        return 0.0
    return sum(id_ in relevant for id_ in _first(ranked_ids, k)) / len(relevant)


def mrr(ranked_ids: Sequence[str], relevances: Mapping[str, int], k: int) -> float:
    """One through the rank of the first relevant one among the first `k`; 0 if none is there."""
    relevant = _relevant(relevances)
    ranks = (rank for rank, id_ in enumerate(_first(ranked_ids, k), start=1) if id_ in relevant)
    return 1 / next(ranks, math.inf)


def hit(ranked_ids: Sequence[str], relevances: Mapping[str, int], k: int = 1) -> float:
    """1 if anything relevant is among the first `k`, else 0."""
    relevant = _relevant(relevances)
    return float(any(id_ in relevant for id_ in _first(ranked_ids, k)))


def interval(
    values: Sequence[float], *, seed: int = 0, confidence: float = 0.95
) -> tuple[float, float, float]:
    """The mean of `values`, and the bounds it lies between with this confidence.

    The bounds are percentiles of the means of 2,000 resamples (bootstrap); the same seed gives the same
    ones. For two rankings of the same queries, give their differences (paired).

    Raises:
        ValueError: there are no values.
        MissingExtra: numpy is not installed.
    """
    if not values:
        raise ValueError("There are no values to take a mean of.")
    np = load("numpy", extra="knowledge")
    drawn, given = np.random.default_rng(seed), np.asarray(values, dtype=float)
    # One after the other: all at once would take gigabytes for a hundred thousand values.
    means = [given[drawn.integers(len(given), size=len(given))].mean() for _ in range(_RESAMPLED)]
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    mean = math.fsum(values) / len(values)
    # Means of equal values differ by rounding.
    return mean, min(mean, float(low)), max(mean, float(high))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that this share of them (0 to 1) does not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("There are no values to take a percentile of.")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _first(ranked_ids: Sequence[str], k: int) -> list[str]:
    return list(islice(dict.fromkeys(ranked_ids), k))


def _relevant(relevances: Mapping[str, int]) -> dict[str, int]:
    return {id_: grade for id_, grade in relevances.items() if grade > 0}


def _discounted(gains: Sequence[int]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
