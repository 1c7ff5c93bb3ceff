"""The first stages: what is near by meaning, what shares words, and both in one ranking."""

from collections.abc import Callable, Sequence
from collections.abc import Collection as Some
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tao.models.embeddings import Embedder
from tao.models.embeddings.language import chinese_share
from tao_servers.knowledge.index import Collection, Passage
from tao_servers.knowledge.retrieving.candidates import Candidate
from tao_servers.knowledge.retrieving.fusion import Fused, fuse, words_weight

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Legs", "Retrieved"]

_CANDIDATES = 50
_MOST_CANDIDATES = 5000
# The indexes are told of so many documents; of more, what does not belong is left out afterwards, unless
# too little is left then.
_MOST_DOCUMENTS = 5000
_SHARES = {"zh": 1.0, "en": 0.0}

_Hits = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Candidates, the best first, and the cosines of what was nearest, whether it is among them or not."""

    candidates: list[Candidate]
    cosines: list[float]


@dataclass(frozen=True)
class Legs:
    """Retrieves by vectors, by words, or by both side by side."""

    dense: bool
    keyword: bool
    beside: ThreadPoolExecutor

    def retrieve(
        self,
        collection: Collection,
        query: str,
        wanted: int,
        *,
        documents: Some[int] | None = None,
        hypothetical: Sequence[str] = (),
    ) -> Retrieved:
        """The best `wanted` passages, only from `documents` where they are given.

        Of passages with the same text there is only one. What is near to the mean of the query and the
        `hypothetical` passages is near by meaning (Gao et al. 2022, arXiv 2212.10496).
        """
        allowed = None if documents is None else frozenset(documents)
        within = allowed if allowed is not None and len(allowed) <= _MOST_DOCUMENTS else None
        vector = _vector(collection.embedder, query, hypothetical) if self.dense else None
        limit = _first_limit(wanted)
        while True:
            nearest, matching = self._both(collection, query, vector, limit, within)
            found = self._best(collection, query, nearest, matching, wanted, allowed)
            exhausted = max(len(nearest), len(matching)) < limit
            enough = len(found) >= wanted or exhausted
            if not enough and limit >= _MOST_CANDIDATES and within != allowed:
                # What was asked for is rare among all: it takes longer, and leaves nothing out.
                within, limit = allowed, _first_limit(wanted)
                continue
            # Copies of one text, or documents that are gone, can fill all the places.
            if enough or limit >= _MOST_CANDIDATES:
                return Retrieved(found, [cosine for _, cosine in nearest])
            limit *= 4

    def _both(
        self,
        collection: Collection,
        query: str,
        vector: "NDArray[np.float32] | None",
        limit: int,
        documents: Some[int] | None,
    ) -> tuple[_Hits, _Hits]:
        def words() -> _Hits:
            return collection.matching(query, limit, documents=documents) if self.keyword else []

        matching = self.beside.submit(words)
        nearest = [] if vector is None else collection.nearest(vector, limit, documents=documents)
        return nearest, matching.result()

    def _best(
        self,
        collection: Collection,
        query: str,
        nearest: _Hits,
        matching: _Hits,
        wanted: int,
        allowed: frozenset[int] | None,
    ) -> list[Candidate]:
        known: dict[int, Passage] = {}
        if self.dense and self.keyword:
            alike = _alikeness(collection, query, [id_ for id_, _ in (*nearest, *matching)], known)
            weight = words_weight(collection.embedder.name)
            mixed = not collection.language
            ranked = fuse(nearest, matching, weight=weight, alike=alike, mixed=mixed)
        else:
            name = "dense" if self.dense else "keyword"
            ranked = [Fused(id_, score, {name: score}) for id_, score in nearest or matching]
        return _first_of_each(collection, ranked, wanted, known, allowed)


def _first_limit(wanted: int) -> int:
    return max(_CANDIDATES, 4 * wanted)


def _vector(embedder: Embedder, query: str, hypothetical: Sequence[str]) -> "NDArray[np.float32]":
    asked: NDArray[np.float32] = embedder.embed([query], kind="query")[0]
    if not hypothetical:
        return asked
    mean = asked + embedder.embed(hypothetical).sum(axis=0)
    result: NDArray[np.float32] = mean / max(float((mean @ mean) ** 0.5), 1e-9)
    return result


def _alikeness(
    collection: Collection, query: str, ids: Sequence[int], known: dict[int, Passage]
) -> Callable[[int], float]:
    """How much a passage is in the question's language; where documents differ, it is read into `known`."""
    asked = chinese_share(query)
    if collection.language:
        same = 1 - abs(asked - _SHARES[collection.language])
        return lambda id_: same
    known |= collection.passages(list(dict.fromkeys(ids)))
    shares = {id_: chinese_share(passage.chunk.text) for id_, passage in known.items()}
    return lambda id_: 1 - abs(asked - shares.get(id_, asked))


def _first_of_each(
    collection: Collection,
    ranked: Sequence[Fused],
    wanted: int,
    known: dict[int, Passage],
    allowed: frozenset[int] | None,
) -> list[Candidate]:
    first: dict[tuple[str, str], Candidate] = {}
    for start in range(0, len(ranked), 2 * wanted):
        some = ranked[start : start + 2 * wanted]
        known |= collection.passages([one.id for one in some if one.id not in known])
        for one in some:
            passage = known.get(one.id)
            if passage is not None and (allowed is None or passage.document in allowed):
                key = (passage.chunk.context, passage.chunk.text)
                first.setdefault(key, Candidate(passage, one.score, dict(one.steps)))
        if len(first) >= wanted:
            break
    return list(first.values())[:wanted]
