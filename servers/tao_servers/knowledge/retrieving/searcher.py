"""Finds the passages that answer a query, by a list of stages."""

import logging
import os
import threading
from collections.abc import Collection as Some
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self, get_args

from tao.errors import TaoError
from tao.models.embeddings import Embedder
from tao.models.loading import load
from tao.settings import StageName
from tao_servers.knowledge.index import Collection, EmptyStoreError, Place, StoreError, open_collection
from tao_servers.knowledge.index.errors import translated
from tao_servers.knowledge.retrieving.candidates import Candidate, Stage
from tao_servers.knowledge.retrieving.legs import Legs, Retrieved
from tao_servers.knowledge.retrieving.matches import Match, as_match
from tao_servers.knowledge.retrieving.relevance import is_relevant
from tao_servers.knowledge.retrieving.rewriting import Rewrite, Rewritten
from tao_servers.knowledge.retrieving.where import Where

__all__ = ["STAGES", "Searcher"]

STAGES: tuple[StageName, ...] = get_args(StageName)

_log = logging.getLogger(__name__)
# What the later stages choose from, at least.
_CHOSEN_FROM = 20


class Searcher:
    """Searches a collection, which need not exist yet.

    It is opened by the first search, and again after a writer, perhaps in another process, has changed it.
    `stages` names what a search does: `dense` and `keyword`, of which there is at least one, `refuse`, and
    those of the `later` stages, which come after the fusion in the order given. `rewrite` is the stage of
    that name. Calls block and may come from any thread.
    """

    def __init__(
        self,
        place: Place,
        embedder: Embedder,
        *,
        strong: Embedder | None = None,
        stages: Some[StageName] = STAGES,
        later: Sequence[Stage] = (),
        rewrite: Rewrite | None = None,
    ) -> None:
        self.place = place
        self._embedder = embedder
        self._strong = strong
        self._turn = threading.Lock()
        beside = ThreadPoolExecutor(1, "knowledge-words")
        self._legs = Legs(dense="dense" in stages, keyword="keyword" in stages, beside=beside)
        self._refuses = {"dense", "keyword", "refuse"} <= set(stages)
        self._rewrite = rewrite if "rewrite" in stages else None
        self._later = [stage for stage in later if stage.name in stages]
        self._opened = ExitStack()
        self._collection: Collection | None = None
        self._known: tuple[tuple[int, int] | None, str] = (None, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._close()
        self._legs.beside.shutdown()

    def rewritten(self, query: str, *, earlier: Sequence[str] = ()) -> Rewritten:
        """What to search for: the query itself, or what the model made of it and what was said `earlier`.

        Blocks for as long as the rewriter waits for its model; the model's failure is none.
        """
        query = _clean(query)
        if self._rewrite is None:
            return Rewritten((query,))
        with self._turn:
            languages = self._languages()
        return self._rewrite(query, earlier=[_clean(text) for text in earlier], languages=languages)

    def search(
        self,
        query: str,
        top_k: int = 5,
        *,
        also: Sequence[str] = (),
        hypothetical: Sequence[str] = (),
        where: Where | None = None,
    ) -> list[Match]:
        """The `top_k` best passages, the best first; of passages with the same text only one.

        None, where nothing that was found seems to have to do with the query. `also` are further queries:
        each is retrieved by itself, and a passage has the best of its scores. `hypothetical` are passages
        as they might be found for the first of them. `where` limits the documents.

        Raises:
            EmptyStoreError: nothing was ingested yet.
            StoreError: the collection cannot be used.
            ConfigError, ModelError: a model is not there, or fails.
        """
        asked = _Asked([_clean(text) for text in (query, *also)], top_k, hypothetical, where)
        with self._turn:
            try:
                return self._search(asked)
            except EmptyStoreError:
                raise
            except StoreError:
                # A writer may have pulled something from under an index that was read before.
                self._close()
                return self._search(asked)

    def warm(self) -> None:
        """Load the libraries and the model, so that the first search need not; never raises."""
        try:
            load("chromadb", extra="knowledge")
            with self._turn:
                embedder = self._current().embedder
            embedder.embed(["warm"], kind="query")
        except EmptyStoreError:
            pass
        except Exception as exc:
            # The first search meets the same trouble and tells the model about it.
            _log.warning("Not ready to search: %s", exc)

    def _search(self, asked: "_Asked") -> list[Match]:
        collection = self._current()
        documents = None
        if asked.where is not None:
            with translated(self.place.folder):
                documents = collection.catalogue.documents_where(asked.where.sql, asked.where.values)
        found = self._retrieved(asked, collection, documents)
        for stage in self._later if found else ():
            found = stage(asked.queries[0], found, asked.top_k, collection)
        return [as_match(candidate, collection) for candidate in found[: asked.top_k]]

    def _retrieved(
        self, asked: "_Asked", collection: Collection, documents: list[int] | None
    ) -> list[Candidate]:
        wanted = max(_CHOSEN_FROM, asked.top_k) if self._later else asked.top_k
        all_found = []
        for place, query in enumerate(asked.queries):
            hypothetical = () if place else asked.hypothetical
            found = self._legs.retrieve(
                collection, query, wanted, documents=documents, hypothetical=hypothetical
            )
            if not self._refuses or is_relevant(query, found, collection.embedder.name):
                all_found.append(found)
        return _joined(all_found)[:wanted]

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

    def _languages(self) -> list[str]:
        try:
            return list(filter(None, self._current().languages))
        except (StoreError, TaoError):
            # The search that follows meets the same trouble, and tells of it.
            return []

    def _close(self) -> None:
        self._collection = None
        self._opened.close()


@dataclass(frozen=True, slots=True)
class _Asked:
    queries: Sequence[str]
    top_k: int
    hypothetical: Sequence[str]
    where: Where | None


def _clean(text: str) -> str:
    # What a terminal passes on of bytes that are no UTF-8 is nothing that a model or an index takes.
    return text.encode("utf-8", "replace").decode("utf-8")


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(file)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _joined(retrieved: Sequence[Retrieved]) -> list[Candidate]:
    if len(retrieved) == 1:
        return retrieved[0].candidates
    best: dict[tuple[str, str], Candidate] = {}
    for candidate in (candidate for one in retrieved for candidate in one.candidates):
        key = candidate.passage.chunk.context, candidate.passage.chunk.text
        known = best.get(key)
        if known is None or known.score < candidate.score:
            best[key] = candidate
    return sorted(best.values(), key=lambda candidate: -candidate.score)
