"""Takes files into a store: load, split, embed, index."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tao_servers.knowledge.load import RefusedError, read_document
from tao_servers.knowledge.split import Passage, split
from tao_servers.knowledge.store import Store

__all__ = ["Outcome", "Result", "ingest", "path_text"]

Result = Literal["read", "changed", "unchanged", "refused"]
_TABLES = frozenset({".csv", ".tsv"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; `reason` says why it was refused."""

    path: str
    result: Result
    passages: int = 0
    reason: str | None = None


def path_text(path: Path) -> str:
    """The absolute path as text; bytes in it that are no UTF-8 become `\\xNN`."""
    return os.fsencode(os.path.abspath(path)).decode("utf-8", "backslashreplace")


def ingest(
    files: Sequence[Path], store: Store, *, progress: Callable[[Path, int, int], None]
) -> Iterator[Outcome]:
    """Take in each file, and say what became of it.

    `progress` is told the file, its passages written so far, and their total.
    """
    known = {source.path for source in store.sources()}
    for file in files:
        path = path_text(file)
        try:
            yield _ingest_one(file, path, store, progress=progress, known=path in known)
        except RefusedError as exc:
            yield Outcome(path, "refused", reason=str(exc))


def _ingest_one(
    file: Path, path: str, store: Store, *, progress: Callable[[Path, int, int], None], known: bool
) -> Outcome:
    document = read_document(file)
    if store.has(path, document.digest):
        return Outcome(path, "unchanged")
    passages = _first_of_each(split(document.text, rows=file.suffix.lower() in _TABLES))
    if not passages:
        # What it said before it was emptied is true no longer.
        store.remove(path)
        raise RefusedError("there is no text in it")
    store.put(
        path, document.digest, passages, progress=lambda written: progress(file, written, len(passages))
    )
    return Outcome(path, "changed" if known else "read", len(passages))


def _first_of_each(passages: Sequence[Passage]) -> list[Passage]:
    # Many equal vectors fill each other's neighbour lists in the index and cut off what else is near;
    # a text that stands in a document many times is as well found once.
    first: dict[str, Passage] = {}
    for passage in passages:
        first.setdefault(passage.text, passage)
    return list(first.values())
