"""Puts a further version of a passage, from another document, behind what says something else."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from tao_servers.knowledge.retrieving.candidates import Candidate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tao_servers.knowledge.index import Collection

__all__ = ["Diversify"]

_LOOKED_AT = 20
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*|[〇零一二两三四五六七八九十百千万亿]+")


class Diversify:
    """A stage that orders by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).

    Only versions count as alike: passages of different documents whose vectors have at least the cosine
    `alike`, and whose numbers are the same, since rows of price lists differ in nothing else. `relevance`
    is the weight of the score, scaled to 0 to 1 among the candidates, against the likeness to a passage
    before; 1 leaves the order as it is. Scores stay as they are.
    """

    name = "diversify"

    # At this weight all likeness instead of that of versions lowers nDCG@10: dureader_search .741 to .736,
    # hotpotqa .816 to .815, xquad_en .978 to .977; that of versions changes it by .0003 at most. Where every
    # passage has a second version, 5 places hold 4.1 different passages instead of 3.0.
    def __init__(self, *, relevance: float = 0.7, alike: float = 0.95) -> None:
        self._relevance = relevance
        self._alike = alike

    def __call__(
        self, query: str, candidates: Sequence[Candidate], top_k: int, collection: "Collection"
    ) -> list[Candidate]:
        """See `Stage`; all candidates come back."""
        count = max(_LOOKED_AT, 2 * top_k)
        first, rest = candidates[:count], candidates[count:]
        if len({candidate.passage.document for candidate in first}) < 2:
            return list(candidates)
        alike = self._versions(first, collection.vectors_of([candidate.passage.id for candidate in first]))
        return [*(self._ordered(first, alike) if alike else first), *rest]

    def _versions(
        self, candidates: Sequence[Candidate], vectors: "NDArray[np.float32]"
    ) -> dict[tuple[int, int], float]:
        """The places of two versions of a passage, both ways, with their likeness."""
        import numpy as np

        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        units = vectors / np.where(lengths > 0, lengths, 1)
        cosines = units @ units.T
        pairs = np.argwhere(np.triu(cosines >= self._alike, 1)).tolist()
        passages = [candidate.passage for candidate in candidates]
        numbers = {place: _numbers(passages[place].chunk.text) for place in {*chain.from_iterable(pairs)}}
        found = {}
        for one, other in pairs:
            if passages[one].document != passages[other].document and numbers[one] == numbers[other]:
                found[one, other] = found[other, one] = float(cosines[one, other])
        return found

    def _ordered(
        self, candidates: Sequence[Candidate], alike: dict[tuple[int, int], float]
    ) -> list[Candidate]:
        scores = [candidate.score for candidate in candidates]
        lowest, width = min(scores), (max(scores) - min(scores)) or 1.0
        worth = [self._relevance * (score - lowest) / width for score in scores]
        nearest = [0.0] * len(candidates)
        left, ordered = list(range(len(candidates))), []
        while left:
            marginal = {place: worth[place] - (1 - self._relevance) * nearest[place] for place in left}
            # Of equal ones the first.
            best = max(left, key=marginal.__getitem__)
            left.remove(best)
            chosen = candidates[best]
            steps = {**chosen.steps, self.name: marginal[best]}
            ordered.append(Candidate(chosen.passage, chosen.score, steps))
            for place in left:
                nearest[place] = max(nearest[place], alike.get((best, place), 0.0))
        return ordered


def _numbers(text: str) -> list[str]:
    return sorted(_NUMBERS.findall(unicodedata.normalize("NFKC", text)))
