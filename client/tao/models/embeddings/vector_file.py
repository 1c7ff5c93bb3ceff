"""Vectors in an SQLite file that several processes may use, and that may be lost without harm."""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

__all__ = ["VectorFile"]

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)
_BUSY_SECONDS = 10.0
# SQLite takes 999 parameters in its oldest builds.
_ASKED_AT_ONCE = 900
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    age INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL
)"""


class VectorFile:
    """Blobs under keys, at most `max_bytes` of them: past that the oldest tenth goes.

    It never raises for what is wrong with the file: a damaged one is set aside and begun anew, and where
    none can be written nothing is kept, which the log tells.
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._warned = False

    def read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What is kept under `keys`."""
        if not self._path.exists():
            return {}
        return self._tried(lambda database: _rows(database, keys)) or {}

    def write(self, blobs: Mapping[bytes, bytes]) -> None:
        """Keep each blob under its key, all or none."""

        def insert(database: sqlite3.Connection) -> None:
            with database:
                database.executemany(
                    "INSERT OR REPLACE INTO vectors (key, vector) VALUES (?, ?)", blobs.items()
                )
                _forget_oldest(database, self._max_bytes)

        self._tried(insert)

    def _tried(self, use: Callable[[sqlite3.Connection], _Result]) -> _Result | None:
        for _ in range(2):
            seen = _identity(self._path)
            try:
                with _opened(self._path) as database:
                    return use(database)
            except (sqlite3.Error, OSError) as exc:
                if not _means_damage(exc):
                    self._warn_once(exc)
                    return None
                _log.warning("The vectors in %s are damaged (%s): they are set aside.", self._path, exc)
                _set_aside(self._path, seen)
        return None

    def _warn_once(self, exc: Exception) -> None:
        if not self._warned:
            self._warned = True
            _log.warning("Vectors cannot be kept in %s: %s", self._path, exc)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Opened for each use, in 0.2 ms: there is nothing to close later, to share with threads or to inherit.
    with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        # A power cut may lose the newest rows, but not damage the file.
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(_SCHEMA)
        yield database


def _rows(database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for start in range(0, len(keys), _ASKED_AT_ONCE):
        some = keys[start : start + _ASKED_AT_ONCE]
        marks = ",".join("?" * len(some))
        found.update(database.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some))
    return found


def _forget_oldest(database: sqlite3.Connection, max_bytes: int) -> None:
    pages, free, size = (
        database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    if (pages - free) * size > max_bytes:
        database.execute(
            "DELETE FROM vectors WHERE age IN (SELECT age FROM vectors ORDER BY age "
            "LIMIT (SELECT count(*) / 10 + 1 FROM vectors))"
        )


def _means_damage(exc: Exception) -> bool:
    name = getattr(exc, "sqlite_errorname", None) or ""
    # A database of another form than ours is as useless as a damaged one.
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or name == "SQLITE_ERROR"


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _set_aside(path: Path, seen: tuple[int, int] | None) -> None:
    with suppress(OSError, Timeout), FileLock(f"{path}.lock", timeout=_BUSY_SECONDS):
        # Another process may have done it, and begun anew.
        if _identity(path) == seen:
            os.replace(path, f"{path}.damaged")
            for tail in ("-wal", "-shm"):
                Path(f"{path}{tail}").unlink(missing_ok=True)
