"""Keeps a DuckDB file made from files of data, as long as none of them changes."""

import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tao.settings import cache_dir
from tao_servers.text2sql.engines.duckdb.address import DataFiles, stamp_of
from tao_servers.text2sql.engines.duckdb.workers import Workers
from tao_servers.text2sql.errors import QueryFailed, SetupError
from tao_servers.text2sql.stopping import Stop

__all__ = ["cached"]

_LOG = logging.getLogger(__name__)

# To be counted up when the same files would become other tables.
_FORM = 1
_MOST_SECONDS = 3_600.0
_LOCK_SECONDS = 0.5


def cached(files: DataFiles, workers: Workers, stop: Stop, *, folder: Path | None = None) -> Path:
    """The DuckDB file with `files` as tables, made first when there is none or a file has changed.

    Raises:
        SetupError: a file cannot be read, or the folder cannot be written to.
        QueryFailed: it was cancelled.
    """
    folder = folder or cache_dir() / "text2sql"
    place = _hash([str(_FORM), *map(str, files.paths)])
    path = folder / f"{place}-{_hash([str(stamp_of(files))])}.duckdb"
    try:
        if path.exists():
            return path
        # Copies of the user's files are not for other users of the machine.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(folder / f"{place}.lock", stop):
            if not path.exists():
                _make(files, path, workers, stop)
                _remove_others(folder, place, path)
    except OSError as exc:
        raise SetupError(
            f"The data files cannot be prepared in {str(folder)!r}: {exc}. Make room there and allow writing."
        ) from exc
    return path


def _make(files: DataFiles, path: Path, workers: Workers, stop: Stop) -> None:
    part = path.with_suffix(".part")
    request = {"do": "import", "path": str(part), "files": [str(p) for p in files.paths]}
    _LOG.info("Preparing %d data files ...", len(files.paths))
    try:
        workers.ask(request, seconds=_MOST_SECONDS, stop=stop)
        part.replace(path)
    except QueryFailed as exc:
        if stop.is_set:
            raise
        raise SetupError(
            "The data files could not be prepared: it took too long or too much memory. Give fewer or"
            " smaller ones."
        ) from exc
    finally:
        # What a killed process left.
        for left in path.parent.glob(f"{part.name}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    _LOG.info("The data files are ready.")


@contextmanager
def _locked(path: Path, stop: Stop) -> Iterator[None]:
    """Wait for the lock, as another process that makes the same file may take minutes, and hold it."""
    lock = FileLock(path)
    while not lock.is_locked:
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout as exc:
            if stop.is_set:
                raise QueryFailed("The query was cancelled.") from exc
    try:
        yield
    finally:
        lock.release()


def _remove_others(folder: Path, place: str, path: Path) -> None:
    # Also what was left of one that a killed process was making.
    for old in folder.glob(f"{place}-*"):
        if old != path:
            try:
                shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
            except OSError as exc:
                # On Windows a file that is being read stays; the next change removes it.
                _LOG.info("%s stays: %s", old, exc)


def _hash(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
