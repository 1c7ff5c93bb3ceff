"""Keeps processes apart: one writer a collection, and nobody beside whoever rewrites the vector files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tao_servers.knowledge.index.errors import BusyStoreError

__all__ = ["index_lock", "writer_lock"]

_INDEX_WAIT_SECONDS = 30.0


@contextmanager
def writer_lock(folder: Path, *, seconds: float = 0.0) -> Iterator[None]:
    """Hold the right to write in `folder`; the system lets go of it when the process dies.

    Raises:
        BusyStoreError: another process still had it after `seconds`.
    """
    busy = f"Another process is writing to {str(folder)!r}. Wait until it ends."
    with _held(folder / "writer.lock", seconds, busy):
        yield


@contextmanager
def index_lock(folder: Path) -> Iterator[None]:
    """Keep the other processes from the vector files in `folder`.

    Chroma reads them at a client's first query and rewrites them as it adds and deletes; where the two
    meet, the reading process dies of a segmentation fault. Later queries do not touch them.
    """
    with _held(folder / "index.lock", _INDEX_WAIT_SECONDS, "The documents are being written; try again."):
        yield


@contextmanager
def _held(lock_file: Path, seconds: float, busy: str) -> Iterator[None]:
    lock = FileLock(lock_file, timeout=seconds, poll_interval=0.01)
    try:
        lock.acquire()
    except Timeout as exc:
        raise BusyStoreError(busy) from exc
    try:
        yield
    finally:
        lock.release()
