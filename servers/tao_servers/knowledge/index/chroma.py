"""Vectors in a collection of Chroma: ids, vectors and documents' ids go in, and no texts."""

import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain, count
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from tao.models.loading import load
from tao_servers.knowledge.index.errors import EmptyStoreError
from tao_servers.knowledge.index.saving import SAVED_EVERY

if TYPE_CHECKING:
    import numpy as np
    from chromadb.api.models.Collection import Collection as ChromaCollection
    from chromadb.config import Settings
    from numpy.typing import NDArray

__all__ = ["ChromaVectors", "Guard", "WritingGuard", "chroma_settings", "opened"]

Guard = Callable[[], AbstractContextManager[None]]
# It is told how many rows change.
WritingGuard = Callable[[int], AbstractContextManager[None]]

# SQLite takes 32,766 variables in a statement, and Chroma spends several on an id.
_IDS_AT_ONCE = 5_000
_DOCUMENTS_AT_ONCE = 5_000
_BYTES_AT_ONCE = 8_000_000
_PAGE = 10_000
# A chunk unlike all others among thousands that hardly differ, such as the rules below a price list, loses
# its links in a graph of 16 neighbours, which is Chroma's own: 8 % of such were never found among 2,000,
# however wide the search. Of 4,000, 32 neighbours lost 4 % and 64 none, for 0.8 instead of 0.6 CPU seconds a
# thousand; 32 with a construction as wide as 400 take 1.9. More changes between two syncs would make a
# reader's first query slow, which does them anew: 3 s for 1,000 on a busy machine, 23 s for 5,000.
_INDEX: Any = {
    "space": "cosine",
    "ef_construction": 100,
    "max_neighbors": 64,
    "ef_search": 100,
    "sync_threshold": SAVED_EVERY,
}


def chroma_settings(**more: Any) -> "Settings":
    """Chroma's settings: nothing is sent to anybody."""
    settings: Settings = load("chromadb", extra="knowledge").config.Settings(
        anonymized_telemetry=False, **more
    )
    return settings


def opened(client: Any, name: str, *, write: bool) -> "ChromaCollection":
    """Get the collection `name`; a writer makes it when it is missing.

    Raises:
        EmptyStoreError: a reader found no such collection.
    """
    not_found = load("chromadb", extra="knowledge").errors.NotFoundError
    try:
        collection: ChromaCollection = client.get_collection(name, embedding_function=None)
    except not_found as exc:
        if not write:
            raise EmptyStoreError(f"There are no vectors in the collection {name!r}.") from exc
        collection = client.get_or_create_collection(
            name, embedding_function=None, configuration={"hnsw": _INDEX}
        )
    return collection


class ChromaVectors:
    """See `Vectors`.

    `at_once` is how many ids Chroma takes at once. Calls are made within `reading()`, those that change
    something within `writing()`: these tell what went wrong, and keep others away.
    """

    def __init__(
        self, collection: "ChromaCollection", *, at_once: int, reading: Guard, writing: WritingGuard
    ) -> None:
        self._collection = collection
        self._at_once = min(at_once, _IDS_AT_ONCE) if at_once > 0 else _IDS_AT_ONCE
        self._reading = reading
        self._writing = writing

    def add(self, ids: Sequence[int], documents: Sequence[int], vectors: "NDArray[np.float32]") -> None:
        """See `Vectors.add`.

        Raises:
            ValueError: a number is not finite, or there are not as many documents and rows as ids.
        """
        import numpy as np

        if not (len(ids) == len(documents) == len(vectors)):
            raise ValueError(f"{len(ids)} ids, {len(documents)} documents and {len(vectors)} vectors.")
        if not np.isfinite(vectors).all():
            raise ValueError("A vector has a number that is not finite: the embedder is broken.")
        rows = max(1, min(self._at_once, _BYTES_AT_ONCE // max(1, vectors[:1].nbytes)))
        for start in range(0, len(ids), rows):
            some = slice(start, start + rows)
            metadatas: Any = [{"document": document} for document in documents[some]]
            with self._writing(len(metadatas)):
                self._collection.upsert(
                    ids=_names(ids[some]), embeddings=_numbers(vectors[some]), metadatas=metadatas
                )

    def delete(self, ids: Sequence[int]) -> None:
        """See `Vectors.delete`."""
        for some in _cut(ids, self._at_once):
            with self._writing(len(some)):
                self._collection.delete(ids=_names(some))

    def nearest(
        self, vector: "NDArray[np.float32]", limit: int, *, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """See `Vectors.nearest`."""
        if limit < 1:
            return []
        if documents is None:
            return self._nearest(vector, limit, None)
        found = (
            self._nearest(vector, limit, {"document": {"$in": some}})
            for some in _cut(list(documents), _DOCUMENTS_AT_ONCE)
        )
        return heapq.nlargest(limit, chain.from_iterable(found), key=itemgetter(1))

    def get(self, ids: Sequence[int]) -> "NDArray[np.float32]":
        """See `Vectors.get`."""
        import numpy as np

        found: dict[int, Any] = {}
        for some in _cut(ids, self._at_once):
            with self._reading():
                got: Any = self._collection.get(ids=_names(some), include=["embeddings"])
            found |= zip(map(int, got["ids"]), got["embeddings"], strict=True)
        dimension = len(next(iter(found.values()), ()))
        vectors = np.zeros((len(ids), dimension), dtype=np.float32)
        for row, id_ in enumerate(ids):
            if id_ in found:
                vectors[row] = found[id_]
        return vectors

    def have(self, ids: Sequence[int]) -> list[int]:
        """See `Vectors.have`."""
        found: list[int] = []
        for some in _cut(ids, self._at_once):
            with self._reading():
                found += map(int, self._collection.get(ids=_names(some), include=[])["ids"])
        return found

    def ids(self) -> Iterator[int]:
        """See `Vectors.ids`."""
        for start in count(0, _PAGE):
            with self._reading():
                page = self._collection.get(limit=_PAGE, offset=start, include=[])["ids"]
            yield from map(int, page)
            if len(page) < _PAGE:
                return

    def count(self) -> int:
        """See `Vectors.count`."""
        with self._reading():
            return self._collection.count()

    def _nearest(self, vector: "NDArray[np.float32]", limit: int, where: Any) -> list[tuple[int, float]]:
        with self._reading():
            found: Any = self._collection.query(
                query_embeddings=_numbers(vector[None]), n_results=limit, where=where, include=["distances"]
            )
        return [
            (int(id_), min(1.0, 1.0 - distance))
            for id_, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]


def _names(ids: Sequence[int]) -> list[str]:
    return [str(id_) for id_ in ids]


def _numbers(vectors: "NDArray[np.float32]") -> Any:
    import numpy as np

    return np.ascontiguousarray(vectors, dtype=np.float32)


def _cut(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (values[start : start + size] for start in range(0, len(values), size))
