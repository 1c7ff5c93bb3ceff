"""Joins what was found by meaning with what was found by words into one ranking."""

from collections.abc import Mapping, Sequence

from tao.models.embeddings.language import chinese_share

__all__ = ["fuse", "words_weight"]

# Set on public sets (cmrc2018, dureader_search, hotpotqa; xquad with Chinese questions on English texts):
# within a language words tell more than the bundled embedder, across languages hardly anything.
_WITHIN = 0.7
_ACROSS = 0.2


def words_weight(query: str, near: Sequence[str]) -> float:
    """How much the words count, from 0 to 1: more where the nearest texts are in the query's language."""
    if not near:
        return _WITHIN
    asked = chinese_share(query)
    alike = sum(1 - abs(asked - chinese_share(text)) for text in near) / len(near)
    return _ACROSS + (_WITHIN - _ACROSS) * alike


def fuse(
    nearest: Sequence[tuple[int, float]], matching: Sequence[tuple[int, float]], *, weight: float
) -> list[tuple[int, float]]:
    """Rank the ids of both lists, best first, each a list of ids and scores with the best first.

    The score is the weighted sum of the cosine and of BM25 as a share of its best. What only the words
    have found gets the lowest cosine seen; what only the meaning has found, nothing for its words.
    """
    if not matching:
        return list(nearest)
    cosines: Mapping[int, float] = dict(nearest)
    lowest = min(cosines.values(), default=0.0)
    best = matching[0][1]
    shares = {id_: score / best for id_, score in matching}
    scores = {
        id_: (1 - weight) * cosines.get(id_, lowest) + weight * shares.get(id_, 0.0)
        for id_ in (*cosines, *shares)
    }
    return sorted(scores.items(), key=lambda pair: -pair[1])
