"""Finds out how a text file is encoded, and makes it UTF-8 where it is not."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from tao_servers.text2sql.engines.duckdb.importing.loading import Unreadable

__all__ = ["as_utf8", "encoding_of"]

_BLOCK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# GB18030 covers GBK and GB2312. cp1252 reads anything, so that it comes last.
_TRIED = ("gb18030", "cp1252")
# By chance hardly one in six of another encoding's letters would fit.
_RIGHT_FOR_ONE_WRONG = 3
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1a\x1b")


def as_utf8(path: Path, scratch: Path) -> tuple[Path, str | None]:
    """A UTF-8 file with the text of `path`, which is itself when it is one, and a remark on what was unclear.

    Raises:
        Unreadable: it is no text.
    """
    encoding = encoding_of(path)
    if encoding == "utf-8":
        return path, None
    with (
        path.open("r", encoding=encoding, errors="replace", newline="") as source,
        scratch.open("w", encoding="utf-8", newline="") as target,
    ):
        lost = 0
        while block := source.read(_BLOCK):
            lost += block.count("\ufffd")
            target.write(block.replace("\x00", ""))
    if lost:
        return scratch, f"{lost} characters could not be read as {encoding}."
    # What fits several encodings may have been meant in another one.
    return scratch, f"Read as {encoding}." if encoding in _TRIED else None


def encoding_of(path: Path) -> str:
    """The encoding of a text file, tried on all of it.

    Raises:
        Unreadable: it is no text.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\x00" in head:
        return _without_mark(head)
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
    if controls * 50 > len(head):
        raise Unreadable("is no text, whatever its name says. Give a text file, or save it anew.")
    if _fits(path, "utf-8"):
        return "utf-8"
    if _is_mostly_utf8(path):
        # Not the name of what needs no change.
        return "utf-8-sig"
    return next((encoding for encoding in _TRIED if _fits(path, encoding)), _TRIED[-1])


def _without_mark(head: bytes) -> str:
    """UTF-16 without its mark has a zero in every other place of what is ASCII."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    # Half a pair may stand at the end of the part that was read.
    text = head[: len(head) // 2 * 2].decode(encoding, "replace").removesuffix("\ufffd")
    wrong = any(char == "\ufffd" or (char < " " and char not in "\t\r\n\f") for char in text)
    if wrong or max(even, odd) * 20 < len(head) or min(even, odd) * 20 > max(even, odd):
        raise Unreadable("is no text, whatever its name says: it has zero bytes. Give a text file.")
    return encoding


def _is_mostly_utf8(path: Path) -> bool:
    """Whether some bytes were damaged in a file that is UTF-8 otherwise."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    right = wrong = 0
    for block in _blocks(path):
        text = decoder.decode(block)
        wrong += text.count("\ufffd")
        right += sum(not char.isascii() for char in text)
    return right - wrong >= _RIGHT_FOR_ONE_WRONG * wrong


def _fits(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
