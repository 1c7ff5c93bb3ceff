"""What lies in a collection after a kill."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from tao_servers.knowledge.index import Place
from tao_servers.knowledge.index.words import open_words

__all__ = ["BEFORE_SAVING", "fell", "states", "texts"]

BEFORE_SAVING = "before-saving"
_TEXTS = """
SELECT source, context || ' ' || text FROM documents LEFT JOIN chunks ON chunks.document = documents.id
WHERE state = 'live'
"""
_NEW = """
SELECT chunks.id FROM chunks JOIN documents ON documents.id = document WHERE state = 'new' AND twin IS NULL
"""


def texts(place: Place) -> list[tuple[str, str]]:
    """The source and the text of each live chunk, all of one moment."""
    return [(source, text or "") for source, text in _rows(place, _TEXTS)]


def states(place: Place) -> set[str]:
    """The states of the documents in the catalogue."""
    return {row[0] for row in _rows(place, "SELECT DISTINCT state FROM documents")}


def fell(place: Place, embedder: str, *, reading: bool) -> str:
    """In which phase an ingest was killed, by what it has left; `reading`: it had child processes."""
    if next(place.folder.glob(f"vectors/*/{BEFORE_SAVING}"), None):
        return "saving the vector index"
    found = states(place)
    if "new" in found:
        return _writing(place, embedder, [row[0] for row in _rows(place, _NEW)])
    if "old" in found:
        return "sweeping"
    return "reading, embedding" if reading else "starting, ending"


def _writing(place: Place, embedder: str, new: Sequence[int]) -> str:
    with place.vectors(embedder, write=False) as vectors:
        have = len(vectors.have(new))
    if have < len(new):
        return "catalogue written" if not have else "writing vectors"
    with open_words(place.words, write=False) as words:
        written = set(new) <= set(words.ids())
    return "publishing" if written else "keyword commit"


def _rows(place: Place, sql: str) -> list[tuple[Any, ...]]:
    if not place.catalogue.is_file():
        return []
    uri = f"{place.catalogue.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
        try:
            found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        except sqlite3.OperationalError as exc:
            if "no such table" in str(exc):
                return []
            raise
    return found
