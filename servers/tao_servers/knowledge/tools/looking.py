"""Looks up in a catalogue what single tools want to know of its documents."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tao_servers.knowledge.index import EmptyStoreError, Place
from tao_servers.knowledge.index.errors import translated
from tao_servers.knowledge.index.schema import connect

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Piece", "last_pages", "path_of", "piece_on", "pieces_from"]

_PIECES = 'SELECT start, "end", line, page, heading, text FROM chunks WHERE document = ? '


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of a chunk, and where it stands."""

    start: int
    end: int
    line: int
    page: int | None
    heading: str
    text: str


def path_of(place: Place, document: int) -> str | None:
    """The source of the live document with this id."""
    sql = "SELECT source FROM documents WHERE state = 'live' AND id = ?"
    with _connected(place) as connection:
        row = connection.execute(sql, (document,)).fetchone()
    return row[0] if row else None


def last_pages(place: Place, documents: Sequence[int]) -> dict[int, int]:
    """The number of the last page on which something stands, for those documents that have pages."""
    marks = ", ".join("?" for _ in documents)
    sql = f"SELECT document, max(page) FROM chunks WHERE document IN ({marks}) GROUP BY document"
    with _connected(place) as connection:
        return {row[0]: row[1] for row in connection.execute(sql, documents) if row[1] is not None}


def pieces_from(place: Place, document: int, start: int, limit: int) -> list[Piece]:
    """The first `limit` chunks that end behind the character `start`, in the order of the text."""
    sql = f'{_PIECES} AND "end" > ? ORDER BY start, id LIMIT ?'
    with _connected(place) as connection:
        return [Piece(*row) for row in connection.execute(sql, (document, start, limit))]


def piece_on(
    place: Place, document: int, *, line: int | None = None, page: int | None = None
) -> Piece | None:
    """The first chunk on a page, or the last that begins at a line or above it."""
    if page is not None:
        sql, number = f"{_PIECES} AND page >= ? ORDER BY start, id LIMIT 1", page
    else:
        sql, number = f"{_PIECES} AND line <= ? ORDER BY start DESC, id DESC LIMIT 1", line or 1
    with _connected(place) as connection:
        row = connection.execute(sql, (document, number)).fetchone()
    return Piece(*row) if row else None


@contextmanager
def _connected(place: Place) -> "Iterator[sqlite3.Connection]":
    with translated(place.folder):
        if not place.catalogue.is_file():
            raise EmptyStoreError(f"The collection {place.name!r} in {str(place.store)!r} is empty.")
        with closing(connect(place.catalogue, write=False)) as connection:
            yield connection
