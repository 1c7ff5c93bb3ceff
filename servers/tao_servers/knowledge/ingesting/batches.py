"""Embeds entries and writes them, the one while the other goes on."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from tao.models.embeddings import Embedder
from tao_servers.knowledge.index import Entry, Writer, indexed_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Batches"]

# Texts embedded in one call: enough for a model to sort them by length, few enough for a bar to move.
_TEXTS = 64
# A batch is written when it has so many chunks or is so old: what a kill can cost, against a commit's price.
_CHUNKS = 512
_SECONDS = 5.0


class Batches:
    """Takes entries, and has them in the collection when it is left; an error loses those not yet written.

    `written` is called, in the thread that adds, with each batch that is in the collection for good;
    `embedded` with the number of chunks embedded since it was last called.
    """

    def __init__(
        self,
        writer: Writer,
        embedder: Embedder,
        *,
        written: Callable[[Sequence[Entry]], None],
        embedded: Callable[[int], None],
    ) -> None:
        self._writer = writer
        self._embedder = embedder
        self._written = written
        self._embedded = embedded
        self._thread = ThreadPoolExecutor(1, "knowledge-writer")
        self._writing: tuple[list[Entry], Future[None]] | None = None
        self._entries: list[Entry] = []
        self._vectors: list[NDArray[np.float32]] = []
        self._waiting: deque[str] = deque()
        self._begun = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
            self._settle()
        finally:
            self._thread.shutdown()

    def add(self, entry: Entry) -> None:
        """Take an entry; blocks while those before it are embedded.

        Raises:
            StoreError: those before it cannot be written.
            ConfigError, ModelError: the embedder failed.
        """
        if not self._entries:
            self._begun = time.monotonic()
        self._entries.append(entry)
        self._waiting.extend(indexed_text(entry.document.title, chunk) for chunk in entry.indexed)
        while len(self._waiting) >= _TEXTS:
            self._embed()
        chunks = len(self._waiting) + sum(map(len, self._vectors))
        if chunks >= _CHUNKS or time.monotonic() - self._begun >= _SECONDS:
            self._flush()

    def _embed(self) -> None:
        texts = [self._waiting.popleft() for _ in range(min(_TEXTS, len(self._waiting)))]
        self._vectors.append(self._embedder.embed(texts))
        self._embedded(len(texts))

    def _flush(self) -> None:
        while self._waiting:
            self._embed()
        self._settle()
        if self._entries:
            future = self._thread.submit(self._write, self._entries, self._vectors)
            self._writing = (self._entries, future)
            self._entries, self._vectors = [], []

    def _write(self, entries: list[Entry], vectors: "list[NDArray[np.float32]]") -> None:
        import numpy as np

        joined = np.concatenate(vectors) if vectors else np.empty((0, self._embedder.dimension), np.float32)
        self._writer.put(entries, joined)

    def _settle(self) -> None:
        if self._writing is not None:
            (entries, future), self._writing = self._writing, None
            future.result()
            self._written(entries)
