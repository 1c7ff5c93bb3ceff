"""What can be said of a collection without opening its indexes or a model."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tao_servers.knowledge.index.catalogue import open_catalogue
from tao_servers.knowledge.index.errors import translated
from tao_servers.knowledge.index.strength import Totals

__all__ = ["Standing", "standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A collection: its name, what is in it, its embedders by name, its folder and its bytes on the disk."""

    name: str
    totals: Totals
    embedder: str
    strong: str | None
    folder: Path
    bytes: int


def standing(catalogue: Path) -> Standing:
    """Look at the collection whose catalogue is this file.

    Raises:
        StoreError: it is no catalogue, or cannot be read.
    """
    with translated(catalogue.parent), open_catalogue(catalogue, write=False) as opened:
        return Standing(
            name=opened.about("name") or catalogue.parent.name,
            totals=opened.strength.totals(),
            embedder=opened.about("embedder") or "",
            strong=opened.strength.embedder,
            folder=catalogue.parent,
            bytes=sum(_sizes(catalogue.parent)),
        )


def _sizes(folder: Path) -> Iterator[int]:
    for where, _, names in os.walk(folder):
        for name in names:
            # A writer may be at work, and its files come and go.
            with suppress(OSError):
                yield (Path(where) / name).stat().st_size
