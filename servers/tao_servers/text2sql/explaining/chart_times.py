"""Columns of times, as results have them: days, months, quarters, years; whatever way they are written."""

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tao_servers.text2sql.limits import Cell
from tao_servers.text2sql.linking.words import spaced
from tao_servers.text2sql.schema import Family

__all__ = ["Times", "Unit", "read_times"]

Unit = Literal["year", "quarter", "month", "day", "second", "quarter of year", "month of year"]


@dataclass(frozen=True, slots=True)
class Times:
    """A column of times: ISO texts, or for parts of any year their numbers; None where there is none."""

    unit: Unit
    values: list[str | int | None]


_YEAR, _DASH = r"((?:1[89]|20|21)\d\d)", r"[-/.]"
_CLOCK = r"[ t](\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:z|[+-]\d\d(?::?\d\d)?)?"
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = "|".join(
    (
        *("jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?"),
        *("aug(?:ust)?", "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?"),
    )
)

_NAMED: dict[Unit, re.Pattern[str]] = {
    "year": re.compile(r"\b(?:years?|yr)\b|年份?$|年度$", re.IGNORECASE),
    "quarter of year": re.compile(r"\b(?:quarter|qtr)\b|季度?$", re.IGNORECASE),
    "month": re.compile(r"\b(?:months?|period|yearmonth|ym)\b|月份?$", re.IGNORECASE),
    "month of year": re.compile(r"\b(?:months?|mon)\b|月份?$", re.IGNORECASE),
    "day": re.compile(r"\b(?:dates?|days?|dt)\b|日期?$", re.IGNORECASE),
}


def read_times(name: str, family: Family | None, cells: Sequence[Cell]) -> Times | None:
    """The times of a column; None when its values are none.

    Bare digits are times only where the name, or for years also the type or that they are texts, says so.
    """
    given = [cell for cell in cells if cell is not None]
    if not given or any(_is_no_time(cell, family) for cell in given):
        return None
    texts = [None if cell is None else _text(cell) for cell in cells]
    for unit, pattern, read, is_bare in _RULES:
        if is_bare and not _is_said(unit, name, family, given):
            continue
        matches = [None if text is None else pattern.fullmatch(text) for text in texts]
        if all(match or text is None for match, text in zip(matches, texts, strict=True)):
            try:
                values = [None if match is None else read(match) for match in matches]
            except ValueError:
                # The 31st of February.
                continue
            return _coarser(Times(unit, values))
    return None


def _is_said(unit: Unit, name: str, family: Family | None, given: Sequence[Cell]) -> bool:
    if unit == "year" and (family == "time" or all(isinstance(cell, str) for cell in given)):
        return True
    return _NAMED[unit].search(spaced(name)) is not None


def _is_no_time(cell: Cell, family: Family | None) -> bool:
    if isinstance(cell, str):
        # 1999.12 may be a sum of money.
        return family == "number"
    return isinstance(cell, bool) or (isinstance(cell, float) and not cell.is_integer())


def _text(cell: Cell) -> str:
    # PostgreSQL's extract(year from ...) is a decimal number.
    whole = int(cell) if isinstance(cell, float) and cell.is_integer() else cell
    return str(whole).strip().lower()


def _year(match: re.Match[str]) -> str:
    return match[1]


def _month(match: re.Match[str]) -> str:
    return datetime.date(int(match[1]), int(match[2]), 1).isoformat()[:7]


def _day(match: re.Match[str]) -> str:
    return datetime.date(int(match[1]), int(match[2]), int(match[3])).isoformat()


def _second(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return f"{datetime.datetime(year, month, day, hour, minute, second).isoformat()}Z"


def _quarter(match: re.Match[str]) -> str:
    return f"{match[1]}-{3 * _number(match[2]) - 2:02}"


def _quarter_first(match: re.Match[str]) -> str:
    return f"{match[2]}-{3 * _number(match[1]) - 2:02}"


def _number(text: str) -> int:
    return _QUARTERS.get(text) or int(text)


def _part(match: re.Match[str]) -> int:
    return _number(match[1])


def _month_name(match: re.Match[str]) -> int:
    return _MONTHS.index(match[1][:3]) + 1


_Read = Callable[[re.Match[str]], str | int]
# The last says that the form alone tells nothing.
_FORMS: tuple[tuple[Unit, str, _Read, bool], ...] = (
    ("second", rf"{_YEAR}{_DASH}(\d{{1,2}}){_DASH}(\d{{1,2}}){_CLOCK}", _second, False),
    ("day", rf"{_YEAR}{_DASH}(\d{{1,2}}){_DASH}(\d{{1,2}})", _day, False),
    ("day", rf"{_YEAR} ?年 ?(\d{{1,2}}) ?月 ?(\d{{1,2}}) ?[日号]", _day, False),
    ("month", rf"{_YEAR}{_DASH}(\d{{1,2}})", _month, False),
    ("month", rf"{_YEAR} ?年 ?(\d{{1,2}}) ?月", _month, False),
    ("quarter", rf"{_YEAR}[ /年-]?q([1-4])", _quarter, False),
    ("quarter", rf"{_YEAR} ?年? ?第?([一二三四1-4])季度?", _quarter, False),
    ("quarter", rf"q([1-4])[ /-]?{_YEAR}", _quarter_first, False),
    ("year", rf"{_YEAR} ?年", _year, False),
    ("month of year", r"(0?[1-9]|1[0-2]) ?月份?", _part, False),
    ("month of year", rf"({_MONTH_NAME})", _month_name, False),
    ("quarter of year", r"q([1-4])", _part, False),
    ("quarter of year", r"第?([一二三四1-4])季度?", _part, False),
    ("day", rf"{_YEAR}(\d\d)(\d\d)", _day, True),
    ("month", rf"{_YEAR}(\d\d)", _month, True),
    ("year", _YEAR, _year, True),
    ("month of year", r"(0?[1-9]|1[0-2])", _part, True),
    ("quarter of year", r"([1-4])", _part, True),
)
_RULES = tuple((unit, re.compile(pattern), read, is_bare) for unit, pattern, read, is_bare in _FORMS)


def _coarser(times: Times) -> Times:
    """Seconds that are all midnight are days; these, when all are the first of a month, months, and so on.

    A database that cuts times to their month gives them so.
    """
    # 2023-01 and 2024-01 were written as months.
    for unit, to, end in _COARSER if times.unit in {"second", "day"} else ():
        given = [str(value) for value in times.values if value is not None]
        if times.unit == unit and len(set(given)) > 1 and all(value.endswith(end) for value in given):
            cut = [None if value is None else str(value)[: -len(end)] for value in times.values]
            times = Times(to, list(cut))
    return times


_COARSER: tuple[tuple[Unit, Unit, str], ...] = (
    ("second", "day", "T00:00:00Z"),
    ("day", "month", "-01"),
    ("month", "year", "-01"),
)
