"""By headings and blocks; fenced code and tables stay whole where they fit."""

import re
from collections.abc import Iterator
from dataclasses import replace

from tao_servers.knowledge.document import Document, Heading, Table
from tao_servers.knowledge.splitting.borders import Rank
from tao_servers.knowledge.splitting.prose import Prose
from tao_servers.knowledge.splitting.work import Span, Work

__all__ = ["read_markup", "split_markdown"]

# A section that is shorter is joined with the next one.
_CLOSING = {Rank.HEADING: 1 / 8}
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*+)", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]++([^\n]*+)$", re.MULTILINE)
_TABLE = re.compile(
    r"^(?P<header>[^\S\n]*+[^\s|][^\n|]*+\|[^\n]*+|[^\S\n]*+\|[^\n]*+)\n"
    r"[^\S\n]*+(?=[^\n]*-)(?=[^\n]*\|)[-:| \t]++$(?:\n[^\n|]*+\|[^\n]*+)*+",
    re.MULTILINE,
)


def split_markdown(work: Work) -> Iterator[Span]:
    """Keep sections whole where they fit, else cut them between blocks."""
    prose = Prose(work.document, closing=_CLOSING, blocks=_fences(work.document.text))
    for start, end in work.regions():
        for piece in work.packer.pack(start, end, prose, work.sizes.tokens):
            yield Span(*piece)


def read_markup(document: Document) -> Document:
    """Find headings and tables (as in GitHub's Markdown) where the document names none."""
    fences = _fences(document.text)
    headings = document.headings or tuple(_headings(document.text, fences))
    tables = document.tables or tuple(_tables(document.text, fences))
    return replace(document, headings=headings, tables=tables)


def _fences(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    opened: re.Match[str] | None = None
    for match in _FENCE.finditer(text):
        if opened is None:
            opened = match
        # What stands behind a fence names its language: it opens and never closes.
        elif match[1].startswith(opened[1]) and not match[2].strip():
            found.append((opened.start(), match.end()))
            opened = None
    # CommonMark 0.31, section 4.5: a fence that is never closed goes on to the end.
    return [*found, (opened.start(), len(text))] if opened else found


def _headings(text: str, fences: list[tuple[int, int]]) -> Iterator[Heading]:
    for match in _outside(_HEADING, text, fences):
        title = match[2].strip().rstrip("#").rstrip()
        if title:
            yield Heading(match.start(), len(match[1]), title)


def _tables(text: str, fences: list[tuple[int, int]]) -> Iterator[Table]:
    for match in _outside(_TABLE, text, fences):
        yield Table(match.start(), match.end(), match["header"].strip())


def _outside(pattern: re.Pattern[str], text: str, fences: list[tuple[int, int]]) -> Iterator[re.Match[str]]:
    coming = iter(fences)
    start, end = next(coming, (len(text), len(text)))
    for match in pattern.finditer(text):
        while end <= match.start() < len(text) and end < len(text):
            start, end = next(coming, (len(text), len(text)))
        if not start <= match.start() < end:
            yield match
