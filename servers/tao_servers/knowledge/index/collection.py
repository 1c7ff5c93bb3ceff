"""A collection: a catalogue of documents, with their vectors and words beside it."""

from collections.abc import Collection as Ids
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from tao.models.embeddings import BundledEmbedder, CombinedEmbedder, Embedder
from tao_servers.knowledge.index.catalogue import Catalogue, Source, open_catalogue
from tao_servers.knowledge.index.errors import (
    DamagedIndexError,
    EmptyStoreError,
    StoreError,
    translated,
)
from tao_servers.knowledge.index.passages import Passage
from tao_servers.knowledge.index.place import Place
from tao_servers.knowledge.index.vectors import Vectors
from tao_servers.knowledge.index.words import Words, open_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Collection", "check_embedder", "open_collection"]

# What a user sets is another name than the one that vectors are kept by.
_SETTINGS = {BundledEmbedder.name: "bundled", CombinedEmbedder.name: "bundled-large"}


@contextmanager
def open_collection(
    place: Place, embedder: Embedder, *, strong: Embedder | None = None
) -> Iterator["Collection"]:
    """Open a collection for reading.

    It is searched with `strong` once all its documents have the vectors of that embedder, else with
    `embedder`.

    Raises:
        EmptyStoreError: there is no such collection, or nothing in it.
        StoreError: another embedder made its vectors, or it cannot be used.
        MissingExtra: a library is not installed.
    """
    with ExitStack() as stack:
        with translated(place.folder):
            if not place.catalogue.is_file():
                raise EmptyStoreError(f"The collection {place.name!r} in {str(place.store)!r} is empty.")
            catalogue = stack.enter_context(open_catalogue(place.catalogue, write=False))
            check_embedder(catalogue, place, embedder)
            if not catalogue.indexed_count():
                raise EmptyStoreError(f"The collection {place.name!r} in {str(place.store)!r} is empty.")
            if catalogue.broken:
                raise DamagedIndexError(
                    f"An index of the collection {place.name!r} in {str(place.store)!r} was lost, and is not "
                    "yet made anew. Wait for the process that does so, or run `tao-knowledge check --repair`."
                )
            searched_with = _searched_with(catalogue, embedder, strong)
            try:
                vectors = stack.enter_context(place.vectors(searched_with.name, write=False))
                words = stack.enter_context(open_words(place.words, write=False))
            except (DamagedIndexError, EmptyStoreError) as exc:
                raise DamagedIndexError(
                    f"{exc} `tao-knowledge check --repair` makes it anew from the catalogue."
                ) from exc
        yield Collection(place, catalogue, vectors, words, searched_with)


def check_embedder(catalogue: Catalogue, place: Place, embedder: Embedder) -> None:
    """Raise a `StoreError` unless `embedder` made the vectors of the collection."""
    made_with = catalogue.about("embedder")
    if made_with is None:
        raise EmptyStoreError(f"The collection {place.name!r} in {str(place.store)!r} is empty.")
    if made_with != embedder.name:
        raise StoreError(
            f"The collection {place.name!r} in {str(place.store)!r} was made with the embedder "
            f"{_shown(made_with)}, and this is {_shown(embedder.name)}: their vectors cannot be compared. "
            "Set that one (TAO_KNOWLEDGE_EMBEDDER), ingest into another collection (--collection NAME), or "
            f"delete this one, the folder {str(place.folder)!r}."
        )


def _shown(embedder: str) -> str:
    setting = _SETTINGS.get(embedder)
    return f"{setting!r} ({embedder})" if setting else repr(embedder)


def _searched_with(catalogue: Catalogue, embedder: Embedder, strong: Embedder | None) -> Embedder:
    strength = catalogue.strength
    if strong is None or strength.embedder != strong.name or strength.lacking(strong.name, 1):
        return embedder
    return strong


class Collection:
    """An open collection; its calls block, and come from one thread at a time."""

    def __init__(
        self, place: Place, catalogue: Catalogue, vectors: Vectors, words: Words, embedder: Embedder
    ) -> None:
        self.place = place
        self.catalogue = catalogue
        self.embedder = embedder
        """What made the vectors that are searched."""
        self._vectors = vectors
        self._words = words

    def sources(self) -> list[Source]:
        """The live documents, sorted by source."""
        with translated(self.place.folder):
            return self.catalogue.sources()

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """The chunks with these ids, less those of documents that are gone."""
        with translated(self.place.folder):
            return self.catalogue.passages(ids)

    def nearest(
        self, vector: "NDArray[np.float32]", limit: int, *, documents: Ids[int] | None = None
    ) -> list[tuple[int, float]]:
        """The ids of the chunks nearest to `vector` with their cosines, best first; some may be gone."""
        with translated(self.place.folder):
            return self._vectors.nearest(vector, limit, documents=documents)

    def matching(
        self, query: str, limit: int, *, documents: Ids[int] | None = None
    ) -> list[tuple[int, float]]:
        """The ids of the chunks that share most words with `query` by BM25, best first; some may be gone.

        The score is a share of what a chunk could reach that has all its words many times.
        """
        with translated(self.place.folder):
            best = self._words.best_score(query)
            found = self._words.search(query, limit, documents=documents)
        return [(id_, score / best) for id_, score in found] if best else []

    @cached_property
    def languages(self) -> list[str]:
        """The languages of the documents, `zh` and `en`; an empty one among them stands for neither."""
        with translated(self.place.folder):
            return sorted(self.catalogue.languages())

    @property
    def language(self) -> str:
        """The one language of all documents; empty where they have several, or none."""
        return self.languages[0] if len(self.languages) == 1 else ""

    def vectors_of(self, ids: Sequence[int]) -> "NDArray[np.float32]":
        """The vectors of chunks, a row each; of a chunk that has none, zeros."""
        with translated(self.place.folder):
            return self._vectors.get(ids)
