"""Gives a collection's documents the strong embedder's vectors, while it is searched and written to."""

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tao.errors import ConfigError
from tao.models.embeddings import Embedder
from tao_servers.knowledge.index import BusyStoreError, Passage, Place, StoreError, Writer, open_writer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Ending", "UpgradeWatcher", "upgrade"]

Ending = Literal["upgraded", "stopped", "gone"]
"""Every document has its vectors; it was stopped before; the collection was deleted meanwhile."""

# Opening a collection costs up to seconds for a large one: what is embedded between two openings takes at
# least so many seconds, and so many times what the last opening took.
_BETWEEN_SECONDS = 20.0
_BETWEEN_OPENINGS = 20.0
_LONGEST_BETWEEN_SECONDS = 300.0
# Passages chosen at once: to begin with, until their rate is known, and at most, which bounds the memory.
_FEW = 32
_MOST = 4096
# One call of the embedder takes about so long, which is how fast it can be stopped.
_CALL_SECONDS = 1.0
_SMALLEST_CALL, _LARGEST_CALL = 4, 256
_PAGE = 256
_DOCUMENTS = 1024
_LOCK_SECONDS = 0.5
_BUSY_SECONDS = 2.0


class UpgradeWatcher:
    """Is told how an upgrade goes on; does nothing by itself."""

    def progress(self, done: int, total: int) -> None:
        """So many of the collection's indexed chunks have their vectors."""

    def waiting(self) -> None:
        """Another process writes to the collection; called every few seconds as long as it does."""


def upgrade(
    place: Place, embedder: Embedder, strong: Embedder, *, watcher: UpgradeWatcher, stop: threading.Event
) -> Ending:
    """Embed with `strong` what lacks its vectors, the newest documents first.

    The collection is open for writing only for the moments in which vectors are written. What was written
    is not embedded again by the next call, however this one ends. `embedder` is what the collection was
    made with. `stop` ends it after a second or so.

    Raises:
        StoreError: the collection cannot be used.
        ConfigError, ModelError: the embedder is not there, or fails.
    """
    if strong.name == embedder.name:
        raise ConfigError(
            f"The collection {place.name!r} has the vectors of {strong.name!r} already. Set a stronger "
            "embedder (TAO_KNOWLEDGE_UPGRADE), such as 'bundled-large'."
        )
    run = _Run(place, embedder, strong, watcher, stop)
    made: _Batch | None = None
    while True:
        turn = run.turn(made)
        if not isinstance(turn, _Batch):
            return turn
        made = run.embed(turn)


@dataclass
class _Batch:
    """Passages to embed; once they are written, the documents `whole` have all vectors."""

    passages: list[Passage] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    done: int = 0
    total: int = 0
    vectors: "list[NDArray[np.float32]]" = field(default_factory=list)


class _Run:
    def __init__(
        self,
        place: Place,
        embedder: Embedder,
        strong: Embedder,
        watcher: UpgradeWatcher,
        stop: threading.Event,
    ) -> None:
        self._place = place
        self._embedder = embedder
        self._strong = strong
        self._watcher = watcher
        self._stop = stop
        # Of documents that are too large for one batch: what was chosen last, and how many were chosen.
        self._reached: dict[int, Passage] = {}
        self._chosen: dict[int, int] = {}
        self._at_once = _FEW
        self._call = _SMALLEST_CALL
        self._opening_seconds = 0.0

    def turn(self, made: _Batch | None) -> "_Batch | Ending":
        """Write what was embedded and choose what is next; waits as long as another process writes."""
        while self._place.catalogue.is_file():
            began = time.monotonic()
            try:
                with open_writer(self._place, self._embedder, wait=_LOCK_SECONDS) as writer:
                    turn = self._turn(writer, made)
            except BusyStoreError:
                self._watcher.waiting()
                if self._stop.wait(_BUSY_SECONDS):
                    return "stopped"
            except StoreError:
                if self._place.catalogue.is_file():
                    raise
            else:
                self._opening_seconds = time.monotonic() - began
                return turn
        return "gone"

    def _turn(self, writer: Writer, made: _Batch | None) -> "_Batch | Ending":
        writer.begin_upgrade(self._strong.name)
        if made is not None:
            if made.vectors:
                import numpy as np

                writer.strengthen(made.passages, np.concatenate(made.vectors))
            self._note(writer, made.whole)
        return "stopped" if self._stop.is_set() else self._choose(writer)

    def _choose(self, writer: Writer) -> "_Batch | Ending":
        while documents := writer.weaker(_DOCUMENTS):
            batch = _Batch()
            for document in documents:
                if not self._walk(writer, document, batch):
                    break
            if batch.passages:
                totals = writer.totals()
                chosen = totals.upgraded + sum(self._chosen.values()) - len(batch.passages)
                batch.done, batch.total = max(0, min(chosen, totals.indexed)), totals.indexed
                return batch
            self._note(writer, batch.whole)
        totals = writer.totals()
        self._watcher.progress(totals.upgraded, totals.indexed)
        return "upgraded"

    def _walk(self, writer: Writer, document: int, batch: _Batch) -> bool:
        """Add what a document lacks to the batch; whether there is room left.

        One that took several batches is walked through once more before it counts as whole: whoever mends
        the collection meanwhile may have thrown vectors away.
        """
        begun = after = self._reached.pop(document, None)
        counted = document in self._chosen and begun is None
        while (room := self._at_once - len(batch.passages)) > 0:
            page = writer.page(document, after, min(room, _PAGE))
            if not page:
                if begun is None:
                    batch.whole.append(document)
                return True
            after = page[-1]
            known = writer.strengthened(page)
            batch.passages += [passage for passage in page if passage.id not in known]
            if not counted:
                self._chosen[document] = self._chosen.get(document, 0) + len(page)
        if after is not None:
            self._reached[document] = after
        return False

    def _note(self, writer: Writer, whole: list[int]) -> None:
        writer.upgraded(whole)
        for document in whole:
            self._chosen.pop(document, None)

    def embed(self, batch: _Batch) -> _Batch:
        """Embed the passages of a batch; when it is stopped, it is cut to those that have vectors."""
        began = time.monotonic()
        count = len(batch.passages)
        done = 0
        while done < count:
            if self._stop.is_set():
                batch.passages, batch.whole = batch.passages[:done], []
                return batch
            part = batch.passages[done : done + self._call]
            called = time.monotonic()
            batch.vectors.append(self._strong.embed([passage.indexed_text for passage in part]))
            self._set_call(len(part), time.monotonic() - called)
            done += len(part)
            self._watcher.progress(min(batch.done + done, batch.total), batch.total)
        self._set_at_once(count / max(1e-6, time.monotonic() - began))
        return batch

    def _set_call(self, texts: int, seconds: float) -> None:
        # The first call may load the model: its time says little, so that the step down is small.
        if seconds < _CALL_SECONDS / 2 and texts == self._call:
            self._call = min(_LARGEST_CALL, self._call * 2)
        elif seconds > _CALL_SECONDS * 2:
            self._call = max(_SMALLEST_CALL, self._call // 2)

    def _set_at_once(self, rate: float) -> None:
        seconds = max(_BETWEEN_SECONDS, _BETWEEN_OPENINGS * self._opening_seconds)
        wanted = int(rate * min(seconds, _LONGEST_BETWEEN_SECONDS))
        self._at_once = max(_FEW, min(_MOST, wanted))
