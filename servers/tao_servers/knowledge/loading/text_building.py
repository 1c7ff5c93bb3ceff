"""Builds a document's text line by line and keeps the places of headings, pages and tables."""

import re
from collections.abc import Sequence
from typing import Any

from tao_servers.knowledge.document import Document, Heading, Table
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.tables import Cell, lay_out

__all__ = ["TextBuilder", "clean", "one_line"]

_UNWANTED = dict.fromkeys(
    [*range(0x09), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0), 0xAD, 0xFEFF]
)
_BREAKS = dict.fromkeys([0x0B, 0x0C, 0x85, 0x2028, 0x2029], "\n")
_SPACES = {0xA0: " ", 0x202F: " "}
_HALVES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_CLEANED: dict[int, str | None] = {**_UNWANTED, **_BREAKS, **_SPACES, **_HALVES}
_BLANKS_AT_END = re.compile(r"[ \t]+(?=\n|\Z)")


def clean(text: str) -> str:
    """Return `text` with line feeds alone as ends of lines, and without control characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CLEANED)
    return _BLANKS_AT_END.sub("", text)


def one_line(text: str) -> str:
    """Return `text` as one line in which single spaces stand for any white space."""
    return " ".join(clean(text).split())


class TextBuilder:
    """Takes what a reader finds, in reading order.

    Every method but `document` may raise RefusedError: the text becomes longer than may be.
    """

    def __init__(self, options: Options) -> None:
        self._limit = options.max_chars
        self._pieces: list[str] = []
        self._length = 0
        self._blank_line = True
        self._headings: list[Heading] = []
        self._tables: list[Table] = []
        self._pages: list[int] = []

    @property
    def length(self) -> int:
        """How many characters there are."""
        return self._length

    def line(self, text: str) -> None:
        """Add lines that belong to those before them, such as the items of a list."""
        text = clean(text).strip("\n")
        if text.strip():
            self._write(text + "\n")
            self._blank_line = False

    def paragraph(self, text: str) -> None:
        """Add lines that stand by themselves."""
        self.gap()
        self.line(text)
        self.gap()

    def gap(self) -> None:
        """Leave an empty line, unless there is one."""
        if not self._blank_line:
            self._write("\n")
            self._blank_line = True

    def heading(self, text: str, level: int) -> None:
        """Add a heading on a line of its own; `level` counts from 1."""
        text = one_line(text)
        if text:
            self.gap()
            self._headings.append(Heading(self._length, max(1, level), text))
            self.line(text)
            self.gap()

    def mark(self, start: int, level: int, text: str) -> None:
        """Say that the heading `text` stands at `start` of what was added already."""
        self._headings.append(Heading(start, max(1, level), one_line(text)))

    def page(self) -> None:
        """Begin a page, slide or sheet."""
        self.gap()
        self._pages.append(self._length)

    def table(self, rows: Sequence[Sequence[Cell]], *, heads: int | None = None) -> None:
        """Add a table, one row a line; `heads` is the number of its header rows, None to find out."""
        grid = lay_out(rows, heads=heads)
        self.gap()
        for title in grid.titles:
            self.line(title)
        if grid.lines:
            start = self._length
            self._write("\n".join(grid.lines) + "\n")
            self._tables.append(Table(start, self._length - 1, grid.header))
            self._blank_line = False
        self.gap()

    def document(self, **known: Any) -> Document:
        """Return what was built; `known` are the other fields of the document."""
        text = "".join(self._pieces).rstrip("\n")
        text += "\n" if text else ""
        return Document(
            text,
            pages=tuple(min(page, len(text)) for page in self._pages),
            headings=tuple(sorted(self._headings, key=lambda heading: heading.start)),
            tables=tuple(self._tables),
            **known,
        )

    def _write(self, text: str) -> None:
        self._length += len(text)
        if self._length > self._limit:
            raise RefusedError(f"its text is longer than {self._limit:,} characters; split it")
        self._pieces.append(text)
