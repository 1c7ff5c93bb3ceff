"""Checks a workbook and reads its cells with calamine, as a person sees them."""

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tao.models.loading import load
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.limits import check_archive
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.tables import Cell

__all__ = ["check", "failures", "opened", "rows", "sheets"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The first record of an .xls file that has no container round it.
_BIFF = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HTML = (b"<!doctype html", b"<html", b"<head", b"<meta", b"<table", b"<style")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_MAX_CELLS = 50_000_000
_MOST_COLUMNS = 16_384
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\sr=[\"'](\d{1,9})")
_CELLS = tuple(re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=[\"']([A-Za-z]{%d})\d" % letters) for letters in (3, 2))


def check(data: bytes, options: Options) -> None:
    """Refuse what the parser should not be given.

    Raises:
        RefusedError: it is empty, protected, something else, or unpacks to too much.
    """
    if not data:
        raise RefusedError("it is empty")
    if data.startswith(b"PK"):
        check_archive(data, options)
        _check_extent(data, options)
    elif data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise RefusedError("it is protected by a password; save it without one")
    elif data[:500].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_HTML):
        raise RefusedError("it is HTML by its content, not a workbook; give it the suffix .html")
    elif not data.startswith(_BIFF):
        raise RefusedError("it is no workbook by its content; give it the suffix that fits, or save it anew")


def _check_extent(data: bytes, options: Options) -> None:
    """Two cells in opposite corners would make the parser fill a table of 17 thousand million cells."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            if not _SHEET.fullmatch(entry.filename):
                continue
            if entry.file_size > 2 * options.max_bytes:
                raise RefusedError(f"its sheet {entry.filename[-80:]!r} is too large; split it")
            try:
                xml = archive.read(entry)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as exc:
                raise RefusedError("it is damaged: a sheet cannot be unpacked; save it anew") from exc
            height = max(map(int, _ROW.findall(xml)), default=1)
            if height * _MOST_COLUMNS > _MAX_CELLS and height * _width(xml) > _MAX_CELLS:
                raise RefusedError("a sheet has cells too far apart from each other; delete the far ones")


def _width(xml: bytes) -> int:
    for pattern in _CELLS:
        if found := set(pattern.findall(xml)):
            return max(_column(letters.upper()) for letters in found)
    return 26


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


@contextmanager
def failures() -> Iterator[None]:
    """Turn the parser's failures into refusals."""
    calamine = load("python_calamine", extra="knowledge")
    try:
        yield
    except calamine.PasswordError as exc:
        raise RefusedError("it is protected by a password; save it without one") from exc
    except (calamine.CalamineError, OSError, OverflowError, UnicodeError) as exc:
        raise _refusal(exc) from exc
    except BaseException as exc:
        # A panic of its Rust code is no `Exception`, and its class cannot be imported.
        if type(exc).__name__ == "PanicException":
            raise _refusal(exc) from None
        raise


def _refusal(error: BaseException) -> RefusedError:
    detail = " ".join(str(error).split())[:120]
    return RefusedError(f"it is damaged or no workbook ({detail}); save it anew")


def opened(data: bytes) -> Any:
    """Open a workbook."""
    return load("python_calamine", extra="knowledge").load_workbook(io.BytesIO(data))


def sheets(workbook: Any) -> Iterator[tuple[str, bool]]:
    """Yield the name of each sheet and whether it has cells, as one that is a chart has not."""
    kinds = load("python_calamine", extra="knowledge").SheetTypeEnum
    for sheet in workbook.sheets_metadata:
        if sheet.typ != kinds.Vba:
            yield sheet.name, sheet.typ == kinds.WorkSheet


def rows(workbook: Any, name: str, options: Options) -> Iterator[list[Cell]]:
    """Yield the rows of a sheet from its first one on.

    Raises:
        RefusedError: there is more text than may be.
    """
    sheet = workbook.get_sheet_by_name(name)
    covered = _covered(sheet.merged_cell_ranges or [])
    length = 0
    for at, row in enumerate(sheet.iter_rows()):
        hidden = covered.get(at, set())
        shown = [None if column in hidden else _shown(cell) for column, cell in enumerate(row)]
        length += sum(len(cell) for cell in shown if cell)
        if length > options.max_chars:
            raise RefusedError(f"its text is longer than {options.max_chars:,} characters; split it")
        yield shown


def _covered(ranges: list[tuple[tuple[int, int], tuple[int, int]]]) -> dict[int, set[int]]:
    """The cells that merged ones cover, by row: all of a range but its first."""
    found: dict[int, set[int]] = {}
    for (top, left), (bottom, right) in ranges[:100_000]:
        for row in range(top, min(bottom, top + 10_000) + 1):
            found.setdefault(row, set()).update(range(left + (row == top), min(right, left + 1_000) + 1))
    return found


def _shown(cell: Any) -> str:
    match cell:
        case str():
            return cell if cell.strip() else ""
        case bool():
            return "TRUE" if cell else "FALSE"
        case float():
            # Fifteen digits are what a workbook keeps and shows.
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
        case datetime.datetime():
            return (
                cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ", "seconds")
            )
        case datetime.timedelta():
            seconds = round(cell.total_seconds())
            sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
            return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        case datetime.date():
            return cell.isoformat()
        case datetime.time():
            return cell.isoformat("seconds")
        case _:
            return "" if cell is None else str(cell)
