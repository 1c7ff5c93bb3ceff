"""What lies in the folder of an embedded Chroma: how far its index files go, and whether they are whole.

Chroma 1.5 maps them without a look at their sizes, so that a file cut short ends the process.
"""

import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tao_servers.knowledge.index.errors import DamagedIndexError

__all__ = ["DATABASE", "Progress", "check_files", "progress"]

DATABASE = "chroma.sqlite3"
_SEGMENTS = """
SELECT segments.id, coalesce(max_seq_id.seq_id, 0) FROM segments
LEFT JOIN max_seq_id ON max_seq_id.segment_id = segments.id WHERE segments.scope = 'VECTOR'
"""
_WAIT_SECONDS = 30.0
# Version; offset of the first level, room, elements, bytes of an element; neighbours in a higher level.
_HEADER = struct.Struct("<i4Q24xQ")
_HEADER_BYTES = 100
_FORM = 1
_COUNT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the logged changes the files of each vector index have, and how many were logged."""

    saved: dict[str, int]
    logged: int

    @property
    def pending(self) -> int:
        """The most changes that an index has not yet saved."""
        return max((self.logged - saved for saved in self.saved.values()), default=0)


def progress(folder: Path) -> Progress:
    """Read how far Chroma's files in `folder` go.

    Raises:
        DamagedIndexError: its database is broken.
        sqlite3.OperationalError: its database cannot be read now.
    """
    file = folder / DATABASE
    if not file.is_file():
        return Progress({}, 0)
    try:
        # Not read-only: what a killed process has left in the journal must be rolled back.
        uri = f"{file.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS)) as connection:
            saved = dict(connection.execute(_SEGMENTS).fetchall())
            logged = connection.execute("SELECT max(seq_id) FROM embeddings_queue").fetchone()[0]
    except sqlite3.DatabaseError as exc:
        if "no such table" in str(exc):
            # Killed while it was made; Chroma goes on with that.
            return Progress({}, 0)
        if isinstance(exc, sqlite3.OperationalError):
            raise
        raise DamagedIndexError(f"The vectors in {str(folder)!r} are broken: {exc}.") from exc
    return Progress(saved, logged or 0)


def check_files(folder: Path) -> None:
    """Raise a `DamagedIndexError` where an index file in `folder` is missing or cut short."""
    for segment, saved in progress(folder).saved.items():
        if saved and (wrong := _wrong(folder / segment)):
            raise DamagedIndexError(f"The vectors in {str(folder)!r} are broken: {wrong}.")


def _wrong(segment: Path) -> str | None:
    try:
        header = (segment / "header.bin").read_bytes()
        if len(header) < _HEADER_BYTES:
            return f"'header.bin' has {len(header)} bytes"
        form, _, _, elements, element_bytes, neighbours = _HEADER.unpack_from(header)
        if form != _FORM:
            return None
        least = {
            "data_level0.bin": elements * element_bytes,
            "length.bin": elements * _COUNT_BYTES,
            "link_lists.bin": elements * _COUNT_BYTES,
            "index_metadata.pickle": 1,
        }
        sizes = {name: (segment / name).stat().st_size for name in least}
    except FileNotFoundError as exc:
        return f"{Path(exc.filename).name!r} is missing"
    # Beyond one count for each element there are the lists of some.
    level_bytes = (neighbours + 1) * _COUNT_BYTES
    if (sizes["link_lists.bin"] - least["link_lists.bin"]) % level_bytes:
        return "'link_lists.bin' ends within a list"
    short = (name for name, size in sizes.items() if size < least[name])
    return next((f"{name!r} has {sizes[name]:,} of {least[name]:,} bytes" for name in short), None)
