"""Where chunks stand: line, page, headings, the header of their table."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from tao_servers.knowledge.document import Chunk, Document
from tao_servers.knowledge.splitting.tables import Headers
from tao_servers.knowledge.splitting.work import Span

__all__ = ["heading_lines", "place"]


def place(document: Document, spans: Iterable[Span]) -> Iterator[Chunk]:
    """Make chunks of spans whose starts ascend."""
    text, lines, headings, headers = document.text, _Lines(document), _Headings(document), Headers(document)
    for start, end, parent in spans:
        line = lines.at(start)
        yield Chunk(
            text=text[start:end],
            start=start,
            end=end,
            line=line,
            last_line=line if document.part_lines else line + text.count("\n", start, end),
            page=bisect_right(document.pages, start) or None,
            heading=headings.at(start),
            context=headers.at(start),
            parent=parent,
        )


def heading_lines(document: Document) -> list[int]:
    """Where the line of each heading begins: a mark such as `##` stands before the heading's own text."""
    places = [0, *(heading.start for heading in document.headings)]
    # Not looked for beyond the heading before, or many headings in one line would take for ever.
    return [max(document.text.rfind("\n", before, start) + 1, before) for before, start in pairwise(places)]


class _Lines:
    """Counts on from the last place, so that all together is one pass."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._start = 0
        self._line = 1
        self._parts, self._part_lines = document.parts, document.part_lines

    def at(self, start: int) -> int:
        if self._part_lines:
            return self._part_lines[max(0, bisect_right(self._parts, start) - 1)]
        self._line += self._text.count("\n", self._start, start)
        self._start = start
        return self._line


class _Headings:
    """The path of headings, for places that ascend."""

    def __init__(self, document: Document) -> None:
        self._coming = list(zip(heading_lines(document), document.headings, strict=True))[::-1]
        self._path: list[tuple[int, str]] = []

    def at(self, start: int) -> str:
        while self._coming and self._coming[-1][0] <= start:
            _, heading = self._coming.pop()
            while self._path and self._path[-1][0] >= heading.level:
                self._path.pop()
            self._path.append((heading.level, heading.text))
        return " > ".join(text for _, text in self._path)
