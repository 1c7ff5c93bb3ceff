"""Writes a collection: documents go in whole, replace what they were before, or are not there at all."""

import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tao.models.embeddings import Embedder
from tao_servers.knowledge.index.catalogue import Catalogue, Entry, Source, open_catalogue
from tao_servers.knowledge.index.collection import check_embedder
from tao_servers.knowledge.index.errors import translated
from tao_servers.knowledge.index.legs import Disagreement, Legs, open_legs
from tao_servers.knowledge.index.locks import writer_lock
from tao_servers.knowledge.index.passages import Passage
from tao_servers.knowledge.index.place import Place
from tao_servers.knowledge.index.strength import Totals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Writer", "open_writer"]

_log = logging.getLogger(__name__)


@contextmanager
def open_writer(place: Place, embedder: Embedder, *, wait: float = 0.0) -> Iterator["Writer"]:
    """Open a collection for writing, one writer at a time; what is missing is made.

    What a writer that died has left unfinished is swept away. The indexes are opened when they are first
    needed, and mended then if they do not agree with the catalogue.

    Raises:
        BusyStoreError: another process was still writing after `wait` seconds.
        StoreError: another embedder made its vectors, or it cannot be used.
    """
    with ExitStack() as stack:
        with translated(place.folder):
            place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(writer_lock(place.folder, seconds=wait))
            catalogue = stack.enter_context(open_catalogue(place.catalogue, write=True))
            if catalogue.about("id") is None:
                catalogue.note("id", secrets.token_hex(8))
            if catalogue.about("embedder") is None or catalogue.is_empty():
                catalogue.note("name", place.name)
                catalogue.note("embedder", embedder.name)
            check_embedder(catalogue, place, embedder)
        writer = Writer(place, catalogue, embedder, stack)
        if catalogue.leftovers() or catalogue.broken:
            writer.sweep()
        yield writer


class Writer:
    """A collection open for writing; its calls block, and come from one thread at a time."""

    def __init__(self, place: Place, catalogue: Catalogue, embedder: Embedder, closing: ExitStack) -> None:
        self.place = place
        self.embedder = embedder
        self._catalogue = catalogue
        self._closing = closing.enter_context(ExitStack())
        self._opened: Legs | None = None

    def sources(self) -> list[Source]:
        """The live documents, sorted by source."""
        with translated(self.place.folder):
            return self._catalogue.sources()

    def put(self, entries: Sequence[Entry], vectors: "NDArray[np.float32]") -> None:
        """Write documents, with the vectors of their indexed chunks in their order; now they can be found.

        Each takes the place of the one that had its source. If this fails, nothing has changed.

        Raises:
            StoreError: they cannot be written.
            MissingExtra: a library is not installed.
        """
        with translated(self.place.folder):
            legs = self._legs()
            documents = self._catalogue.write(entries)
            # Where this fails they are new, and not shown; the next writer sweeps them. When that was done
            # here, after the disk was full, Chroma has been seen to wait for ever.
            legs.add(list(self._catalogue.indexed(documents)), vectors)
            replaced = self._catalogue.publish(documents)
        if replaced:
            self.sweep()

    def remove(self, documents: Sequence[int]) -> None:
        """Forget documents, by their ids."""
        with translated(self.place.folder):
            self._catalogue.retire(documents)
        self.sweep()

    def sweep(self) -> None:
        """Delete what is left of documents that were replaced, removed or never finished."""
        with translated(self.place.folder):
            legs = self._legs()
            leftovers = self._catalogue.leftovers()
            legs.delete(leftovers, self._catalogue.chunk_ids(leftovers))
            self._catalogue.forget(leftovers)

    def check(self) -> Disagreement:
        """Compare the indexes with the catalogue, chunk by chunk."""
        with translated(self.place.folder):
            return self._legs(mend=False).disagreement(self._catalogue)

    def mend(self) -> None:
        """Make the indexes agree with the catalogue."""
        with translated(self.place.folder):
            self._mend(self._legs(mend=False))

    def begin_upgrade(self, strong: str) -> None:
        """Note the strong embedder by its name; the vectors of another one are given up."""
        with translated(self.place.folder):
            before = self._catalogue.strength.embedder
            if before != strong:
                self._opened = None
                self._closing.close()
                self._catalogue.strength.begin(strong)
                if before is not None:
                    self.place.drop_vectors(before)

    def weaker(self, limit: int) -> list[int]:
        """The ids of documents without the vectors of the strong embedder, the newest first."""
        with translated(self.place.folder):
            return self._catalogue.strength.lacking(self._catalogue.strength.embedder, limit)

    def page(self, document: int, after: Passage | None, limit: int) -> list[Passage]:
        """The first indexed chunks of a document, or those that follow the chunk `after` in its text."""
        with translated(self.place.folder):
            return self._catalogue.indexed_after(document, after, limit)

    def strengthened(self, passages: Sequence[Passage]) -> set[int]:
        """The ids of those chunks that have a vector of the strong embedder."""
        with translated(self.place.folder):
            return self._legs().strengthened([passage.id for passage in passages])

    def strengthen(self, passages: Sequence[Passage], vectors: "NDArray[np.float32]") -> None:
        """Add the strong embedder's vectors of chunks, less those that are gone or have theirs."""
        with translated(self.place.folder):
            live = self._catalogue.passages([passage.id for passage in passages])
            kept = [n for n, passage in enumerate(passages) if passage.id in live]
            self._legs().add_strong([passages[n] for n in kept], vectors[kept])

    def upgraded(self, documents: Sequence[int]) -> None:
        """Note that these documents have all vectors of the strong embedder."""
        with translated(self.place.folder):
            self._catalogue.strength.note(documents, has=True)

    def totals(self) -> Totals:
        """How much is in the collection."""
        with translated(self.place.folder):
            return self._catalogue.strength.totals()

    def _legs(self, *, mend: bool = True) -> Legs:
        if self._opened is None:
            strong = self._catalogue.strength.embedder
            opened = self._closing.enter_context(open_legs(self.place, self.embedder.name, strong=strong))
            self._opened = opened
            if opened.one_is_empty() and self._catalogue.indexed_count():
                # For readers, who would find less without a word, and for the next writer, if this one dies.
                self._catalogue.note_broken(True)
            if mend and self._is_to_be_mended(opened):
                _log.warning("The indexes of %r lack something and are mended.", self.place.name)
                self._mend(opened)
        return self._opened

    def _is_to_be_mended(self, legs: Legs) -> bool:
        catalogue = self._catalogue
        return catalogue.broken or not (catalogue.leftovers() or legs.agree_in_number(catalogue))

    def _mend(self, legs: Legs) -> None:
        legs.mend(self._catalogue, self.embedder)
        self._catalogue.note_broken(False)
