"""The indexes of a collection that its catalogue is searched by: words, vectors, and stronger vectors."""

import shutil
from collections.abc import Collection as Ids
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from tao.models.embeddings import Embedder
from tao_servers.knowledge.index.catalogue import Catalogue
from tao_servers.knowledge.index.errors import DamagedIndexError
from tao_servers.knowledge.index.passages import Passage
from tao_servers.knowledge.index.place import Place
from tao_servers.knowledge.index.vectors import Vectors
from tao_servers.knowledge.index.words import Words, open_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Disagreement", "Legs", "open_legs"]

_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How many chunks the indexes lack, and how many they have that the catalogue does not know."""

    vectors_missing: int = 0
    vectors_extra: int = 0
    words_missing: int = 0
    words_extra: int = 0
    strong_missing: int = 0
    strong_extra: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)


@contextmanager
def open_legs(place: Place, embedder: str, *, strong: str | None) -> Iterator["Legs"]:
    """Open the indexes for writing; one whose files are broken is begun anew, empty.

    Raises:
        StoreError: they cannot be used.
        MissingExtra: a library is not installed.
    """
    with ExitStack() as stack:
        try:
            words = stack.enter_context(open_words(place.words, write=True))
        except DamagedIndexError:
            shutil.rmtree(place.words, ignore_errors=True)
            words = stack.enter_context(open_words(place.words, write=True))
        vectors = _open_vectors(stack, place, embedder)
        stronger = _open_vectors(stack, place, strong) if strong else None
        yield Legs(vectors, words, stronger)


def _open_vectors(stack: ExitStack, place: Place, embedder: str) -> Vectors:
    try:
        return stack.enter_context(place.vectors(embedder, write=True))
    except DamagedIndexError:
        place.drop_vectors(embedder)
        return stack.enter_context(place.vectors(embedder, write=True))


class Legs:
    """Open indexes; each chunk of the catalogue that is no repetition is in all of them."""

    def __init__(self, vectors: Vectors, words: Words, strong: Vectors | None) -> None:
        self._vectors = vectors
        self._words = words
        self._strong = strong

    def add(self, passages: Sequence[Passage], vectors: "NDArray[np.float32]") -> None:
        """Add chunks, with a vector for each; when this returns they are on the disk."""
        ids = [passage.id for passage in passages]
        self._vectors.add(ids, [passage.document for passage in passages], vectors)
        self._words.add((passage.id, passage.document, passage.indexed_text) for passage in passages)
        self._words.commit()

    def add_strong(self, passages: Sequence[Passage], vectors: "NDArray[np.float32]") -> None:
        """Add stronger vectors of chunks that are there already."""
        assert self._strong is not None
        known = self.strengthened([passage.id for passage in passages])
        new = [n for n, passage in enumerate(passages) if passage.id not in known]
        if new:
            chosen = [passages[n] for n in new]
            self._strong.add([p.id for p in chosen], [p.document for p in chosen], vectors[new])

    def strengthened(self, chunks: Sequence[int]) -> set[int]:
        """Which of these chunks have stronger vectors."""
        assert self._strong is not None
        return set(self._strong.have(chunks))

    def delete(self, documents: Sequence[int], chunks: Sequence[int]) -> None:
        """Delete all chunks of these documents, whose ids are `chunks`."""
        self._words.delete_documents(documents)
        self._words.commit()
        self._vectors.delete(chunks)
        if self._strong is not None:
            self._strong.delete(chunks)

    def agree_in_number(self, catalogue: Catalogue) -> bool:
        """Whether the indexes have as many chunks as the catalogue: a quick look."""
        return self._vectors.count() == self._words.count() == catalogue.indexed_count()

    def one_is_empty(self) -> bool:
        """Whether the words or the vectors are lost, where there should be some."""
        return not (self._words.count() and self._vectors.count())

    def disagreement(self, catalogue: Catalogue) -> Disagreement:
        """Compare every chunk's id."""
        live = catalogue.indexed_ids("live")
        vectors, words = set(self._vectors.ids()), set(self._words.ids())
        strong = set(self._strong.ids()) if self._strong is not None else set()
        stronger = _strong_ids(catalogue) if self._strong is not None else set()
        return Disagreement(
            vectors_missing=len(live - vectors),
            vectors_extra=len(vectors - live),
            words_missing=len(live - words),
            words_extra=len(words - live),
            strong_missing=len(stronger - strong),
            # A document's stronger vectors are there before they are noted.
            strong_extra=len(strong - live),
        )

    def mend(self, catalogue: Catalogue, embedder: Embedder) -> None:
        """Make the indexes agree with the catalogue, which has all the texts."""
        live = catalogue.indexed_ids("live")
        self._mend_words(catalogue, live)
        known = set(self._vectors.ids())
        self._vectors.delete(list(known - live))
        for passages in _batches(catalogue, live - known):
            vectors = embedder.embed([passage.indexed_text for passage in passages])
            self._vectors.add([p.id for p in passages], [p.document for p in passages], vectors)
        if self._strong is not None:
            strong = set(self._strong.ids())
            self._strong.delete(list(strong - live))
            missing = _strong_ids(catalogue) - strong
            catalogue.strength.note(catalogue.documents_of(list(missing)), has=False)

    def _mend_words(self, catalogue: Catalogue, live: Ids[int]) -> None:
        if set(self._words.ids()) == live:
            return
        self._words.clear()
        for passages in _batches(catalogue, live):
            self._words.add((passage.id, passage.document, passage.indexed_text) for passage in passages)
        self._words.commit()


def _strong_ids(catalogue: Catalogue) -> set[int]:
    strong = catalogue.strength.embedder
    upgraded = [source.id for source in catalogue.sources() if strong and source.strong == strong]
    return {passage.id for passage in catalogue.indexed(upgraded)}


def _batches(catalogue: Catalogue, ids: Ids[int]) -> Iterator[list[Passage]]:
    remaining = iter(sorted(ids))
    while some := list(islice(remaining, _AT_ONCE)):
        yield list(catalogue.passages(some).values())
