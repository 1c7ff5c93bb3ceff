"""Reads pptx files: slides in their order, each with its title, text, tables, charts and notes."""

from collections.abc import Iterable, Iterator
from typing import Any

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.drawings import Drawings, texts
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.markup import attribute, local, relation_id
from tao_servers.knowledge.loading.ocr import PictureReader
from tao_servers.knowledge.loading.office_package import Package
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.tables import Cell
from tao_servers.knowledge.loading.text_building import TextBuilder
from tao_servers.knowledge.loading.word_inline import chosen
from tao_servers.knowledge.loading.word_styles import child

__all__ = ["read"]

_TITLES = {"title", "ctrTitle"}
# They say the same on every slide, and the number is that of the page.
_REPEATED = {"sldNum", "dt", "ftr", "hdr", "sldImg"}


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a pptx file; its pages are slides, its headings their titles.

    Raises:
        RefusedError: it is protected, damaged, something else, or has no text.
    """
    pictures = PictureReader(options)
    with Package(data, options, kind=".pptx") as package:
        reader = _Reader(package, TextBuilder(options), Drawings(package, pictures))
        reader.read()
        if not reader.builder.length:
            raise RefusedError("; ".join(["there is no text in it", *pictures.unread()]))
        known = package.properties()
    return reader.builder.document(unread=pictures.unread(), **known)


class _Reader:
    def __init__(self, package: Package, builder: TextBuilder, drawings: Drawings) -> None:
        self.builder = builder
        self._package = package
        self._drawings = drawings

    def read(self) -> None:
        """Read slide after slide."""
        part, root = self._package.main(".pptx", "presentation")
        relations = self._package.relations(part)
        slides = child(root, "sldIdLst")
        for node in () if slides is None else slides:
            self._slide(relations.get(relation_id(node), ("", ""))[1])

    def _slide(self, part: str) -> None:
        self.builder.page()
        root = self._package.xml(part) if part else None
        if root is None:
            return
        relations = self._package.relations(part)
        shapes = list(_shapes(root))
        for shape in sorted(shapes, key=lambda shape: _placeholder(shape) not in _TITLES):
            self._shape(shape, relations)
        for kind, related in relations.values():
            if kind == "notesSlide":
                self._notes(related)
            elif kind == "comments" and (comments := self._package.xml(related)) is not None:
                self.builder.paragraph("\n".join(_paragraphs(comments, {"cm", "comment"})))

    def _notes(self, part: str) -> None:
        root = self._package.xml(part)
        for shape in _shapes(root) if root is not None else ():
            if _placeholder(shape) not in _REPEATED:
                self.builder.paragraph("\n".join(_paragraphs(shape)))

    def _shape(self, shape: Any, relations: dict[str, tuple[str, str]]) -> None:
        kind = _placeholder(shape)
        if kind in _REPEATED:
            return
        tables = [node for node in shape.iter() if local(node) == "tbl"]
        if tables:
            for table in tables:
                self.builder.table(_rows(table))
        elif kind in _TITLES:
            self.builder.heading(" ".join(_paragraphs(shape)), 1)
        else:
            self.builder.paragraph("\n".join(_paragraphs(shape)))
        for item in self._drawings.lines(shape, relations):
            if isinstance(item, str):
                self.builder.paragraph(item)
            else:
                self.builder.table(item)


def _shapes(node: Any) -> Iterator[Any]:
    """All shapes, those in groups included."""
    for part in node:
        name = local(part)
        if name in {"sp", "graphicFrame", "pic", "cxnSp"}:
            yield part
        elif name == "AlternateContent":
            if (selected := chosen(part)) is not None:
                yield from _shapes(selected)
        elif name in {"cSld", "spTree", "grpSp"}:
            yield from _shapes(part)


def _placeholder(shape: Any) -> str:
    return next((node.get("type", "") for node in shape.iter() if local(node) == "ph"), "")


def _paragraphs(shape: Any, names: Iterable[str] = ("p",)) -> Iterator[str]:
    for node in shape.iter():
        if local(node) in names:
            text = "".join(_pieces(node)).strip()
            if text:
                yield text


def _pieces(node: Any) -> Iterator[str]:
    for part in node:
        name = local(part)
        if name in {"t", "text"}:
            yield part.text or ""
        elif name in {"br", "tab"}:
            yield "\n" if name == "br" else "\t"
        elif name == "fld" and part.get("type") == "slidenum":
            continue
        elif name == "AlternateContent":
            if (selected := chosen(part)) is not None:
                yield from _pieces(selected)
        elif name not in {"pPr", "rPr"}:
            yield from _pieces(part)


def _rows(table: Any) -> list[list[Cell]]:
    return [[_cell(cell) for cell in row if local(cell) == "tc"] for row in table if local(row) == "tr"]


def _cell(cell: Any) -> Cell:
    if any(attribute(cell, name) in {"1", "true"} for name in ("hMerge", "vMerge")):
        return None
    return " ".join(_paragraphs(cell)) or texts(cell)
