"""Finds the passages that answer a query: by meaning and by words."""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Self

from tao.models.embeddings import Embedder
from tao.models.loading import load
from tao.models.rerank import Reranker
from tao_servers.knowledge.fusion import fuse, words_weight
from tao_servers.knowledge.index import (
    Collection,
    EmptyStoreError,
    Passage,
    Place,
    StoreError,
    open_collection,
)
from tao_servers.knowledge.index.errors import translated

__all__ = ["Match", "Searcher"]

_log = logging.getLogger(__name__)
_CANDIDATES = 50
_MOST_CANDIDATES = 5000
_RERANKED = 20
_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class Match:
    """A passage that was found, with its place; the higher the score, the better.

    `path` is the document's source, and `source` its file name. `start` and `end` count characters. What
    was found begins at the character `at` of `text`, which may have more around it.
    """

    text: str
    source: str
    path: str
    line: int
    score: float
    page: int | None = None
    heading: str = ""
    start: int = 0
    end: int = 0
    at: int = 0

    def excerpt(self, chars: int) -> str:
        """Of a longer text so many characters, what was found among them, and marks where it is cut."""
        start = self.at if self.at > chars // 2 and len(self.text) > chars else 0
        before, after = "[cut]… " if start else "", " …[cut]" if start + chars < len(self.text) else ""
        return f"{before}{self.text[start : start + chars]}{after}"


class Searcher:
    """Searches a collection, which need not exist yet.

    It is opened by the first search, and again after a writer, perhaps in another process, has changed it.
    Calls block and may come from any thread.
    """

    def __init__(
        self,
        place: Place,
        embedder: Embedder,
        *,
        strong: Embedder | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.place = place
        self._embedder = embedder
        self._strong = strong
        self._reranker = reranker
        self._turn = threading.Lock()
        self._beside = ThreadPoolExecutor(1, "knowledge-words")
        self._opened = ExitStack()
        self._collection: Collection | None = None
        self._known: tuple[tuple[int, int] | None, str] = (None, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._close()
        self._beside.shutdown()

    def search(self, query: str, top_k: int = 5) -> list[Match]:
        """The `top_k` best passages, the best first; of passages with the same text only one.

        Raises:
            EmptyStoreError: nothing was ingested yet.
            StoreError: the collection cannot be used.
            ConfigError, ModelError: a model is not there, or fails.
        """
        # What a terminal passes on of bytes that are no UTF-8 is nothing that a model or an index takes.
        query = query.encode("utf-8", "replace").decode("utf-8")
        with self._turn:
            try:
                return self._search(query, top_k)
            except EmptyStoreError:
                raise
            except StoreError:
                # A writer may have pulled something from under an index that was read before.
                self._close()
                return self._search(query, top_k)

    def warm(self) -> None:
        """Load the libraries and the model, so that the first search need not; never raises."""
        try:
            load("chromadb", extra="knowledge")
            self._embedder.embed(["warm"], kind="query")
            with self._turn:
                self._current()
        except EmptyStoreError:
            pass
        except Exception as exc:
            # The first search meets the same trouble and tells the model about it.
            _log.warning("Not ready to search: %s", exc)

    def _search(self, query: str, top_k: int) -> list[Match]:
        collection = self._current()
        vector = collection.embedder.embed([query], kind="query")[0]
        wanted = top_k if self._reranker is None else max(_RERANKED, top_k)
        limit = max(_CANDIDATES, 4 * wanted)
        while True:
            matching = self._beside.submit(collection.matching, query, limit)
            nearest = collection.nearest(vector, limit)
            words = matching.result()
            found = _best(collection, query, nearest, words, wanted)
            exhausted = max(len(nearest), len(words)) < limit
            # Copies of one text, or documents that are gone, can fill all the places.
            if len(found) >= wanted or exhausted or limit >= _MOST_CANDIDATES:
                break
            limit *= 4
        if not found:
            raise EmptyStoreError(f"The collection {self.place.name!r} is empty.")
        if self._reranker is not None:
            found = _reranked(self._reranker, query, found)
        return [_match(collection, passage, score) for passage, score in found[:top_k]]

    def _current(self) -> Collection:
        with translated(self.place.folder):
            # The files of a collection that was deleted can be read as long as they are open.
            identity = _identity(self.place.catalogue)
            if self._collection is None or (identity, self._collection.catalogue.revision) != self._known:
                self._close()
                with ExitStack() as opening:
                    collection = opening.enter_context(
                        open_collection(self.place, self._embedder, strong=self._strong)
                    )
                    self._known = (identity, collection.catalogue.revision)
                    self._opened = opening.pop_all()
                self._collection = collection
            return self._collection

    def _close(self) -> None:
        self._collection = None
        self._opened.close()


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(file)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _best(
    collection: Collection,
    query: str,
    nearest: list[tuple[int, float]],
    words: list[tuple[int, float]],
    wanted: int,
) -> list[tuple[Passage, float]]:
    """The best passages of two rankings, of those with the same text only one."""
    near = collection.passages([id_ for id_, _ in nearest[:_LOOKED_AT]])
    weight = words_weight(query, [passage.chunk.text for passage in near.values()])
    ranked = fuse(nearest, words, weight=weight)
    first: dict[tuple[str, str], tuple[Passage, float]] = {}
    for start in range(0, len(ranked), 2 * wanted):
        some = ranked[start : start + 2 * wanted]
        passages = near | collection.passages([id_ for id_, _ in some if id_ not in near])
        for id_, score in some:
            if id_ in passages:
                passage = passages[id_]
                first.setdefault((passage.chunk.context, passage.chunk.text), (passage, score))
        if len(first) >= wanted:
            break
    return list(first.values())[:wanted]


def _reranked(
    reranker: Reranker, query: str, found: list[tuple[Passage, float]]
) -> list[tuple[Passage, float]]:
    scores = reranker.score(query, [passage.indexed_text for passage, _ in found])
    rescored = [(passage, score) for (passage, _), score in zip(found, scores, strict=True)]
    return sorted(rescored, key=lambda pair: -pair[1])


def _match(collection: Collection, passage: Passage, score: float) -> Match:
    chunk = passage.chunk
    start, end = chunk.parent or (chunk.start, chunk.end)
    text = collection.catalogue.span(passage.document, start, end) if chunk.parent else chunk.text
    text = f"{chunk.context}\n{text}" if chunk.context else text
    return Match(
        text=text,
        source=PurePath(passage.source).name or passage.source,
        path=passage.source,
        line=chunk.line,
        score=score,
        page=chunk.page,
        heading=chunk.heading,
        start=start,
        end=end,
        at=max(0, text.find(chunk.text)) if chunk.parent else 0,
    )
