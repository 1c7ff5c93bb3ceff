"""A plain BM25 to stand beside: pairs of Chinese characters, lower-case words, nothing else."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise

__all__ = ["PlainBM25"]

_RUN = re.compile(r"[\u4e00-\u9fff]+|[^\W_\u4e00-\u9fff]+")
_K1, _B = 0.9, 0.4


class PlainBM25:
    """Robertson's BM25 with k1 0.9, b 0.4 and an idf that is never negative, as Lucene has it."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        rows = [(id_, _terms(text)) for id_, text in texts.items()]
        self._count = len(rows)
        self._order = {id_: number for number, (id_, _) in enumerate(rows)}
        average = sum(len(terms) for _, terms in rows) / self._count
        self._postings: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for id_, terms in rows:
            norm = _K1 * (1 - _B + _B * len(terms) / average)
            for term, times in Counter(terms).items():
                self._postings[term].append((id_, times * (_K1 + 1) / (times + norm)))

    def search(self, question: str, limit: int = 20) -> list[str]:
        """The ids of the best texts, the best first; a term counts once, however often it is asked."""
        scores: dict[str, float] = defaultdict(float)
        for term in dict.fromkeys(_terms(question)):
            postings = self._postings.get(term, [])
            idf = math.log(1 + (self._count - len(postings) + 0.5) / (len(postings) + 0.5))
            for id_, weight in postings:
                scores[id_] += idf * weight
        return sorted(scores, key=lambda id_: (-scores[id_], self._order[id_]))[:limit]


def _terms(text: str) -> list[str]:
    terms: list[str] = []
    for run in _RUN.findall(text.lower()):
        han = "\u4e00" <= run[0] <= "\u9fff"
        terms += ["".join(pair) for pair in pairwise(run)] if han and len(run) > 1 else [run]
    return terms
