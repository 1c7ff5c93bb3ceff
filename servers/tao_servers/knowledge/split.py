"""Cuts a text into passages: the units that are found and cited."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from unicodedata import east_asian_width

__all__ = ["PASSAGE_CHARS", "Passage", "split"]

PASSAGE_CHARS = 600
"""No passage is longer, in characters."""

# A paragraph shorter than this is joined with the next one: a heading alone answers nothing.
_ENOUGH_CHARS = 200
# Columns that nine of ten lines of a list stay within; prose wrapped by an editor or a mailer is wider.
_LIST_COLUMNS = 60
_SAMPLE_LINES = 2000
_SENTENCE_END = re.compile(r"[。！？；…!?;]|\.(?=\s)|\s")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text; `line` and `last_line` count from 1."""

    text: str
    line: int
    last_line: int


def split(text: str, *, rows: bool = False) -> list[Passage]:
    """Cut a text: one passage for each line of a list, else paragraphs of bounded size.

    `rows` says that it is a table, whose lines are never joined. Only white space is dropped.
    """
    lines = list(_numbered(text))
    if rows or _is_list(lines):
        return [Passage(piece, number, number) for number, piece in lines if piece]
    return list(_paragraphs(lines))


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    # `str.splitlines` also ends a line at form feeds and the like, where no editor counts one.
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(plain.split("\n"), start=1):
        for piece in _pieces(line.strip()):
            yield number, piece


def _pieces(line: str) -> Iterator[str]:
    start = 0
    while len(line) - start > PASSAGE_CHARS:
        window = _SENTENCE_END.finditer(line, start + PASSAGE_CHARS // 2, start + PASSAGE_CHARS)
        cut = max((match.end() for match in window), default=start + PASSAGE_CHARS)
        yield line[start:cut].strip()
        start = cut
    yield line[start:].strip()


def _is_list(lines: list[tuple[int, str]]) -> bool:
    sample = islice((line for _, line in lines if line), _SAMPLE_LINES)
    widths = sorted(sum(2 if east_asian_width(char) in "WF" else 1 for char in line) for line in sample)
    return bool(widths) and widths[len(widths) * 9 // 10] <= _LIST_COLUMNS


def _paragraphs(lines: list[tuple[int, str]]) -> Iterator[Passage]:
    held: list[tuple[int, str]] = []
    size = 0
    for number, line in lines:
        full = size + len(line) + 1 > PASSAGE_CHARS
        closed = not line and size >= _ENOUGH_CHARS
        if held and (full or closed):
            yield _join(held)
            held, size = [], 0
        if line:
            held.append((number, line))
            size += len(line) + 1
    if held:
        yield _join(held)


def _join(held: list[tuple[int, str]]) -> Passage:
    return Passage("\n".join(line for _, line in held), held[0][0], held[-1][0])
