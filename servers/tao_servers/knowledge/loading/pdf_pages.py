"""What a PDF holds, page by page: text, notes, form fields, pictures of pages."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tao.models.loading import load
from tao_servers.knowledge.loading.ocr import MAX_SIDE

__all__ = ["Page", "outline", "pdfium", "read_page", "rendered"]

_MOST_BOOKMARKS = 20_000
_MOST_ANNOTATIONS = 5_000
_POINTS_PER_INCH, _FINEST = 72, 300
# Text that a scanner or an archive stamps on pages that are pictures.
_STAMP_LENGTH = 60
_LARGE_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Page:
    """A page's text as PDFium gives it, what is noted on it, and whether it may be a picture of text."""

    text: str
    notes: tuple[str, ...]
    is_picture: bool


def pdfium() -> Any:
    """Return the library."""
    return load("pypdfium2", extra="knowledge")


def read_page(page: Any) -> Page:
    """Read one page."""
    words = page.get_textpage()
    try:
        text = words.get_text_range()
    finally:
        words.close()
    length = sum(not character.isspace() for character in text)
    is_picture = length <= _STAMP_LENGTH and _shows_picture(page, least=_LARGE_SHARE if length else 0)
    return Page(text, tuple(dict.fromkeys(_notes(page))), is_picture)


def _shows_picture(page: Any, *, least: float) -> bool:
    """Whether pictures cover more than the share `least` of the page, or shapes are all there is."""
    raw = pdfium().raw
    width, height = page.get_size()
    covered, shapes = 0.0, 0
    for item in page.get_objects(max_depth=4):
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            covered += abs((right - left) * (top - bottom)) / max(1.0, width * height)
        shapes += item.type in {raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING}
    # Letters that were turned into outlines are hundreds of shapes on a page without text.
    return covered > least or (not least and shapes > 100)


def rendered(page: Any) -> Any:
    """Return the page as an array (height, width, blue-green-red), for OCR."""
    longest = max(1.0, *page.get_size())
    bitmap = page.render(scale=min(_FINEST / _POINTS_PER_INCH, MAX_SIDE / longest))
    return bitmap.to_numpy()


def _notes(page: Any) -> Iterator[str]:
    """What people wrote into fields and notes, which the text of the page does not hold."""
    raw = pdfium().raw
    for at in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        if not annotation:
            continue
        try:
            if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_WIDGET:
                value = _string(annotation, b"V")
                if value and value != "Off":
                    yield f"{_string(annotation, b'TU') or _string(annotation, b'T')}: {value}".lstrip(": ")
            elif contents := _string(annotation, b"Contents"):
                yield contents
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _string(annotation: Any, key: bytes) -> str:
    raw = pdfium().raw
    size = raw.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFAnnot_GetStringValue(annotation, key, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace").strip()


def outline(document: Any) -> dict[int, list[tuple[int, str]]]:
    """Return the document's bookmarks as (level, title), by the number of their page from 0."""
    found: dict[int, list[tuple[int, str]]] = {}
    for count, bookmark in enumerate(document.get_toc()):
        if count >= _MOST_BOOKMARKS:
            break
        target = bookmark.get_dest()
        at = target.get_index() if target else None
        title = " ".join(bookmark.get_title().split())
        if at is not None and title:
            found.setdefault(at, []).append((bookmark.level + 1, title))
    return found
