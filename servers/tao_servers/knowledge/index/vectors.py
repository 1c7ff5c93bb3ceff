"""The vectors of chunks, by the chunks' ids: in a folder, or on a Chroma server."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tao.models.loading import load
from tao_servers.knowledge.index.chroma import ChromaVectors, chroma_settings, opened
from tao_servers.knowledge.index.chroma_files import DATABASE, check_files
from tao_servers.knowledge.index.chroma_names import safe_name
from tao_servers.knowledge.index.chroma_server import ChromaServer, open_chroma_server
from tao_servers.knowledge.index.errors import DamagedIndexError, EmptyStoreError, translated
from tao_servers.knowledge.index.locks import index_lock
from tao_servers.knowledge.index.saving import restore, undoable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ChromaServer", "Vectors", "open_chroma", "open_chroma_server"]


class Vectors(Protocol):
    """Vectors by id; the calls block, and raise `StoreError` when the vectors cannot be reached."""

    def add(self, ids: Sequence[int], documents: Sequence[int], vectors: "NDArray[np.float32]") -> None:
        """Add a row of `vectors` for each id, with its document's id; it replaces an earlier one."""

    def delete(self, ids: Sequence[int]) -> None:
        """Delete these, where they are there."""

    def nearest(
        self, vector: "NDArray[np.float32]", limit: int, *, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The ids nearest to `vector` with their cosines, best first; with `documents`, only of these."""

    def get(self, ids: Sequence[int]) -> "NDArray[np.float32]":
        """The vector of each id, a row each; of one that is not there, zeros."""

    def have(self, ids: Sequence[int]) -> list[int]:
        """Those of `ids` that are there."""

    def ids(self) -> Iterator[int]:
        """The ids of all, in no order."""

    def count(self) -> int:
        """How many there are."""


@contextmanager
def open_chroma(folder: Path, name: str, *, write: bool) -> Iterator[Vectors]:
    """Open the collection `name` of the Chroma database in `folder`; only a writer makes what is missing.

    Whoever writes sees to it that nobody else does; readers in other processes may go on.

    Raises:
        EmptyStoreError: a reader found no such collection.
        DamagedIndexError: its files are broken.
        StoreError: it cannot be used, or is being written and did not become free.
        MissingExtra: chromadb is not installed.
    """
    with ExitStack() as stack:
        with translated(folder):
            if write:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            elif not (folder / DATABASE).is_file():
                raise EmptyStoreError(f"There are no vectors in {str(folder)!r}.")
            with index_lock(folder), _broken_told(folder):
                restore(folder)
                check_files(folder)
                chromadb = load("chromadb", extra="knowledge")
                client = stack.enter_context(
                    chromadb.PersistentClient(str(folder), settings=chroma_settings())
                )
                collection = opened(client, safe_name(name), write=write)
                with undoable(folder, changes=0):
                    _read_index(collection)
                at_once = client.get_max_batch_size()
        yield ChromaVectors(
            collection,
            at_once=at_once,
            reading=lambda: translated(folder),
            writing=lambda changes: _alone(folder, changes),
        )


@contextmanager
def _alone(folder: Path, changes: int) -> Iterator[None]:
    with translated(folder), index_lock(folder), undoable(folder, changes=changes):
        yield


@contextmanager
def _broken_told(folder: Path) -> Iterator[None]:
    internal = load("chromadb", extra="knowledge").errors.InternalError
    try:
        yield
    except internal as exc:
        if any(passing in str(exc) for passing in ("locked", "full", "disk I/O", "readonly")):
            raise
        raise DamagedIndexError(f"The vectors in {str(folder)!r} are broken: {exc}.") from exc


def _read_index(collection: Any) -> None:
    """The first query reads the files of the index: it is to be made under the lock."""
    some = collection.peek(1)["embeddings"]
    if len(some):
        collection.query(query_embeddings=some, n_results=1, include=[])
