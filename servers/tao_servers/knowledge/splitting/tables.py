"""The header that a place in a table is read by."""

from bisect import bisect_right

from tao_servers.knowledge.document import Document

__all__ = ["Headers"]


class Headers:
    """The tables of a document."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._tables = document.tables
        self._starts = [table.start for table in document.tables]
        self._rows: dict[int, int] = {}

    def at(self, place: int) -> str:
        """The header of the table that `place` is in, unless it is in the header itself."""
        index = bisect_right(self._starts, place) - 1
        if index < 0 or place >= self._tables[index].end:
            return ""
        # Remembered, since a first line may be as long as a file.
        if index not in self._rows:
            self._rows[index] = self._first_row(index)
        return self._tables[index].header if place >= self._rows[index] else ""

    def _first_row(self, index: int) -> int:
        table = self._tables[index]
        line_end = self._text.find("\n", table.start, table.end)
        line_end = table.end if line_end < 0 else line_end
        first = self._text[table.start : line_end].strip()
        return line_end if table.header and first == table.header.strip() else table.start
