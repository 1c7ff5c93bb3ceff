"""Opens the Chroma collection in a folder, and says in plain words why it could not.

StoreError              the store cannot be used; the text says why and what to do
└── EmptyStoreError     there is nothing in it yet
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from tao.models.embeddings import Embedder
from tao.models.loading import MissingExtra, load

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

__all__ = ["EmptyStoreError", "StoreError", "index_lock", "open_collection", "translated"]

_COLLECTION = "passages"
_DATABASE = "chroma.sqlite3"
_INDEX_WAIT_SECONDS = 30.0
# The index is a random graph: with Chroma's own values (100 each) every fifth of them missed the best of 400
# passages. Short lines of one kind, as in a price list, lie close together and want a wider search.
_INDEX: Any = {"space": "cosine", "ef_construction": 400, "ef_search": 1000, "max_neighbors": 32}


class StoreError(Exception):
    """The store cannot be used; the text says why and what to do."""


class EmptyStoreError(StoreError):
    """There is nothing in the store yet."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Make a `StoreError` of whatever Chroma, SQLite or the file system raises."""
    try:
        yield
    except (StoreError, MissingExtra):
        raise
    except OSError as exc:
        raise StoreError(
            f"The store {str(path)!r} cannot be used: {exc}. Choose another folder (--store PATH)."
        ) from exc
    except Exception as exc:
        raise StoreError(
            f"The store {str(path)!r} cannot be used: {exc}. If it is damaged, delete that folder "
            "and ingest again."
        ) from exc


@contextmanager
def index_lock(path: Path) -> Iterator[None]:
    """Keep the other processes from the index files in the folder `path`.

    Chroma reads them at a client's first query and rewrites them as it adds and deletes; where the two
    meet, the reading process dies of a segmentation fault. Later queries do not touch them.
    """
    with _held(path / "index.lock", _INDEX_WAIT_SECONDS, "The documents are being written; try again."):
        yield


@contextmanager
def open_collection(path: Path, embedder: Embedder, *, write: bool) -> Iterator["Collection"]:
    """Open the collection in the folder `path`; only a writer makes what is missing, one writer at a time.

    Raises:
        EmptyStoreError: a reader found no collection.
        StoreError: another writer is at work, another embedder made the vectors, or it is damaged.
        MissingExtra: chromadb is not installed.
    """
    with ExitStack() as stack:
        with translated(path):
            if write:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
                busy = f"Another process is writing to the store {str(path)!r}. Wait until it ends."
                stack.enter_context(_held(path / "writer.lock", 0.0, busy))
            elif not (path / _DATABASE).is_file():
                raise EmptyStoreError(f"The store {str(path)!r} is empty.")
            with index_lock(path):
                client = _connect(path)
                stack.callback(client.close)
                collection = _collection(client, path, embedder.name, write=write)
                anything: Any = [[1.0] * embedder.dimension]
                collection.query(query_embeddings=anything, n_results=1, include=[])
        yield collection


@contextmanager
def _held(lock_file: Path, seconds: float, busy: str) -> Iterator[None]:
    lock = FileLock(lock_file, timeout=seconds, poll_interval=0.01)
    try:
        lock.acquire()
    except Timeout as exc:
        raise StoreError(busy) from exc
    try:
        yield
    finally:
        lock.release()


def _connect(path: Path) -> "Client":
    chromadb = load("chromadb", extra="knowledge")
    settings = chromadb.config.Settings(anonymized_telemetry=False)
    client: Client = chromadb.PersistentClient(str(path), settings=settings)
    return client


def _collection(client: "Client", path: Path, embedder: str, *, write: bool) -> "Collection":
    if _COLLECTION not in [collection.name for collection in client.list_collections()]:
        if not write:
            raise EmptyStoreError(f"The store {str(path)!r} is empty.")
        return client.create_collection(
            _COLLECTION,
            embedding_function=None,
            configuration={"hnsw": _INDEX},
            metadata={"embedder": embedder},
        )
    collection = client.get_collection(_COLLECTION, embedding_function=None)
    made_with = (collection.metadata or {}).get("embedder")
    if made_with != embedder:
        raise StoreError(
            f"The store {str(path)!r} was made with the embedder {made_with!r}, and this is {embedder!r}: "
            "their vectors cannot be compared. Ingest into another folder (--store PATH), or delete that one."
        )
    return collection
