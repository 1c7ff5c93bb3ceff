"""Tables as text: CSV, TSV, and lists with semicolons or bars."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from tao_servers.knowledge.document import Document, Table
from tao_servers.knowledge.loading.encodings import decode
from tao_servers.knowledge.loading.limits import check_length
from tao_servers.knowledge.loading.options import Options

__all__ = ["read"]

_DELIMITERS = ",\t;|，"
_SAMPLE_CHARS = 64_000
_SAMPLE_ROWS = 200
# A quoted cell that is longer was hardly meant as one: its closing quote is missing.
_LONGEST_CELL = 20_000
_LONGEST_LABEL = 80
# Report titles and notes that may stand above a table.
_LINES_ABOVE = 10
_VALUE = re.compile(
    r"""[-+(]?\s*[¥￥$€£]?\s*\d[\d.,:/\s-]*\s*     # 1,399.00 or 2024-05-06
        (元|块|万|亿|%|‰|kg|g|km|m|cm|天|年|个|件|[A-Z]{3})?\)?\Z
        |https?://|[^@\s]+@[^@\s]+\.""",
    re.VERBOSE | re.IGNORECASE,
)
_YEAR = re.compile(r"(19|20)\d\d(年.*|[-/.]\d\d?)?\Z")


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a table; its lines stay as they are, but for line feeds within cells, which become spaces.

    Lines above the header are no part of the table. `name` tells tabs from commas where both would do.
    """
    decoded = decode(data)
    text = check_length(decoded.text, options)
    delimiter = _delimiter(text[:_SAMPLE_CHARS], tabs_first=name.lower().endswith(".tsv"))
    text = _one_row_a_line(text, delimiter)
    rows = list(islice(_rows(text[:_SAMPLE_CHARS], delimiter), _SAMPLE_ROWS))
    start, header = _header(text, rows)
    end = len(text.rstrip())
    tables = (Table(start, end, header),) if start < end else ()
    return Document(text, form="table", tables=tables, unread=decoded.unread)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    # Its own limit of a field is far above the sample's length; a NUL is no line's content by now.
    return [row for row in csv.reader(text.split("\n"), delimiter=delimiter) if any(map(str.strip, row))]


def _delimiter(sample: str, *, tabs_first: bool) -> str:
    """The character that cuts most rows into the same number of cells, of two and more."""

    def fitness(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in _rows(sample, delimiter)[:_SAMPLE_ROWS])
        width, rows = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
        share = rows / max(1, widths.total()) if width > 1 else 0.0
        return round(share, 1), width

    candidates = "\t" + _DELIMITERS.replace("\t", "") if tabs_first else _DELIMITERS
    return max(candidates, key=fitness)


def _one_row_a_line(text: str, delimiter: str) -> str:
    quoted = re.compile(
        rf'(?:^|(?<={re.escape(delimiter)}))"[^"]*+(?:""[^"]*+)*+"(?=\s*?(?:{re.escape(delimiter)}|$))',
        re.MULTILINE,
    )

    def joined(match: re.Match[str]) -> str:
        cell = match[0]
        return cell.replace("\n", " ") if len(cell) <= _LONGEST_CELL else cell

    return quoted.sub(joined, text)


def _header(text: str, rows: Sequence[Sequence[str]]) -> tuple[int, str]:
    """Where the table begins, and its header line or nothing; `rows` are those of its beginning."""
    widths = Counter(len(row) for row in rows[:_SAMPLE_ROWS])
    width = max(widths, key=lambda size: (size > 1, widths[size], size), default=0)
    offset = 0
    seen = 0
    for line in islice(text.split("\n"), _LINES_ABOVE + 1):
        if line.strip():
            if seen >= len(rows):
                break
            row = rows[seen]
            seen += 1
            if width > 1 and len([cell for cell in row if cell.strip()]) > width / 2:
                return offset, line.strip() if _is_header(row, rows[seen:]) else ""
        offset += len(line) + 1
    return 0, ""


def _is_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    cells = [cell.strip() for cell in first]
    if not body or any(len(cell) > _LONGEST_LABEL for cell in cells):
        return False
    named = [cell for cell in cells if cell]
    if len(set(named)) < len(named):
        return False
    values = [index for index, cell in enumerate(cells) if _is_value(cell) and not _YEAR.match(cell)]
    return not any(_holds_values(body, index) for index in values) and len(values) <= len(cells) / 2


def _holds_values(body: Sequence[Sequence[str]], index: int) -> bool:
    column = [row[index].strip() for row in body if index < len(row) and row[index].strip()]
    return sum(map(_is_value, column)) > len(column) / 2


def _is_value(cell: str) -> bool:
    return len(cell) <= _LONGEST_LABEL and _VALUE.match(cell) is not None
