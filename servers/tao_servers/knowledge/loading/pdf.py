"""Reads PDF files: the text of each page, and by OCR that of pages which are pictures."""

import re
from collections.abc import Iterator
from typing import Any

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.ocr import PictureReader
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.pdf_lines import mended, share_unmapped
from tao_servers.knowledge.loading.pdf_pages import Page, outline, pdfium, read_page, rendered
from tao_servers.knowledge.loading.text_building import TextBuilder, clean, one_line

__all__ = ["read"]

_HEAD_BYTES = 1_024
_GARBLED = 0.3
_HYPHENED = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")
_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)(\d\d)?)?(?:(Z)|([+-])(\d\d)'?(\d\d)?)?")
# What programs write when nobody gave the file a title or an author.
_NAMELESS = {"untitled", "anonymous", "(anonymous)", "unknown", "无标题", "未命名"}


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a PDF file; its headings are those of its bookmarks that stand on their pages.

    Raises:
        RefusedError: it is protected, damaged, no PDF, or has only pictures that nothing reads.
    """
    if not data.strip():
        raise RefusedError("it is empty")
    if b"%PDF-" not in data[:_HEAD_BYTES]:
        raise RefusedError("it is no PDF by its content; give it the suffix that fits")
    document = _opened(data)
    try:
        return _Reader(document, options).read()
    finally:
        document.close()


def _opened(data: bytes) -> Any:
    library = pdfium()
    try:
        return library.PdfDocument(data)
    except library.PdfiumError as exc:
        if exc.err_code == library.raw.FPDF_ERR_PASSWORD:
            raise RefusedError("it is protected by a password; save it without one") from exc
        if exc.err_code == library.raw.FPDF_ERR_SECURITY:
            raise RefusedError("it is encrypted in an unknown way; save it without protection") from exc
        raise RefusedError("it is damaged: no pages can be found in it; save it anew") from exc


class _Reader:
    def __init__(self, document: Any, options: Options) -> None:
        self._document = document
        self._limit = options.max_chars
        self._builder = TextBuilder(options)
        self._pictures = PictureReader(options)
        self._unread: list[int] = []
        self._garbled: list[int] = []
        self._damaged: list[int] = []

    def read(self) -> Document:
        """Read all pages; which words have hyphens is known only after the last one."""
        pages = list(self._pages())
        words = frozenset(word.lower() for page in pages for word in _HYPHENED.findall(page.text))
        bookmarks = outline(self._document)
        for at, page in enumerate(pages):
            self._builder.page()
            start = self._builder.length
            text = clean(mended(page.text, words=words)).strip("\n")
            self._builder.paragraph(text)
            self._mark(start, text, bookmarks.get(at, []))
            for note in page.notes:
                self._builder.paragraph(note)
        unread = tuple(self._reasons())
        built = self._builder.document(unread=unread, **self._known())
        if not built.text:
            raise RefusedError("; ".join(["there is no text in it", *unread]))
        return built

    def _pages(self) -> Iterator[Page]:
        length = 0
        for at in range(len(self._document)):
            try:
                page = self._document[at]
            except pdfium().PdfiumError:
                self._damaged.append(at + 1)
                yield Page("", (), is_picture=False)
                continue
            found = self._page(page, at + 1)
            page.close()
            length += len(found.text)
            if length > self._limit:
                raise RefusedError(f"its text is longer than {self._limit:,} characters; split it")
            yield found

    def _page(self, page: Any, number: int) -> Page:
        found = read_page(page)
        garbled = share_unmapped(found.text) > _GARBLED
        if not found.is_picture and not garbled:
            return found
        if not self._pictures.enabled or not self._pictures.may_read():
            self._pictures.skip()
            (self._garbled if garbled else self._unread).append(number)
            return found
        seen = self._pictures.pixels(rendered(page))
        text = seen if garbled else "\n".join(filter(None, [found.text.strip(), seen]))
        return Page(text, found.notes, found.is_picture)

    def _mark(self, start: int, text: str, bookmarks: list[tuple[int, str]]) -> None:
        """Mark the bookmarks whose titles begin a line of the page, in their order."""
        reached = 0
        for level, title in bookmarks:
            pattern = r"\s*".join(re.escape(character) for character in title if not character.isspace())
            match = re.compile(
                rf"^(?:[\dA-Z.]+\s+|第.{{1,5}}[章节篇部]\s*)?({pattern})", re.MULTILINE
            ).search(text, reached)
            if match:
                self._builder.mark(start + match.start(), level, match.group())
                reached = match.end()

    def _reasons(self) -> Iterator[str]:
        if self._unread:
            are = "is a picture" if len(self._unread) == 1 else "are pictures"
            yield f"{_ranges(self._unread)} {are}; {self._pictures.why}"
        if self._garbled:
            yield f"{_ranges(self._garbled)}: the fonts do not say which characters they show"
        if self._damaged:
            yield f"{_ranges(self._damaged)}: damaged"
        yield from self._pictures.unread()

    def _known(self) -> dict[str, str | None]:
        told = self._document.get_metadata_dict(skip_empty=True)
        return {
            "title": _named(told.get("Title")),
            "author": _named(told.get("Author")),
            "created": _date(told.get("CreationDate")),
            "modified": _date(told.get("ModDate")),
        }


def _ranges(numbers: list[int]) -> str:
    """`[1, 2, 3, 7]` is `pages 1-3, 7`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    words = ["-".join(map(str, span)) for span in spans]
    return f"page{'s' if len(numbers) > 1 else ''} {', '.join(words[:20])}{' and more' if words[20:] else ''}"


def _named(text: str | None) -> str | None:
    text = one_line(text or "")
    return text if text and text.lower() not in _NAMELESS else None


def _date(text: str | None) -> str | None:
    """PDF 32000-1, 7.9.4: D:YYYYMMDDHHmmSSOHH'mm, of which all but the year may be left out."""
    match = _DATE.match(text or "")
    if not match:
        return None
    year, month, day, hour, minute, second, zulu, sign, ahead, minutes = match.groups()
    date = "-".join(filter(None, (year, month, day)))
    if not day or not hour:
        return date
    zone = "Z" if zulu else f"{sign}{ahead}:{minutes or '00'}" if sign else ""
    return f"{date}T{hour}:{minute}:{second or '00'}{zone}"
