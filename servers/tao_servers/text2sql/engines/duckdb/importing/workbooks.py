"""Reads the sheets of workbooks, each as a table, with the types of their cells."""

import csv
import datetime
import glob
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from tao_servers.text2sql.engines.duckdb.importing.loading import Loading, Unreadable
from tao_servers.text2sql.engines.duckdb.importing.naming import text, unique_all

__all__ = ["load_workbook"]

_Cell = Any
_HEADING_SEARCHED = 20
_EXACT = 2**53
_WIDER = {
    frozenset({"BIGINT", "DOUBLE"}): "DOUBLE",
    frozenset({"DATE", "TIMESTAMP"}): "TIMESTAMP",
}


def load_workbook(path: Path, loading: Loading) -> str | None:
    """Make a table of each sheet that has cells; lines above the headings become the table's comment.

    Raises:
        Unreadable: it is damaged, locked by a password, or without any cells.
    """
    try:
        import python_calamine as calamine
    except ModuleNotFoundError as exc:
        raise Unreadable("needs the package 'python-calamine': pip install 'tao-agent[text2sql]'") from exc
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as workbook:
            names = [s.name for s in workbook.sheets_metadata if s.typ == calamine.SheetTypeEnum.WorkSheet]
            loaded = [_load_sheet(path, workbook, name, loading, alone=len(names) == 1) for name in names]
    except calamine.PasswordError as exc:
        raise Unreadable("is protected by a password. Save it without one.") from exc
    except (calamine.CalamineError, OverflowError, UnicodeError) as exc:
        raise Unreadable(
            f"is damaged or no workbook: {' '.join(str(exc).split())[:200]}. Save it anew."
        ) from exc
    except BaseException as exc:
        # A panic of calamine's Rust code is no `Exception`, and its class cannot be imported.
        if type(exc).__name__ == "PanicException":
            raise Unreadable("is damaged or no workbook. Save it anew.") from None
        raise
    if not any(loaded):
        raise Unreadable("has no sheet with cells. Give one with data.")
    return None


def _load_sheet(path: Path, workbook: Any, sheet: str, loading: Loading, *, alone: bool) -> bool:
    rows = (
        row for row in workbook.get_sheet_by_name(sheet).iter_rows() if any(c not in {"", None} for c in row)
    )
    titles, headings, rest = _headings(rows)
    if not headings:
        return False
    # Text beside the table can make later rows longer than the headings.
    names = unique_all(headings)
    scratch = loading.scratch(".csv")
    types = _write(scratch, rest, len(names))
    columns = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in zip(names, types, strict=True))
    query = (
        f"SELECT * FROM read_csv({text(glob.escape(str(scratch)))}, auto_detect = false, header = false,"
        f" delim = ',', quote = '\"', escape = '\"', nullstr = '', columns = {{{columns}}})"
    )
    name = path.stem if alone else sheet
    if name.lower() in loading.taken:
        name = f"{path.stem}_{sheet}"
    loading.create(name, query, comment=" ".join(titles) or None)
    return True


def _headings(rows: Iterator[Sequence[_Cell]]) -> tuple[list[str], list[str], Iterator[Sequence[_Cell]]]:
    """The lines above the headings, the headings, and the rows below them."""
    first: list[Sequence[_Cell]] = []
    for row in rows:
        first.append(row)
        if len(first) == _HEADING_SEARCHED:
            break
    widest = max((_filled(row) for row in first), default=0)
    # A title that is merged over the columns fills one cell of many.
    at = next((number for number, row in enumerate(first) if _filled(row) * 2 > widest), 0)
    if not first:
        return [], [], iter(())
    titles = [" ".join(_shown(cell) for cell in row if cell not in {"", None}) for row in first[:at]]
    headings = [_shown(cell) for cell in first[at]]
    while headings and not headings[-1] and not any(_has(row, len(headings) - 1) for row in first[at:]):
        headings.pop()
    return titles, headings, chain(first[at + 1 :], rows)


def _has(row: Sequence[_Cell], at: int) -> bool:
    return at < len(row) and row[at] not in {"", None}


def _filled(row: Sequence[_Cell]) -> int:
    return sum(cell not in {"", None} for cell in row)


def _write(path: Path, rows: Iterable[Sequence[_Cell]], width: int) -> list[str]:
    """Write rows as csv and return the type of each column."""
    kinds: list[set[str]] = [set() for _ in range(width)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in rows:
            cells = [*row[:width], *[""] * (width - len(row))]
            for seen, cell in zip(kinds, cells, strict=True):
                if cell not in {"", None}:
                    seen.add(_kind(cell))
            writer.writerow([_shown(cell) for cell in cells])
    return [next(iter(seen)) if len(seen) == 1 else _WIDER.get(frozenset(seen), "VARCHAR") for seen in kinds]


def _kind(cell: _Cell) -> str:
    if isinstance(cell, bool):
        return "BOOLEAN"
    if isinstance(cell, int | float):
        # Sheets know no integers of their own.
        return "BIGINT" if float(cell).is_integer() and abs(cell) <= _EXACT else "DOUBLE"
    # A date and time is a date as well.
    if isinstance(cell, datetime.datetime):
        return "TIMESTAMP"
    if isinstance(cell, datetime.date):
        return "DATE"
    if isinstance(cell, datetime.time):
        return "TIME"
    return "INTERVAL" if isinstance(cell, datetime.timedelta) else "VARCHAR"


def _shown(cell: _Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) <= _EXACT else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):
        return f"{cell.total_seconds():f} seconds"
    return "" if cell is None else str(cell).replace("\x00", "")
