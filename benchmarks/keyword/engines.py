"""The keyword index, and others that could stand in its place, given the same terms."""

import importlib
import importlib.util
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tao_servers.knowledge.index.analysis import terms
from tao_servers.knowledge.index.words import Words, open_words

__all__ = ["Engine", "Index", "engines"]


class Index(Protocol):
    """An index that can be filled once, and searched."""

    def build(self, rows: Iterable[list[str]]) -> None: ...

    def search(self, question: str, limit: int) -> list[tuple[int, float]]: ...


@dataclass(frozen=True)
class Engine:
    """A kind of index; called with a path, it opens one there."""

    name: str
    opened: Any

    def __call__(self, path: Path) -> Any:
        return self.opened(path)


def engines(peers: str) -> list[Engine]:
    """The keyword index, and the peers that are asked for and installed."""
    ours, others = Engine("tantivy", _tantivy), [Engine("sqlite_fts5", _fts5), Engine("bm25s", _bm25s)]
    if peers == "none":
        return [ours]
    chosen = [engine for engine in others if peers == "all" or engine.name in peers.split(",")]
    if importlib.util.find_spec("bm25s") is None:
        chosen = [engine for engine in chosen if engine.name != "bm25s"]
    return [ours, *chosen]


@dataclass(frozen=True)
class _Tantivy:
    words: Words

    def build(self, rows: Iterable[list[str]]) -> None:
        self.words.add_terms((n, n, row) for n, row in enumerate(rows))
        self.words.commit()

    def search(self, question: str, limit: int) -> list[tuple[int, float]]:
        return self.words.search(question, limit)


@contextmanager
def _tantivy(path: Path) -> Iterator[Index]:
    with open_words(path, write=True) as words:
        yield _Tantivy(words)


@dataclass(frozen=True)
class _Fts5:
    database: sqlite3.Connection

    def build(self, rows: Iterable[list[str]]) -> None:
        self.database.execute(
            "CREATE VIRTUAL TABLE words USING fts5(terms, content='', detail=column, tokenize='ascii')"
        )
        texts = ((n + 1, " ".join(map(_spelled, row))) for n, row in enumerate(rows))
        self.database.executemany("INSERT INTO words(rowid, terms) VALUES (?, ?)", texts)
        self.database.commit()

    def search(self, question: str, limit: int) -> list[tuple[int, float]]:
        asked = " OR ".join(f'"{_spelled(term)}"' for term in dict.fromkeys(terms(question)))
        query = "SELECT rowid - 1, -rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
        return self.database.execute(query, (asked, limit)).fetchall() if asked else []


def _spelled(term: str) -> str:
    """A term as one word to SQLite's tokenizer, which would take 3.14 apart."""
    return "".join(mark if mark.isalnum() else "x" for mark in term)


@contextmanager
def _fts5(path: Path) -> Iterator[Index]:
    path.mkdir()
    with closing(sqlite3.connect(path / "words.sqlite")) as database:
        yield _Fts5(database)


class _Bm25s:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._model: Any = importlib.import_module("bm25s").BM25()

    def build(self, rows: Iterable[list[str]]) -> None:
        self._model.index(list(rows), show_progress=False)
        self._model.save(str(self._path))

    def search(self, question: str, limit: int) -> list[tuple[int, float]]:
        asked = list(dict.fromkeys(terms(question)))
        found, scores = self._model.retrieve([asked], k=limit, show_progress=False, n_threads=1)
        return list(zip(map(int, found[0]), map(float, scores[0]), strict=True))


@contextmanager
def _bm25s(path: Path) -> Iterator[Index]:
    yield _Bm25s(path)
