"""What is too much: files, archives and texts that are larger than they may be."""

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path

from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.options import Options

__all__ = ["check_archive", "check_length", "read_bytes", "reason"]

_MAX_ENTRIES = 20_000
# XML of office files that real programs wrote stays under 1 of 60.
_MAX_RATIO = 200
# Below this size no ratio is suspicious: an empty sheet's XML packs very well.
_HARMLESS_BYTES = 20_000_000
_DEFLATE_AT_BEST = 1032
_PROTECTED = 1
_LOCAL_HEADER = 30
_BLOCK = 1 << 20


def reason(error: OSError) -> str:
    """Why the system would not let a file be read."""
    return f"it cannot be read: {error.strerror or error}"


def read_bytes(path: Path, options: Options) -> bytes:
    """Read a whole file of at most `options.max_bytes`.

    Raises:
        RefusedError: it is no regular file, larger, or cannot be read.
    """
    try:
        return _read(path, options.max_bytes)
    except OSError as exc:
        raise RefusedError(reason(exc)) from exc


def _read(path: Path, limit: int) -> bytes:
    # Asked before it is opened: opening a named pipe would wait for its other end.
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise RefusedError("it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise RefusedError("it is not a regular file")
    if status.st_size > limit:
        raise _too_large(status.st_size, limit)
    with path.open("rb") as file:
        # A file may grow between the question and the answer.
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(len(data), limit)
    return data


def _too_large(size: int, limit: int) -> RefusedError:
    return RefusedError(f"it has {_mb(size)} MB, the limit is {_mb(limit)}; split it or raise the limit")


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.0f}"


def check_length(text: str, options: Options) -> str:
    """Return `text`, unless it is longer than `options.max_chars`.

    Raises:
        RefusedError: it is.
    """
    if len(text) > options.max_chars:
        raise RefusedError(
            f"its text has {len(text):,} characters, the limit is {options.max_chars:,}; split it"
        )
    return text


def check_archive(data: bytes, options: Options | None = None) -> None:
    """Look at the directory of a zip-based file before anything in it is unpacked.

    What passes unpacks to `options.max_unpacked` at most, also where its directory lies. An archive inside
    is let be: no reader unpacks it.

    Raises:
        RefusedError: it is damaged, protected, or unpacks to more than may be.
    """
    limit = (options or Options()).max_unpacked
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, EOFError, OSError) as exc:
        raise RefusedError("it is damaged: its zip archive cannot be opened; save it anew") from exc
    if len(entries) > _MAX_ENTRIES:
        raise RefusedError(f"its archive has {len(entries):,} entries, the limit is {_MAX_ENTRIES:,}")
    if any(entry.flag_bits & _PROTECTED for entry in entries):
        raise RefusedError("it is protected by a password; save it without one")
    _check_sizes(entries, len(data), limit)
    # What is small cannot unpack to much, whatever it says of itself.
    if len(data) * _DEFLATE_AT_BEST > limit:
        for entry in entries:
            _check_honesty(data, entry)


def _check_sizes(entries: list[zipfile.ZipInfo], packed: int, limit: int) -> None:
    total = sum(entry.file_size for entry in entries)
    if total > limit:
        raise RefusedError(f"its archive unpacks to {_mb(total)} MB, the limit is {_mb(limit)}")
    if total > _HARMLESS_BYTES and total > packed * _MAX_RATIO:
        raise RefusedError(f"its archive unpacks to {total // packed} times its size, as no honest file does")
    # Entries that share their bytes are how a small archive unpacks to a huge one.
    if sum(entry.compress_size for entry in entries) > packed:
        raise RefusedError("it is damaged: the entries of its archive overlap; save it anew")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise RefusedError("its archive is packed in an unusual way; save it anew")


def _check_honesty(data: bytes, entry: zipfile.ZipInfo) -> None:
    """Unpack an entry, keeping nothing, up to the size that it declares.

    `zipfile` stops there by itself, other libraries go on for as long as there is something.
    """
    if entry.compress_type == zipfile.ZIP_STORED:
        return
    name_and_extra = data[entry.header_offset + 26 : entry.header_offset + _LOCAL_HEADER]
    if len(name_and_extra) < 4:
        raise RefusedError("it is damaged: its archive is cut off; save it anew")
    start = entry.header_offset + _LOCAL_HEADER + sum(struct.unpack("<HH", name_and_extra))
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    packed, size = data[start : start + entry.compress_size], 0
    try:
        while packed and not unpacker.eof:
            size += len(unpacker.decompress(packed, _BLOCK))
            packed = unpacker.unconsumed_tail
            if size > entry.file_size:
                raise RefusedError("its archive unpacks to more than it says, as no honest file does")
    except zlib.error as exc:
        raise RefusedError("it is damaged: its archive cannot be unpacked; save it anew") from exc
