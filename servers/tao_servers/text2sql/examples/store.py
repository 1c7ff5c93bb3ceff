"""The verified examples of every database, in files of a folder."""

import builtins
import hashlib
import logging
import re
import threading
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tao.settings import data_dir
from tao_servers.text2sql import checking
from tao_servers.text2sql.errors import QueryRefused, SetupError
from tao_servers.text2sql.examples.example import Example
from tao_servers.text2sql.examples.likeness import Likeness
from tao_servers.text2sql.examples.masking import key_of
from tao_servers.text2sql.examples.pair_file import Line, PairFile, line_of
from tao_servers.text2sql.schema import Schema

if TYPE_CHECKING:
    from tao.models.embeddings import Embedder

__all__ = ["ExampleStore", "default_folder"]

_LOG = logging.getLogger(__name__)

_SUFFIX = ".jsonl"
_LONGEST_QUESTION = 2_000
_MOST_CHECKED = 50
_READABLE = 40
_OTHER = re.compile(r"\W+")


def default_folder() -> Path:
    """The folder that is meant when nothing names one."""
    return data_dir() / "text2sql" / "examples"


class _Shelf:
    """One database: its file, and what was read when that had the stamp."""

    def __init__(self, path: Path, embedder: "Embedder | None") -> None:
        self.file = PairFile(path)
        self.likeness = Likeness(embedder)
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] | None = None
        self._examples: tuple[Example, ...] = ()
        self._name = path.stem

    def now(self) -> tuple[str, tuple[Example, ...]]:
        """The database's name, and its examples as they are now: a question once, as it was given last."""
        with self._lock:
            stamp = self.file.stamp()
            if stamp != self._stamp:
                lines = self.file.read()
                found = [line.example for line in lines if line.example is not None]
                self._examples = tuple({key_of(one.question): one for one in found}.values())
                names = {line.database for line in lines if line.database is not None}
                self._name = next(
                    (name for name in names if _file_name(name) == self.file.path.stem), self._name
                )
                self._stamp = stamp
            return self._name, self._examples


class ExampleStore:
    """Pairs of question and SQL by the name of their database. Blocks; safe to use from several threads.

    Processes may share a folder. What is added is taken on trust: who adds verifies it. Without an
    embedder the words of questions are compared, so that both must be in one language.

    Raises:
        SetupError: a file cannot be read or written.
    """

    def __init__(self, folder: Path, *, embedder: "Embedder | None" = None) -> None:
        self._folder = folder
        self._embedder = embedder
        self._lock = threading.Lock()
        self._shelves: dict[str, _Shelf] = {}

    def add(self, database: str, question: str, sql: str) -> bool:
        """Keep a pair; one with the same question is replaced. False when this very pair is there already.

        Raises:
            QueryRefused: question or SQL is empty, too long or no text.
        """
        example = _example(question, sql)
        file = self._shelf(_file_name(database)).file
        with file.held():
            lines = file.read()
            same = _about(example.question, lines)
            known = same[-1].example if same else None
            if known is not None and known.sql == example.sql:
                return False
            # In its place, and once: a file that was edited by hand may have it twice.
            place = lines.index(same[0]) if same else len(lines)
            lines = [line for line in lines if line not in same]
            file.write([*lines[:place], line_of(example, database), *lines[place:]])
        return True

    def remove(self, database: str, question: str) -> bool:
        """Forget a pair; False when there is none with this question."""
        file = self._shelf(_file_name(database)).file
        if file.stamp() is None:
            return False
        with file.held():
            lines = file.read()
            gone = _about(question, lines)
            if gone:
                file.write([line for line in lines if line not in gone])
        return bool(gone)

    def list(self, database: str | None = None) -> dict[str, tuple[Example, ...]]:
        """The pairs by database, of this one or of all that have any, those added first first."""
        if database is None:
            stems = [path.stem for path in sorted(self._folder.glob(f"*{_SUFFIX}"))]
            found = dict(self._shelf(stem).now() for stem in stems)
        else:
            found = {database: self._shelf(_file_name(database)).now()[1]}
        return {name: examples for name, examples in found.items() if examples}

    def nearest(
        self,
        database: str,
        question: str,
        most: int,
        schema: Schema,
        *,
        functions: Collection[str] = (),
    ) -> builtins.list[Example]:
        """At most `most` pairs whose questions are like this one, the same question first, then the likest.

        Only those whose SQL passes the rules on `schema` as it is now; `functions` are further ones that a
        statement may call. What is not like enough is not given: it would mislead a small model. When the
        file cannot be read there are none, which a warning tells.
        """
        shelf = self._shelf(_file_name(database))
        try:
            _, examples = shelf.now()
        except SetupError as exc:
            _LOG.warning("No examples: %s", exc)
            return []
        if most < 1 or not examples:
            return []
        key = key_of(question)
        same = [place for place, example in enumerate(examples) if key_of(example.question) == key]
        near = shelf.likeness.ranked(question, [example.question for example in examples])
        found: builtins.list[Example] = []
        for place in builtins.list(dict.fromkeys(same + near))[:_MOST_CHECKED]:
            if len(found) < most and _passes(examples[place], schema, functions):
                found.append(examples[place])
        return found

    def _shelf(self, stem: str) -> _Shelf:
        with self._lock:
            if stem not in self._shelves:
                self._shelves[stem] = _Shelf(self._folder / f"{stem}{_SUFFIX}", self._embedder)
            return self._shelves[stem]


def _about(question: str, lines: Sequence[Line]) -> list[Line]:
    key = key_of(question)
    return [line for line in lines if line.example is not None and key_of(line.example.question) == key]


def _file_name(database: str) -> str:
    """Another one for each name, whatever its case, that every file system takes."""
    name = unicodedata.normalize("NFC", database)
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    readable = _OTHER.sub("-", name.lower())[:_READABLE].strip("-")
    return f"{readable}-{digest}" if readable else digest


def _example(question: str, sql: str) -> Example:
    example = Example(" ".join(question.split()), sql.strip())
    if not key_of(example.question) or not example.sql:
        raise QueryRefused("An example has a question and its SQL; one of them is empty.", rule="example")
    if len(example.question) > _LONGEST_QUESTION:
        raise QueryRefused(
            f"The question has {len(example.question):,} characters; at most {_LONGEST_QUESTION:,} are kept.",
            rule="example",
        )
    try:
        f"{example.question}{example.sql}".encode()
    except UnicodeEncodeError as exc:
        raise QueryRefused(
            "The example has half a character in it; type it anew, or save the file as UTF-8.", rule="example"
        ) from exc
    return example


def _passes(example: Example, schema: Schema, functions: Collection[str]) -> bool:
    try:
        checking.check(example.sql, schema, functions)
    except QueryRefused as exc:
        _LOG.info("The example %r no longer fits the database: %s", example.question[:80], exc)
        return False
    return True
