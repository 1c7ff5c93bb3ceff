"""Joins what was found by meaning with what was found by words into one ranking."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tao.models.embeddings import BundledEmbedder

__all__ = ["Fused", "fuse", "words_weight"]

# nDCG@10 with this weight at .5 / .6 / .7 / .8, the words alone and the vectors alone; 200 tokens a chunk.
# bundled: cmrc2018 .991 / .995 / .996 / .996 (.998, .824), dureader_search .736 / .734 / .746 / .748 (.757,
# .712), hotpotqa .819 / .821 / .829 / .833 (.832, .700), scifact .705 / .707 / .706 / .698 (.700, .434).
# bundled-large: .993 / .997 / .997 / .997 (.998, .981), .757 / .762 / .759 / .762 (.757, .757), .881 / .883 /
# .868 / .856 (.832, .872).
_WEIGHT = 0.6
_WEIGHTS = {BundledEmbedder.name: 0.7}

# Words of another language cannot match: there a share of the cosine stands in for them. nDCG@10 among
# passages of xquad and hotpotqa in English, cmrc2018 and dureader_search in Chinese, with a share of 0 / .7 /
# .8, by bundled-large: Chinese questions on xquad .449 / .864 / .878, on cmrc2018 .996 / .991 / .991, English
# ones on hotpotqa .864 / .864 / .864; by bundled .195 / .757 / .770, .993 / .977 / .970, .813 / .776 / .753.
_STANDS_IN = 0.7
# Where there are such passages, one in the question's language that shares no word with it may still say it
# in other words: without this, any in the other language that is a little like it would come first.
_SAID_OTHERWISE = 0.3


@dataclass(frozen=True, slots=True)
class Fused:
    """A chunk by its id, its score, and the scores that this was made of."""

    id: int
    score: float
    steps: Mapping[str, float]


def words_weight(embedder: str) -> float:
    """How much the words count beside the vectors of the embedder with this name, from 0 to 1."""
    return _WEIGHTS.get(embedder, _WEIGHT)


def fuse(
    nearest: Sequence[tuple[int, float]],
    matching: Sequence[tuple[int, float]],
    *,
    weight: float,
    alike: Callable[[int], float],
    mixed: bool = False,
) -> list[Fused]:
    """Rank the chunks of both lists, each of ids and scores with the best first; the best come first.

    `nearest` has cosines, `matching` shares of the best score that the question allows. `alike` tells of
    each id how much its language is the question's, from 0 to 1, and `mixed` whether they have several. The
    score is the weighted sum of both. What only the words have found gets the lowest cosine seen.
    """
    cosines, shares = dict(nearest), dict(matching)
    lowest = min(cosines.values(), default=0.0)
    floor = _SAID_OTHERWISE if mixed else 0.0
    fused = []
    for id_ in {**cosines, **shares}:
        cosine, share = cosines.get(id_, lowest), shares.get(id_, 0.0)
        same = alike(id_)
        told = same * max(share, floor * cosine) + (1 - same) * max(share, _STANDS_IN * cosine)
        steps = {"dense": cosine} if id_ in cosines else {}
        if id_ in shares:
            steps["keyword"] = share
        score = (1 - weight) * cosine + weight * told
        fused.append(Fused(id_, score, {**steps, "fuse": score}))
    return sorted(fused, key=lambda one: -one.score)
