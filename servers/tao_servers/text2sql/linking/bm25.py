"""Ranks short texts by the terms that they share with a question."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

__all__ = ["Bm25"]

_K1 = 1.2
_B = 0.5


class Bm25:
    """BM25 over documents of weighted terms (Robertson and Zaragoza 2009; the weights as in BM25F)."""

    def __init__(self, documents: Sequence[dict[str, float]]) -> None:
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        lengths = [sum(document.values()) for document in documents]
        mean = sum(lengths) / max(len(lengths), 1) or 1.0
        for number, document in enumerate(documents):
            norm = _K1 * (1 - _B + _B * lengths[number] / mean)
            for term, weight in document.items():
                self._postings[term].append((number, weight * (_K1 + 1) / (weight + norm)))
        count = len(documents)
        self._idf = {
            term: math.log(1 + (count - len(found) + 0.5) / (len(found) + 0.5))
            for term, found in self._postings.items()
        }
        self._rarest = math.log(1 + max(count - 0.5, 0.5) / 1.5)

    def scores(self, terms: Sequence[str]) -> dict[int, float]:
        """The score of every document that shares a term, by its number.

        A score is the share of the question that a document has: of the most that one could have with all of
        its terms, those that no document has counted as the rarest. So questions of any length, and in
        another language than most documents, can be compared.
        """
        scores: dict[int, float] = defaultdict(float)
        asked = Counter(terms)
        most = sum(self._idf.get(term, self._rarest) for term in asked) * (_K1 + 1)
        for term in asked:
            for number, weight in self._postings.get(term, ()):
                scores[number] += self._idf[term] * weight / most
        return dict(scores)
