"""Rows as csv."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from tao_servers.text2sql.limits import Cell

__all__ = ["csv_lines", "csv_text"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?\Z")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A csv as in RFC 4180: a header, CRLF after each line, quotes where they are needed; see `csv_lines`."""
    return "".join(csv_lines(columns, rows))


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterable[str]:
    """The lines of a csv, the header first; NULL is an empty field, and there is no byte order mark.

    A text that a spreadsheet would run as a formula, since it begins with = + - @, a tab or CR, gets an
    apostrophe before it, as OWASP advises; numbers do not, also where they are texts.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in (columns, *rows):
        writer.writerow([_field(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _field(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        # As everywhere else: without noise such as .30000000000000004.
        return f"{cell:.15g}"
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _NUMBER.match(cell):
        return f"'{cell}"
    return cell
