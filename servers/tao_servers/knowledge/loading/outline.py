"""Puts a text together and keeps count of where its parts and headings begin."""

from collections.abc import Iterable

from tao_servers.knowledge.document import Document, Form, Heading
from tao_servers.knowledge.loading.errors import RefusedError

__all__ = ["Outline"]

_DEEPEST_LEVEL = 6


class Outline:
    """A text in the making, of at most `max_chars` characters; what adds more raises RefusedError."""

    def __init__(self, max_chars: int) -> None:
        self._max_chars = max_chars
        self._pieces: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._parts: list[int] = []
        self._lines: list[int | None] = []

    def part(self, line: int | None = None) -> None:
        """Begin a piece that is never joined with what stands before it, in that line of the file."""
        if not self._parts or self._parts[-1] < self._length:
            self._parts.append(self._length)
            self._lines.append(line)
        else:
            # The piece before had nothing in it.
            self._lines[-1] = line

    def no_heading(self) -> None:
        """What follows stands under no heading."""
        if self._headings and self._headings[-1].text:
            self._headings.append(Heading(self._length, 1, ""))

    def heading(self, text: str, level: int) -> None:
        """Add a heading, on a line of its own."""
        line = " ".join(text.split())
        self._headings.append(Heading(self._length, min(level, _DEEPEST_LEVEL), line))
        self.add(line)

    def add(self, *lines: str) -> None:
        """Add lines, each of which may hold several."""
        self.extend(lines)

    def extend(self, lines: Iterable[str]) -> None:
        """Add lines as they come: what they are made from may be small, and they more than fits."""
        for line in lines:
            text = line.replace("\r\n", "\n").replace("\r", "\n") + "\n"
            self._length += len(text)
            if self._length > self._max_chars:
                raise RefusedError(f"its text is longer than {self._max_chars:,} characters; split it")
            self._pieces.append(text)

    def document(self, form: Form, unread: tuple[str, ...]) -> Document:
        """All of it."""
        text = "".join(self._pieces)
        parts = tuple(start for start in self._parts if start < len(text))
        lines = tuple(line for line in self._lines[: len(parts)] if line is not None)
        headings = tuple(heading for heading in self._headings if heading.start < len(text))
        return Document(text, form=form, headings=headings, parts=parts, part_lines=lines, unread=unread)
