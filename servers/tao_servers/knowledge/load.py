"""Finds text files and reads them, whatever their encoding."""

import codecs
import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["MAX_BYTES", "SUFFIXES", "Document", "Files", "RefusedError", "find_files", "read_document"]

MAX_BYTES = 50_000_000
SUFFIXES = frozenset({".csv", ".log", ".markdown", ".md", ".rst", ".text", ".tsv", ".txt"})


class RefusedError(ValueError):
    """A file cannot be taken in; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text, and a digest of its bytes."""

    path: Path
    text: str
    digest: str


@dataclass(slots=True)
class Files:
    """What was found below some paths.

    `skipped` counts hidden files and those of other kinds; `refused` has folders that cannot be listed,
    with the reason.
    """

    paths: list[Path] = field(default_factory=list)
    skipped: int = 0
    refused: list[tuple[Path, str]] = field(default_factory=list)


def find_files(paths: Iterable[Path]) -> Files:
    """List the files in `paths`, folders with all below them, each once and in sorted order.

    A file that is named itself is always listed. Links to folders are not followed.
    """
    found = Files()
    for path in paths:
        absolute = Path(os.path.abspath(path))
        if absolute.is_dir():
            _walk(absolute, found)
        else:
            found.paths.append(absolute)
    found.paths = list(dict.fromkeys(found.paths))
    return found


def _walk(folder: Path, found: Files) -> None:
    def refuse(error: OSError) -> None:
        found.refused.append((Path(error.filename), _reason(error)))

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.startswith(".") or Path(name).suffix.lower() not in SUFFIXES:
                found.skipped += 1
            else:
                found.paths.append(Path(parent, name))


def read_document(path: Path) -> Document:
    """Read one text file: UTF-8, UTF-16 with a byte order mark, or GB18030.

    Raises:
        RefusedError: it is no regular file, too large, unreadable, binary, or in another encoding.
    """
    if path.suffix.lower() not in SUFFIXES:
        known = " ".join(sorted(SUFFIXES))
        raise RefusedError(f"files of the kind {path.suffix!r} are not supported (supported: {known})")
    try:
        data = _read(path)
    except OSError as exc:
        raise RefusedError(_reason(exc)) from exc
    return Document(path, _decode(data), hashlib.sha256(data).hexdigest())


def _read(path: Path) -> bytes:
    # Asked before it is opened: opening a named pipe would wait for its other end.
    if not stat.S_ISREG(path.stat().st_mode):
        raise RefusedError("not a regular file")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise RefusedError(f"larger than {MAX_BYTES // 1_000_000} MB; split it")
    return data


def _decode(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\x00" in data:
        raise RefusedError("binary (it has NUL bytes)")
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise RefusedError("binary (it has NUL characters)")
        return text
    raise RefusedError("neither UTF-8, nor UTF-16 with a byte order mark, nor GB18030; save it as UTF-8")


def _reason(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"
