"""Reads docx files: everything that a person sees in them, in the order of the document."""

from collections.abc import Iterator
from typing import Any

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.drawings import Drawings
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.markup import attribute, local
from tao_servers.knowledge.loading.ocr import PictureReader
from tao_servers.knowledge.loading.office_package import Package
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.tables import Cell
from tao_servers.knowledge.loading.text_building import TextBuilder
from tao_servers.knowledge.loading.word_inline import Paragraph, chosen, paragraph_text
from tao_servers.knowledge.loading.word_styles import Numbers, Styles, child, value

__all__ = ["read"]

_GROUPS = {"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"}
_LONGEST_CELL = 2_000


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a docx file; its headings are those that its styles make.

    Raises:
        RefusedError: it is protected, damaged, something else, or has no text.
    """
    pictures = PictureReader(options)
    with Package(data, options, kind=".docx") as package:
        reader = _Reader(package, TextBuilder(options), pictures)
        reader.read()
        unread = (*reader.unread, *pictures.unread())
        if not reader.builder.length:
            raise RefusedError("; ".join(["there is no text in it", *unread]))
        known = {"title": reader.title} | package.properties()
    return reader.builder.document(unread=unread, **known)


class _Reader:
    def __init__(self, package: Package, builder: TextBuilder, pictures: PictureReader) -> None:
        self.builder = builder
        self.title: str | None = None
        self.unread: list[str] = []
        self._package = package
        self._part, self._root = package.main(".docx", "document")
        self._drawings = Drawings(package, pictures)
        self._styles = Styles(self._of_kind("styles"))
        self._numbers = Numbers(self._of_kind("numbering"))
        self._notes: dict[tuple[str, str], Any] = {}
        for kind in ("footnotes", "endnotes", "comments"):
            root = self._of_kind(kind)
            for note in root if root is not None else ():
                # Word draws the lines above notes by notes of other types.
                if attribute(note, "type") in {None, "normal"}:
                    self._notes[kind, attribute(note, "id") or ""] = note

    def _of_kind(self, kind: str) -> Any:
        return next((self._package.xml(part) for part in self._package.related(self._part, kind)), None)

    def read(self) -> None:
        """Read the body, then notes that nothing refers to, then headers and footers, each text once."""
        self._relations = self._package.relations(self._part)
        body = child(self._root, "body")
        self._blocks(() if body is None else body)
        for note in list(self._notes):
            self._note(note)
        seen: set[str] = set()
        for kind in ("header", "footer"):
            for part in self._package.related(self._part, kind):
                root = self._package.xml(part)
                text = "" if root is None else self._plain(root)
                if text.strip() and text not in seen:
                    seen.add(text)
                    self._relations = self._package.relations(part)
                    self._blocks(root)

    def _plain(self, root: Any) -> str:
        return "\n".join(paragraph_text(node).text for node in root.iter() if local(node) == "p")

    def _blocks(self, nodes: Any) -> None:
        for node in nodes:
            name = local(node)
            if name == "p":
                self._paragraph(node)
            elif name == "tbl":
                self._table(node)
            elif name in _GROUPS:
                self._blocks(node)
            elif name == "AlternateContent" and (selected := chosen(node)) is not None:
                self._blocks(selected)
            elif name == "altChunk":
                self.unread.append("a part that was inserted from another file; save it anew with Word")

    def _paragraph(self, node: Any) -> None:
        found = paragraph_text(node)
        style = self._styles.of(node)
        text = found.text.strip()
        number = self._numbers.next(style.number) if style.number and text else ""
        text = f"{number} {text}" if number else text
        if style.level and text:
            self.builder.heading(text, style.level)
            self.title = self.title or (text if style.is_title else None)
        elif style.number:
            self.builder.line(text)
        else:
            self.builder.paragraph(text)
        self._beside(found)

    def _beside(self, found: Paragraph) -> None:
        for box in found.boxes:
            self._blocks(box)
        for drawing in found.drawings:
            for item in self._drawings.lines(drawing, self._relations):
                if isinstance(item, str):
                    self.builder.paragraph(item)
                else:
                    self.builder.table(item)
        for note in found.notes:
            self._note(note)

    def _note(self, key: tuple[str, str]) -> None:
        note = self._notes.pop(key, None)
        if note is not None:
            relations = self._relations
            part = next(iter(self._package.related(self._part, key[0])), "")
            self._relations = self._package.relations(part)
            self._blocks(note)
            self._relations = relations

    def _table(self, node: Any) -> None:
        rows = [row for row in _rows(node) if child(row, "trPr", "del") is None]
        cells = [list(_cells(row)) for row in rows]
        if _is_layout(cells):
            for row in cells:
                for cell, _ in row:
                    self._blocks(cell)
            return
        beside: list[Paragraph] = []
        table = [self._row(row, line, beside) for row, line in zip(rows, cells, strict=True)]
        self.builder.table(table, heads=sum(_repeats(row) for row in rows) or None)
        for found in beside:
            self._beside(found)

    def _row(self, row: Any, cells: list[tuple[Any, int]], beside: list[Paragraph]) -> list[Cell]:
        before = value(row, "trPr", "gridBefore") or "0"
        line: list[Cell] = [""] * (int(before) if before.isdigit() else 0)
        for cell, width in cells:
            merge = child(cell, "tcPr", "vMerge")
            goes_on = merge is not None and attribute(merge, "val") != "restart"
            line += [None if goes_on else self._cell(cell, beside), *[None] * (width - 1)]
        return line

    def _cell(self, cell: Any, beside: list[Paragraph]) -> str:
        """The text of a cell in one line; what stands beside it comes after the table."""
        pieces = []
        for node in cell.iter():
            if local(node) == "p" and not _is_boxed(node, cell):
                found = paragraph_text(node)
                beside.append(found)
                pieces.append(found.text)
        return " ".join(pieces)


def _rows(table: Any) -> Iterator[Any]:
    for node in table:
        if local(node) == "tr":
            yield node
        elif local(node) in _GROUPS:
            yield from _rows(node)


def _cells(row: Any) -> Iterator[tuple[Any, int]]:
    for node in row:
        if local(node) == "tc":
            span = value(node, "tcPr", "gridSpan") or "1"
            yield node, max(1, min(int(span), 1_000)) if span.isdigit() else 1
        elif local(node) in _GROUPS:
            yield from _cells(node)


def _is_layout(cells: list[list[tuple[Any, int]]]) -> bool:
    """One cell, or cells as long as pages: a frame round text, and no table."""
    count = sum(len(row) for row in cells)
    longest = max((sum(len(t) for t in cell.itertext()) for row in cells for cell, _ in row), default=0)
    return count < 2 or longest > _LONGEST_CELL


def _repeats(row: Any) -> bool:
    mark = child(row, "trPr", "tblHeader")
    return mark is not None and attribute(mark, "val") not in {"0", "false", "off"}


def _is_boxed(node: Any, cell: Any) -> bool:
    for above in node.iterancestors():
        if above is cell:
            return False
        if local(above) in {"txbxContent", "Fallback"}:
            return True
    return False
