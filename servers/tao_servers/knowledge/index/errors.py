"""Why a collection cannot be used.

StoreError              the text says why and what to do
├── EmptyStoreError     there is nothing in it yet
├── BusyStoreError      another process writes to it
└── DamagedIndexError   a derived index is missing or broken; it can be made anew from the catalogue
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tao.settings import ConfigError

__all__ = ["BusyStoreError", "DamagedIndexError", "EmptyStoreError", "StoreError", "translated"]

# How SQLite and Chroma call a full disk and a read-only one: the files are none the worse for it.
_NOT_ITS_FAULT = re.compile("disk is full|disk I/O error|readonly database|unable to open database")


class StoreError(Exception):
    """The collection cannot be used; the text says why and what to do."""


class EmptyStoreError(StoreError):
    """There is nothing in the collection yet."""


class BusyStoreError(StoreError):
    """Another process writes to the collection."""


class DamagedIndexError(StoreError):
    """The keyword index or the vectors are missing or broken, and can be made anew."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Make a `StoreError` of whatever SQLite, Chroma, tantivy or the file system raises."""
    try:
        yield
    except (StoreError, ConfigError):
        raise
    except OSError as exc:
        raise StoreError(
            f"The store {str(path)!r} cannot be used: {exc}. Choose another folder (--store PATH)."
        ) from exc
    except Exception as exc:
        if _NOT_ITS_FAULT.search(str(exc)):
            raise StoreError(
                f"The store {str(path)!r} cannot be used: {exc}. Its disk is full, or may not be written to, "
                "which reading needs as well. See to that, or choose another folder (--store PATH)."
            ) from exc
        raise StoreError(
            f"The store {str(path)!r} cannot be used: {exc}. If it is damaged, "
            "`tao-knowledge check --repair` makes its indexes anew; else delete that folder and ingest again."
        ) from exc
