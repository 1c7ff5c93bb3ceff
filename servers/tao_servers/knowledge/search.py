"""Finds the passages nearest in meaning to a query."""

import logging
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tao.models.embeddings import Embedder
from tao.models.loading import load
from tao_servers.knowledge.database import EmptyStoreError, StoreError
from tao_servers.knowledge.store import Hit, Store, open_store, revision

__all__ = ["Match", "Searcher"]

_log = logging.getLogger(__name__)
_MOST_HITS = 5000


@dataclass(frozen=True, slots=True)
class Match:
    """A passage that was found; `score` is its cosine with the query, `source` the file's name."""

    text: str
    source: str
    path: str
    line: int
    score: float


class Searcher:
    """Searches the store in the folder `path`, which need not exist yet.

    The store is opened by the first search, and again after a writer, perhaps in another process, has
    changed it. Calls block and may come from any thread.
    """

    def __init__(self, path: Path, embedder: Embedder) -> None:
        self.path = path
        self._embedder = embedder
        self._turn = threading.Lock()
        self._opened = ExitStack()
        self._store: Store | None = None
        self._revision = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._close()

    def search(self, query: str, top_k: int = 5) -> list[Match]:
        """The `top_k` best passages, the best first; of passages with the same text only one.

        Raises:
            EmptyStoreError: nothing was ingested yet.
            StoreError: the store cannot be used.
            MissingExtra: a library is not installed.
        """
        with self._turn:
            store = self._current()
            (vector,) = self._embedder.embed([query])
            try:
                found = _nearest_texts(store, vector, top_k)
            except StoreError:
                # A writer may have pulled something from under an index that was read before.
                self._close()
                found = _nearest_texts(self._current(), vector, top_k)
        if not found:
            raise EmptyStoreError(f"The store {str(self.path)!r} is empty.")
        return [Match(hit.text, Path(hit.path).name, hit.path, hit.line, hit.score) for hit in found]

    def warm(self) -> None:
        """Load the libraries and the model, so that the first search need not; never raises."""
        try:
            load("chromadb", extra="knowledge")
            self._embedder.embed(["warm"])
        except Exception as exc:
            # The first search meets the same trouble and tells the model about it.
            _log.warning("Not ready to search: %s", exc)

    def _current(self) -> Store:
        now = revision(self.path)
        if self._store is None or now != self._revision:
            self._close()
            with ExitStack() as opening:
                self._store = opening.enter_context(open_store(self.path, self._embedder))
                self._opened = opening.pop_all()
            self._revision = now
        return self._store

    def _close(self) -> None:
        self._store = None
        self._opened.close()


def _nearest_texts(store: Store, vector: list[float], top_k: int) -> list[Hit]:
    limit = 4 * top_k
    while True:
        hits, more = store.nearest(vector, limit)
        first_of_text: dict[str, Hit] = {}
        for hit in hits:
            first_of_text.setdefault(hit.text, hit)
        if len(first_of_text) >= top_k or not more or limit >= _MOST_HITS:
            return list(first_of_text.values())[:top_k]
        limit *= 4
