"""What a collection knows of its documents and chunks: the truth, which the indexes are derived from.

A document is written as `new`, becomes `live` in one step once its vectors and words are in place, and is
`old` from the moment it is replaced or removed until nothing of it is left. Only live ones are ever shown,
so that a process may die at any moment.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tao_servers.knowledge.document import Chunk, Document
from tao_servers.knowledge.index.fields import Fields
from tao_servers.knowledge.index.passages import Passage
from tao_servers.knowledge.index.schema import change_revision, connect, transaction
from tao_servers.knowledge.index.strength import Strength

__all__ = ["Catalogue", "Entry", "Source", "open_catalogue"]

# SQLite takes 32,766 values in a statement; fewer are as fast.
_AT_ONCE = 5000
_COLUMNS = """
SELECT chunks.*, documents.source, documents.title FROM chunks
JOIN documents ON documents.id = chunks.document
"""
# The plus keeps SQLite from going through all live documents, which took 20 ms for 100 of 100,000 chunks.
_PASSAGES = _COLUMNS + "WHERE +documents.state = 'live' AND chunks.id IN ({})"
_INDEXED = _COLUMNS + "WHERE chunks.twin IS NULL AND documents.id IN ({}) ORDER BY chunks.id"
_INDEXED_AFTER = (
    _COLUMNS + "WHERE chunks.twin IS NULL AND chunks.document = ? "
    "AND (chunks.start, chunks.id) > (?, ?) ORDER BY chunks.start, chunks.id LIMIT ?"
)


@dataclass(frozen=True)
class Entry:
    """A document that goes into the catalogue, and its chunks.

    `digest` is that of its bytes; `made` says how it was read and cut, so that a change of either is seen.
    `attributes` are the user's own: a text, or several for one name.
    """

    source: str
    digest: str
    made: str
    document: Document
    chunks: Sequence[Chunk]
    bytes: int = 0
    language: str = ""
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def twins(self) -> list[int]:
        """For each chunk the place of the first that is equal to it: its own, unless it is a repetition.

        Many equal vectors fill each other's neighbour lists in an index and cut off what else is near; a
        text that stands in a document many times is as well found once.
        """
        first: dict[tuple[str, str], int] = {}
        return [
            first.setdefault((chunk.context, chunk.text), place) for place, chunk in enumerate(self.chunks)
        ]

    @cached_property
    def indexed(self) -> list[Chunk]:
        """The chunks that get vectors and words: of equal ones the first."""
        return [self.chunks[place] for place, twin in enumerate(self.twins) if place == twin]


@dataclass(frozen=True, slots=True)
class Source:
    """A live document; `added` is in seconds since 1970, `chunks` and `indexed` are numbers of chunks."""

    id: int
    source: str
    digest: str
    made: str
    added: float
    bytes: int
    characters: int
    chunks: int
    indexed: int
    title: str | None
    author: str | None
    language: str
    created: str | None
    modified: str | None
    attributes: dict[str, list[str]]
    unread: list[str]
    strong: str | None


@contextmanager
def open_catalogue(file: Path, *, write: bool) -> Iterator["Catalogue"]:
    """Open the catalogue in `file`, as `schema.connect` does and with its errors."""
    connection = connect(file, write=write)
    try:
        yield Catalogue(connection)
    finally:
        connection.close()


class Catalogue:
    """An open catalogue; its calls block, and come from one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.strength = Strength(connection)
        self.fields = Fields(connection)

    def about(self, key: str) -> str | None:
        """What is noted under `key`."""
        row = self._connection.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def note(self, key: str, value: str) -> None:
        """Note `value` under `key`."""
        self._connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (key, value))

    @property
    def revision(self) -> str:
        """A text that changes whenever what can be found has changed."""
        return self.about("revision") or ""

    def is_empty(self) -> bool:
        """Whether there is no document in it, nor anything left of one."""
        return self._connection.execute("SELECT 1 FROM documents LIMIT 1").fetchone() is None

    @property
    def broken(self) -> bool:
        """Whether an index was lost, and is not yet made anew."""
        return self.about("broken") == "yes"

    def note_broken(self, broken: bool) -> None:
        """Note whether an index is lost; readers open the collection anew."""
        with transaction(self._connection):
            self.note("broken", "yes" if broken else "no")
            change_revision(self._connection)

    def sources(self) -> list[Source]:
        """The live documents, sorted by source."""
        rows = self._connection.execute("SELECT * FROM documents WHERE state = 'live' ORDER BY source")
        return [_source(row) for row in rows]

    def find(self, source: str) -> Source | None:
        """The live document that `source` names."""
        rows = self._connection.execute(
            "SELECT * FROM documents WHERE state = 'live' AND source = ?", (source,)
        )
        return next(map(_source, rows), None)

    def documents_where(self, sql: str, values: Sequence[str | float]) -> list[int]:
        """The ids of the live documents that satisfy a condition, as `retrieving.where` makes it."""
        return self.fields.documents(sql, values)

    def languages(self) -> list[str]:
        """The languages that the live documents are in."""
        rows = self._connection.execute("SELECT DISTINCT language FROM documents WHERE state = 'live'")
        return [row[0] for row in rows]

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """The chunks with these ids whose documents are live."""
        found = {}
        for some in _slices(ids):
            for row in self._connection.execute(_PASSAGES.format(_marks(some)), some):
                found[row["id"]] = _passage(row)
        return found

    def chunks(self, document: int) -> list[tuple[int, Chunk]]:
        """The chunks of a document with their ids, in the order of the text."""
        rows = self._connection.execute(
            "SELECT * FROM chunks WHERE document = ? ORDER BY start, id", (document,)
        )
        return [(row["id"], _chunk(row)) for row in rows]

    def span(self, document: int, start: int, end: int) -> str:
        """The text of a document from `start` to `end`, as its chunks have it: white space may differ."""
        rows = self._connection.execute(
            'SELECT start, "end", line, last_line, text FROM chunks '
            'WHERE document = ? AND "end" > ? AND start < ? ORDER BY start, id',
            (document, start, end),
        )
        pieces: list[str] = []
        reached, line = start, 0
        for row in rows:
            if row["end"] <= reached:
                continue
            if pieces and row["start"] > reached:
                pieces.append("\n" if row["line"] > line else " ")
            first = max(reached, row["start"])
            pieces.append(row["text"][first - row["start"] : end - row["start"]])
            reached, line = row["end"], row["last_line"]
        return "".join(pieces)

    def indexed(self, documents: Sequence[int]) -> Iterator[Passage]:
        """The chunks of documents, in any state, that have vectors and words, ordered by their ids."""
        for some in _slices(sorted(documents)):
            sql = _INDEXED.format(_marks(some))
            yield from map(_passage, self._connection.execute(sql, some).fetchall())

    def indexed_after(self, document: int, after: Passage | None, limit: int) -> list[Passage]:
        """The first indexed chunks of a document, or those that follow the chunk `after` in its text."""
        place = (after.chunk.start, after.id) if after else (-1, 0)
        rows = self._connection.execute(_INDEXED_AFTER, (document, *place, limit))
        return [_passage(row) for row in rows]

    def indexed_ids(self, *states: str) -> set[int]:
        """The ids of all indexed chunks of documents in these states."""
        rows = self._connection.execute(
            "SELECT chunks.id FROM chunks JOIN documents ON documents.id = document "
            f"WHERE twin IS NULL AND state IN ({_marks(states)})",
            states,
        )
        return {row[0] for row in rows}

    def indexed_count(self) -> int:
        """How many chunks of live documents are indexed."""
        row = self._connection.execute(
            "SELECT coalesce(sum(indexed), 0) FROM documents WHERE state = 'live'"
        ).fetchone()
        return int(row[0])

    def write(self, entries: Sequence[Entry]) -> list[int]:
        """Write documents as new ones; returns their ids."""
        with transaction(self._connection):
            return [self._write(entry) for entry in entries]

    def publish(self, documents: Sequence[int]) -> list[int]:
        """Make new documents live in one step; returns the ids of those that they replace, now old."""
        with transaction(self._connection):
            marks = _marks(documents)
            replaced = self._connection.execute(
                "SELECT id FROM documents WHERE state = 'live' AND source IN "
                f"(SELECT source FROM documents WHERE id IN ({marks}))",
                documents,
            ).fetchall()
            self._set_state("old", [row[0] for row in replaced])
            self._set_state("live", documents)
            change_revision(self._connection)
        return [row[0] for row in replaced]

    def retire(self, documents: Sequence[int]) -> None:
        """Make live documents old: from now on they are not found."""
        with transaction(self._connection):
            self._set_state("old", documents)
            change_revision(self._connection)

    def leftovers(self) -> list[int]:
        """The documents that are not live: unfinished, replaced or removed."""
        rows = self._connection.execute("SELECT id FROM documents WHERE state != 'live'")
        return [row[0] for row in rows]

    def chunk_ids(self, documents: Sequence[int]) -> list[int]:
        """The ids of all chunks of these documents."""
        found: list[int] = []
        for some in _slices(documents):
            sql = f"SELECT id FROM chunks WHERE document IN ({_marks(some)})"
            found += [row[0] for row in self._connection.execute(sql, some)]
        return found

    def documents_of(self, chunks: Sequence[int]) -> list[int]:
        """The ids of the documents that these chunks belong to."""
        found: set[int] = set()
        for some in _slices(chunks):
            sql = f"SELECT DISTINCT document FROM chunks WHERE id IN ({_marks(some)})"
            found.update(row[0] for row in self._connection.execute(sql, some))
        return sorted(found)

    def forget(self, documents: Sequence[int]) -> None:
        """Delete documents that are not live, and their chunks."""
        with transaction(self._connection):
            for some in _slices(documents):
                marks = _marks(some)
                self._connection.execute(f"DELETE FROM chunks WHERE document IN ({marks})", some)
                self._connection.execute(
                    f"DELETE FROM documents WHERE state != 'live' AND id IN ({marks})", some
                )

    def _write(self, entry: Entry) -> int:
        document = entry.document
        values = {
            "source": entry.source,
            "digest": entry.digest,
            "made": entry.made,
            "state": "new",
            "added": time.time(),
            "bytes": entry.bytes,
            "characters": len(document.text),
            "chunks": len(entry.chunks),
            "indexed": len(entry.indexed),
            "title": document.title,
            "author": document.author,
            "language": entry.language,
            "created": document.created,
            "modified": document.modified,
            "attributes": _json({name: list(values) for name, values in entry.attributes.items()}),
            "unread": _json(list(document.unread)),
        }
        cursor = self._connection.execute(
            f"INSERT INTO documents ({', '.join(values)}) VALUES ({_marks(values)})", tuple(values.values())
        )
        id_ = cursor.lastrowid
        assert id_ is not None
        last = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
        self._connection.executemany(
            f"INSERT INTO chunks VALUES ({_marks(range(14))})",
            _chunk_rows(id_, entry, first=last[0] + 1 if last else 1),
        )
        return id_

    def _set_state(self, state: str, documents: Sequence[int]) -> None:
        for some in _slices(documents):
            sql = f"UPDATE documents SET state = ? WHERE id IN ({_marks(some)})"
            self._connection.execute(sql, (state, *some))


