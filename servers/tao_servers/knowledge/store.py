"""Documents in a Chroma collection: their passages, with vectors.

A document's first passage, its head, is written last and deleted first. Without a head a document is
incomplete: it is never shown, and the next writer clears it away. So a process may die at any moment.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tao.models.embeddings import Embedder
from tao_servers.knowledge.database import index_lock, open_collection, translated
from tao_servers.knowledge.split import Passage

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

__all__ = ["Hit", "Source", "Store", "open_store", "revision"]

_REVISION = "revision"
# Part of each document's key: raise it when load or split change, and everything is read anew.
_FORM = "1"
# Chroma takes 5,461 at once; fewer keep memory low and the progress bar moving.
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Source:
    """A complete document; `added` is in seconds since 1970."""

    path: str
    passages: int
    added: float
    key: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage near a vector; `score` is their cosine, from -1 to 1."""

    text: str
    path: str
    line: int
    score: float


def revision(path: Path) -> str:
    """A text that changes whenever a writer has changed the store in the folder `path`."""
    with translated(path):
        try:
            return (path / _REVISION).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return ""


@contextmanager
def open_store(path: Path, embedder: Embedder, *, write: bool = False) -> Iterator["Store"]:
    """Open the store in the folder `path`, as `open_collection` does and with its errors."""
    with open_collection(path, embedder, write=write) as collection:
        store = Store(path, collection, embedder)
        if write:
            store.clear_incomplete()
        yield store


class Store:
    """An open store; its calls block."""

    def __init__(self, path: Path, collection: "Collection", embedder: Embedder) -> None:
        self._path = path
        self._collection = collection
        self._embedder = embedder
        self._complete = {source.key for source in self.sources()}

    def sources(self) -> list[Source]:
        """The complete documents, sorted by path."""
        with translated(self._path):
            heads = self._collection.get(where={"head": True}, include=["metadatas"])
        datas: Any = heads["metadatas"]
        found = [
            Source(data["path"], data["passages"], data["added"], _key_of(id_))
            for id_, data in zip(heads["ids"], datas, strict=True)
        ]
        return sorted(found, key=lambda source: (source.path, source.added))

    def has(self, path: str, digest: str) -> bool:
        """Whether the document at `path` is here, with just this content."""
        return _key(path, digest) in self._complete

    def put(
        self, path: str, digest: str, passages: Sequence[Passage], *, progress: Callable[[int], None]
    ) -> None:
        """Write the document at `path`, then forget what was known of it before.

        `progress` is told how many passages are written so far.
        """
        key = _key(path, digest)
        old = self._ids({"path": path})
        try:
            self._write(key, path, passages, progress)
        except BaseException:
            self._delete([id_ for id_ in self._ids({"path": path}) if _key_of(id_) == key])
            raise
        self._complete.add(key)
        self._delete(old)
        self._mark_changed()

    def remove(self, path: str) -> int:
        """Forget the document at `path`; returns how many passages it had."""
        ids = self._ids({"path": path})
        if ids:
            self._delete(ids)
            self._mark_changed()
        return len(ids)

    def nearest(self, vector: Sequence[float], limit: int) -> tuple[list[Hit], bool]:
        """The passages nearest to `vector`, best first, and whether a higher limit may bring more."""
        query: Any = [list(vector)]
        with translated(self._path):
            found: Any = self._collection.query(
                query_embeddings=query, n_results=limit, include=["documents", "metadatas", "distances"]
            )
        columns = [found[name][0] for name in ("ids", "documents", "metadatas", "distances")]
        hits = [
            Hit(text, data["path"], data["line"], 1 - distance)
            for id_, text, data, distance in zip(*columns, strict=True)
            # A document that another process removes at this moment is still in the index, without data.
            if data is not None and _key_of(id_) in self._complete
        ]
        return hits, len(columns[0]) >= limit

    def clear_incomplete(self) -> None:
        """Remove what a writer that died has left behind."""
        sources = self.sources()
        # One that died between the new and the old form of a document has left both.
        newest = {source.path: source.key for source in sorted(sources, key=lambda source: source.added)}
        keep = set(newest.values())
        with translated(self._path):
            count = self._collection.count()
        if len(keep) < len(sources) or sum(source.passages for source in sources) != count:
            self._delete([id_ for id_ in self._ids(None) if _key_of(id_) not in keep])
            self._mark_changed()

    def _write(
        self, key: str, path: str, passages: Sequence[Passage], progress: Callable[[int], None]
    ) -> None:
        for start in range(1, len(passages), _BATCH):
            batch = passages[start : start + _BATCH]
            datas = [{"path": path, "line": passage.line} for passage in batch]
            self._add([f"{key}-{n}" for n in range(start, start + len(batch))], batch, datas)
            progress(start + len(batch) - 1)
        head = {"head": True, "passages": len(passages), "added": time.time()}
        self._add([f"{key}-0"], passages[:1], [{"path": path, "line": passages[0].line, **head}])
        progress(len(passages))

    def _add(self, ids: list[str], passages: Sequence[Passage], datas: list[dict[str, Any]]) -> None:
        texts = [passage.text for passage in passages]
        vectors: Any = self._embedder.embed(texts)
        metadatas: Any = datas
        with translated(self._path), index_lock(self._path):
            self._collection.add(ids=ids, embeddings=vectors, documents=texts, metadatas=metadatas)

    def _ids(self, where: dict[str, Any] | None) -> list[str]:
        with translated(self._path):
            return self._collection.get(where=where, include=[])["ids"]

    def _delete(self, ids: list[str]) -> None:
        heads_first = sorted(ids, key=lambda id_: not id_.endswith("-0"))
        self._complete.difference_update(map(_key_of, ids))
        for start in range(0, len(ids), _BATCH):
            with translated(self._path), index_lock(self._path):
                self._collection.delete(ids=heads_first[start : start + _BATCH])

    def _mark_changed(self) -> None:
        with translated(self._path):
            (self._path / _REVISION).write_text(str(time.time_ns()), encoding="utf-8")


def _key(path: str, digest: str) -> str:
    parts = (path, f"{_FORM} {digest}")
    return "-".join(hashlib.sha256(part.encode()).hexdigest()[:16] for part in parts)


def _key_of(id_: str) -> str:
    return id_.rpartition("-")[0]
