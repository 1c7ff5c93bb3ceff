"""Undoes what a process that was killed while Chroma saved its index has left.

Once in `SAVED_EVERY` changes Chroma writes its index files in place, one after the other, and notes in its
database then how far they go. Whoever opens files from the middle of that dies of a segmentation fault, or
misses vectors without a word. Chroma's log has all changes since the save before: with the files as they were
then, nothing is lost.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tao_servers.knowledge.index.chroma_files import progress
from tao_servers.knowledge.index.errors import DamagedIndexError

__all__ = ["SAVED_EVERY", "restore", "undoable"]

SAVED_EVERY = 1000
_BEFORE = "before-saving"
_NOTE = "note.json"
# About 40,000 vectors of 512 numbers. To copy larger files at each save would cost more than to make the
# vectors anew after a kill in just that moment.
_COPIED_BYTES = 100_000_000


@contextmanager
def undoable(folder: Path, *, changes: int) -> Iterator[None]:
    """Make so many changes to the vectors in `folder`, with the lock of its files held."""
    before = folder / _BEFORE
    kept = not before.exists() and progress(folder).pending + changes >= SAVED_EVERY
    if kept:
        _keep(folder, before)
    yield
    # One that an earlier failure has left is needed until a save has gone well.
    if kept or (before.exists() and _note(before)["saved"] != progress(folder).saved):
        _delete(before)


def restore(folder: Path) -> None:
    """Make the files in `folder` whole again, before Chroma opens them, with their lock held.

    Raises:
        DamagedIndexError: that is not possible.
    """
    before = folder / _BEFORE
    if not before.exists():
        return
    note = _note(before)
    # Chroma notes how far its files go when all of them are written.
    if note["saved"] == progress(folder).saved and note["files"] != _marks(folder, note["saved"]):
        if not note["copied"]:
            raise DamagedIndexError(
                f"The vectors in {str(folder)!r} are broken: a process was ended while it saved them."
            )
        for segment in note["saved"]:
            shutil.rmtree(folder / segment, ignore_errors=True)
            if (before / segment).is_dir():
                # Copied, not moved: this may be ended as well.
                shutil.copytree(before / segment, folder / segment)
    _delete(before)


def _keep(folder: Path, before: Path) -> None:
    saved = progress(folder).saved
    files = _marks(folder, saved)
    copied = sum(size for size, _ in files.values()) <= _COPIED_BYTES
    unfinished = before.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    try:
        for file in files if copied else ():
            (unfinished / file).parent.mkdir(exist_ok=True)
            shutil.copy2(folder / file, unfinished / file)
        note = json.dumps({"saved": saved, "copied": copied, "files": files})
        (unfinished / _NOTE).write_text(note, encoding="utf-8")
    except OSError:
        # The disk may be full: what is of no use now is not to fill it.
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    unfinished.rename(before)


def _delete(before: Path) -> None:
    # At once: what a kill leaves of it is not taken for the whole.
    gone = before.with_suffix(".gone")
    shutil.rmtree(gone, ignore_errors=True)
    before.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _note(before: Path) -> dict[str, Any]:
    note: dict[str, Any] = json.loads((before / _NOTE).read_text(encoding="utf-8"))
    return note


def _marks(folder: Path, segments: dict[str, int]) -> dict[str, list[int]]:
    files = (file for segment in segments for file in sorted((folder / segment).glob("*")))
    stats = ((file.relative_to(folder).as_posix(), file.stat()) for file in files)
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats}