def _chunk_rows(document: int, entry: Entry, *, first: int) -> Iterator[tuple[Any, ...]]:
    for place, (chunk, twin) in enumerate(zip(entry.chunks, entry.twins, strict=True)):
        yield (
            first + place,
            document,
            chunk.start,
            chunk.end,
            chunk.line,
            chunk.last_line,
            chunk.page,
            chunk.heading,
            chunk.context,
            chunk.text,
            chunk.hints,
            *(chunk.parent or (None, None)),
            None if twin == place else first + twin,
        )


def _passage(row: sqlite3.Row) -> Passage:
    return Passage(row["id"], row["document"], row["source"], row["title"], _chunk(row))


def _chunk(row: sqlite3.Row) -> Chunk:
    parent = None if row["parent_start"] is None else (row["parent_start"], row["parent_end"])
    return Chunk(
        text=row["text"],
        start=row["start"],
        end=row["end"],
        line=row["line"],
        last_line=row["last_line"],
        page=row["page"],
        heading=row["heading"],
        context=row["context"],
        parent=parent,
        hints=row["hints"],
    )


def _source(row: sqlite3.Row) -> Source:
    values = {name: row[name] for name in Source.__slots__}
    values["attributes"] = json.loads(row["attributes"])
    values["unread"] = json.loads(row["unread"])
    return Source(**values)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)


def _slices(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
