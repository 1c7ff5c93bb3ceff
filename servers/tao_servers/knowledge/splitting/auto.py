"""Chooses a splitter by what a document is."""

import re
from collections.abc import Iterator
from itertools import islice
from unicodedata import east_asian_width

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.splitting.sizes import Splitter

__all__ = ["chosen"]

# Columns that nine of ten lines of a list stay within; prose wrapped by an editor or a mailer is wider.
_LIST_COLUMNS = 60
_SAMPLE_LINES = 2000
_LINES_A_HEADING = 10
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_LINE = re.compile(r"\S[^\n]{0,60}")


def chosen(document: Document) -> Splitter:
    """The splitter for a document when the user names none."""
    if document.form == "code":
        return "code"
    if document.form in ("table", "records"):
        return "lines"
    if document.form == "markdown" and _FENCE.search(document.text):
        # Code is of short lines, and none of them says anything alone.
        return "markdown"
    if document.pages:
        # Columns make short lines of what is prose.
        return "recursive"
    lines = document.text.count("\n") + 1
    # With more headings than that, short lines are an outline or notes, and sections say more than lines.
    if len(document.headings) * _LINES_A_HEADING <= lines and _is_list(document.text):
        return "lines"
    return "markdown" if document.form == "markdown" else "recursive"


def _is_list(text: str) -> bool:
    widths = sorted(_width(line) for line in islice(_lines(text), _SAMPLE_LINES))
    return bool(widths) and widths[len(widths) * 9 // 10] <= _LIST_COLUMNS


def _lines(text: str) -> Iterator[str]:
    """The lines that have any text, as far as is needed to see that they are long."""
    start = 0
    while match := _LINE.search(text, start):
        yield match[0].rstrip()
        start = text.find("\n", match.end())
        if start < 0:
            return


def _width(line: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in line)
