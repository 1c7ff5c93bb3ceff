"""The tables of a collection's catalogue."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tao_servers.knowledge.index.errors import EmptyStoreError, StoreError

__all__ = ["VERSION", "change_revision", "connect", "is_being_made", "transaction"]

VERSION = 1
_WAIT_SECONDS = 30.0

# Ids are never used twice (AUTOINCREMENT): the vectors and the words of a document that is gone may
# outlive it until they are swept, and must not be taken for those of another.
_TABLES = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    made TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'live', 'old')),
    added REAL NOT NULL,
    bytes INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    chunks INTEGER NOT NULL,
    indexed INTEGER NOT NULL,
    title TEXT,
    author TEXT,
    language TEXT NOT NULL,
    created TEXT,
    modified TEXT,
    attributes TEXT NOT NULL,
    unread TEXT NOT NULL,
    strong TEXT
);
CREATE UNIQUE INDEX one_live ON documents (source) WHERE state = 'live';
CREATE INDEX by_state ON documents (state);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id),
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    line INTEGER NOT NULL,
    last_line INTEGER NOT NULL,
    page INTEGER,
    heading TEXT NOT NULL,
    context TEXT NOT NULL,
    text TEXT NOT NULL,
    hints TEXT NOT NULL,
    parent_start INTEGER,
    parent_end INTEGER,
    twin INTEGER
);
CREATE INDEX of_document ON chunks (document, start);
"""


def connect(file: Path, *, write: bool) -> sqlite3.Connection:
    """Open the catalogue in `file`; a writer makes what is missing.

    The connection may be used from any thread, by one at a time.

    Raises:
        EmptyStoreError: nothing is in it, or a writer is just making it.
        StoreError: it is no catalogue, a broken one, or one of another version.
    """
    mode = "rwc" if write else "ro"
    uri = f"{file.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
            # What the vectors lose after a document is given up must not come back with a power cut.
            connection.execute("PRAGMA synchronous = FULL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and write:
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version == 0:
            raise EmptyStoreError(f"The catalogue {str(file)!r} is empty.")
        elif version != VERSION:
            raise StoreError(
                f"The catalogue {str(file)!r} has the form {version}, and this version of Tao reads "
                f"{VERSION}. Ingest into another folder (--store PATH), or delete that one."
            )
    except BaseException as exc:
        connection.close()
        # Its sub-class for what may pass, such as a lock, is not meant.
        if type(exc) is sqlite3.DatabaseError:
            raise StoreError(
                f"The store {str(file.parent)!r} cannot be used: its catalogue is broken ({exc}). Only the "
                "documents can bring back what was in it: delete that folder and ingest again."
            ) from exc
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all of it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def change_revision(connection: sqlite3.Connection) -> None:
    """Note that what can be found has changed."""
    connection.execute("INSERT OR REPLACE INTO about VALUES ('revision', ?)", (str(time.time_ns()),))


def is_being_made(file: Path) -> bool:
    """Whether a writer has begun the catalogue in `file` and not yet made its tables."""
    try:
        connect(file, write=False).close()
    except EmptyStoreError:
        return True
    except (StoreError, sqlite3.Error):
        # Something else is wrong with it, which whoever opens it is told.
        return False
    return False
