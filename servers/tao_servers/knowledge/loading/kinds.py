"""Which reader a file goes to: by its name, and by a look at what is in it."""

import io
import re
import zipfile
from pathlib import PurePath

from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.languages import LANGUAGES, NAMES, language_of

__all__ = ["SUFFIXES", "is_known", "reader_of"]

_READERS = {
    "pdf": (".pdf",),
    "word": (".docx",),
    "slides": (".pptx",),
    "sheets": (".ods", ".xls", ".xlsb", ".xlsm", ".xlsx"),
    "epub": (".epub",),
    "pictures": (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"),
    "html": (".htm", ".html", ".xhtml"),
    "markdown": (".markdown", ".md", ".mdown", ".mdx"),
    "delimited": (".csv", ".tsv"),
    "records": (".json", ".jsonl", ".ndjson"),
    "notebook": (".ipynb",),
    "mail": (".eml", ".mht", ".mhtml"),
    "plain": (".adoc", ".asciidoc", ".log", ".org", ".rst", ".srt", ".text", ".txt", ".vtt"),
}
_BY_SUFFIX = {suffix: reader for reader, suffixes in _READERS.items() for suffix in suffixes}
_BINARY = frozenset({"pdf", "word", "slides", "sheets", "epub", "pictures"})
_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
_PACKED = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(
    rb"\s*+(?:<\?xml[^>]*+>\s*+)?(?:<!--(?:(?!-->).)*+-->\s*+)*+<(?:!doctype\s+html|html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_LOOK = 4096
_IN_ZIP = (
    ("word/document.xml", "word"),
    ("ppt/presentation.xml", "slides"),
    ("xl/workbook.xml", "sheets"),
    ("xl/workbook.bin", "sheets"),
)
_IN_OLE = (
    ("EncryptedPackage", "it is protected by a password; save it without one"),
    ("WordDocument", "it is in the old format of Word (.doc); save it as .docx"),
    ("PowerPoint Document", "it is in the old format of PowerPoint (.ppt); save it as .pptx"),
    ("__properties_version1.0", "it is a message in the format of Outlook (.msg); save it as .eml"),
)
_REFUSED = (
    (b"{\\rtf", "it is in Rich Text Format; save it as .docx"),
    (b"GIF8", "it is a GIF picture; save it as .png"),
    (b"SQLite format 3\x00", "it is a database; export its tables as .csv"),
)

SUFFIXES = frozenset(_BY_SUFFIX) | frozenset(LANGUAGES)
"""The suffixes of all kinds of files that can be read."""


def is_known(name: str) -> bool:
    """Whether a file of this name is one to be read, as far as the name tells."""
    return PurePath(name).suffix.lower() in SUFFIXES or language_of(name) is not None


def reader_of(data: bytes, name: str) -> str:
    """The module of this package that reads `data`; what is in it outweighs what it is called.

    Raises:
        RefusedError: no module does.
    """
    path = PurePath(name.lower())
    named = None if path.name in NAMES else _BY_SUFFIX.get(path.suffix)
    seen = _by_content(data)
    if seen is not None:
        return seen
    if named is not None and named not in _BINARY:
        return named
    if language_of(name) is not None:
        return "code"
    # A text, whether it claims to be a sheet (many programs export HTML or CSV as .xls) or nothing at all.
    if _HTML.match(data[:_LOOK]):
        return "html"
    return "delimited" if named == "sheets" else "plain"


def _by_content(data: bytes) -> str | None:
    for mark, reason in _REFUSED:
        if data.startswith(mark):
            raise RefusedError(reason)
    if b"%PDF-" in data[:1024] and not data[:1024].lstrip().startswith(b"<"):
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _in_zip(data)
    if data.startswith(_OLE):
        return _in_ole(data)
    if data.startswith(_PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or _is_bitmap(data):
        return "pictures"
    if data.startswith(_PACKED):
        raise RefusedError("it is a compressed archive; unpack it first")
    return None


def _is_bitmap(data: bytes) -> bool:
    # Two letters are too little to go by; the header says its size as well.
    return data[:2] == b"BM" and int.from_bytes(data[2:6], "little") in (0, len(data))


def _in_zip(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            kind = archive.open("mimetype").read(100) if "mimetype" in names else b""
    except Exception as exc:
        # A damaged archive makes `zipfile` raise errors of many kinds, down to those of zlib.
        raise RefusedError("it is damaged: its zip archive cannot be opened; save it anew") from exc
    for entry, reader in _IN_ZIP:
        if entry in names:
            return reader
    if kind.startswith(b"application/epub+zip") or "META-INF/container.xml" in names:
        return "epub"
    if b"opendocument.spreadsheet" in kind:
        return "sheets"
    if b"opendocument" in kind:
        raise RefusedError("OpenDocument texts and slides are not read; save it as .docx or .pptx")
    raise RefusedError("it is a zip archive; unpack it first")


def _in_ole(data: bytes) -> str:
    for stream, reason in _IN_OLE:
        if stream.encode("utf-16-le") in data:
            raise RefusedError(reason)
    return "sheets"
