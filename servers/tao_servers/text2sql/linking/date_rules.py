"""The wordings of days and periods, in Chinese and English, each with what it means."""

import calendar
import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass

from tao_servers.text2sql.linking.numbers import chinese_number, english_number

__all__ = ["RULES", "Found", "Range", "Rule"]

Range = tuple[datetime.date, datetime.date]
Found = tuple[int, int, Range]
"""Where words begin and end, and the days that they mean."""

_DAY = datetime.timedelta(days=1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "1st": 1,
    "2nd": 2,
    "3rd": 3,
    "4th": 4,
    "last": 4,
}
_ORDINALS |= {character: number for number, character in enumerate("一二三四", start=1)}
_RELATIVE = {"this": 0, "current": 0, "last": -1, "previous": -1, "prior": -1, "next": 1}
_YEARS = {"今年": 0, "本年": 0, "去年": -1, "前年": -2, "明年": 1} | _RELATIVE
_DAYS = {
    "今天": 0,
    "今日": 0,
    "昨天": -1,
    "昨日": -1,
    "前天": -2,
    "明天": 1,
    "today": 0,
    "yesterday": -1,
    "tomorrow": 1,
}
_UNITS = {
    "天": "day",
    "日": "day",
    "周": "week",
    "星期": "week",
    "月": "month",
    "季度": "quarter",
    "年": "year",
}

_HAN = "[零〇一二两三四五六七八九十百]"
_N = rf"(?<!\d)(?P<n>\d{{1,3}}|{_HAN}{{1,4}})"
_EN_N = (
    r"(?P<n>\d{1,4}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirty|sixty|ninety)"
)
_YEAR = r"(?:(?P<year>\d{4}|[一二][〇零一二三四五六七八九]{3}) ?年|(?P<said_year>今年|本年|去年|前年|明年))"
_OF_YEAR = rf"(?:{_YEAR}度?的?)?"
_MONTH = r"(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]) ?月"
_MONTH_NAME = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY_NUMBER = r"(?P<day>[12]\d|3[01]|0?[1-9])"
_EN_YEAR = r"(?:(?P<year>(?:1[89]|20)\d\d)(?!\d)|(?P<said_year>this|current|last|previous|next) year)"
_OF = r"(?:,? ?(?:of |in )?(?:the )?)"
_EN_UNIT = r"(?P<unit>days?|weeks?|months?|quarters?|years?)\b"
_ZH_UNIT = r"(?P<unit>个?月|天|日|个?星期|周|个?季度|年)"
# Without one of these a number of four digits, or "may", says no date.
_SAID_OF_TIMES = "in of for during since from after before until by year and to between through last"
_AFTER_ONE = "(?:" + "|".join(rf"(?<=\b{word} )" for word in _SAID_OF_TIMES.split()) + ")"

_Reader = Callable[[re.Match[str], datetime.date | None], Range | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One wording; `read` gives None when it needs a day to count from and has none."""

    pattern: re.Pattern[str]
    read: _Reader


def _number(text: str) -> int:
    value = int(text) if text.isdecimal() else chinese_number(text)
    if value is None:
        raise ValueError(text)
    return int(value)


def _year(match: re.Match[str], as_of: datetime.date | None) -> int | None:
    """The year that is said; else that of `as_of`."""
    groups = match.groupdict()
    if groups.get("year"):
        return _number(groups["year"])
    if as_of is None:
        return None
    return as_of.year + _YEARS.get(groups.get("said_year") or "this", 0)


def _is_said(match: re.Match[str]) -> bool:
    groups = match.groupdict()
    return bool(groups.get("year") or groups.get("said_year"))


def _months(year: int, first: int, count: int) -> Range:
    """`count` months from the month `first`, which may lie outside the year."""
    begin, last = divmod(year * 12 + first - 1, 12), divmod(year * 12 + first + count - 2, 12)
    return (
        datetime.date(begin[0], begin[1] + 1, 1),
        datetime.date(last[0], last[1] + 1, calendar.monthrange(last[0], last[1] + 1)[1]),
    )


def _latest(match: re.Match[str], as_of: datetime.date | None, first: int, count: int) -> Range | None:
    """Months of the year that is said, else of the latest year in which they have begun."""
    year = _year(match, as_of)
    if year is None:
        return None
    if not _is_said(match) and as_of is not None and datetime.date(year, first, 1) > as_of:
        year -= 1
    return _months(year, first, count)


def _whole_year(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    year = _year(match, as_of)
    return None if year is None else _months(year, 1, 12)


def _quarter(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    said = match["q"]
    quarter = int(said) if said.isdecimal() else _ORDINALS[said]
    return _latest(match, as_of, 3 * quarter - 2, 3)


def _half(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    return _latest(match, as_of, 1 if match["half"] in {"上", "first", "1"} else 7, 6)


def _month(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    return _latest(match, as_of, _month_number(match), 1)


def _month_number(match: re.Match[str]) -> int:
    groups = match.groupdict()
    if groups.get("name"):
        return _MONTHS.index(groups["name"][:3]) + 1
    return _number(groups["month"] or "")


def _day(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    year = _year(match, as_of)
    if year is None:
        return None
    day = datetime.date(year, _month_number(match), _number(match["day"]))
    if not _is_said(match) and as_of is not None and day > as_of:
        day = day.replace(year=year - 1)
    return day, day


def _period(unit: str, distance: int, as_of: datetime.date) -> Range:
    """The whole day, week, month, quarter or year that lies `distance` after the one of `as_of`."""
    if unit == "day":
        return as_of + distance * _DAY, as_of + distance * _DAY
    if unit == "week":
        monday = as_of + (7 * distance - as_of.weekday()) * _DAY
        return monday, monday + 6 * _DAY
    if unit == "month":
        return _months(as_of.year, as_of.month + distance, 1)
    if unit == "quarter":
        return _months(as_of.year, (as_of.month - 1) // 3 * 3 + 1 + 3 * distance, 3)
    return _months(as_of.year + distance, 1, 12)


def _back(unit: str, count: int, as_of: datetime.date) -> datetime.date:
    """The day that lies `count` units before `as_of`; the last of its month where that has no such day."""
    if unit in {"day", "week"}:
        return as_of - count * (7 if unit == "week" else 1) * _DAY
    months = count * {"month": 1, "quarter": 3, "year": 12}[unit]
    first, last = _months(as_of.year, as_of.month - months, 1)
    return first.replace(day=min(as_of.day, last.day))


def _unit(text: str) -> str:
    return _UNITS.get(text.removeprefix("个"), text.removesuffix("s"))


def _chinese_period(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    if as_of is None:
        return None
    which = match["which"]
    distance = which.count("下") - which.count("上")
    first, last = _period(_unit(match["unit"]), distance, as_of)
    return (first, as_of) if match["so_far"] else (first, last)


def _english_period(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    return None if as_of is None else _period(_unit(match["unit"]), _RELATIVE[match["which"]], as_of)


def _so_far(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    if as_of is None:
        return None
    short = {"y": "year", "q": "quarter", "m": "month"}
    groups = match.groupdict()
    unit = _unit(groups["unit"]) if groups["unit"] else short[groups["short"]]
    return _period(unit, 0, as_of)[0], as_of


def _count(text: str | None) -> int:
    if text in {None, "a", "an"}:
        return 1
    assert text is not None
    english = english_number(text)
    return int(english) if english is not None else _number(text)


def _recent(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    if as_of is None:
        return None
    unit, groups = _unit(match["unit"]), match.groupdict()
    if groups.get("half"):
        return (_back("month", 6, as_of) if unit == "year" else _back("day", 15, as_of)), as_of
    return _back(unit, _count(groups.get("n")), as_of), as_of


def _ago(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    return None if as_of is None else _period(_unit(match["unit"]), -_count(match["n"]), as_of)


def _weekday(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    if as_of is None:
        return None
    which = match["which"]
    monday, _ = _period("week", which.count("下") - which.count("上"), as_of)
    day = monday + min("一二三四五六日天".index(match["weekday"]), 6) * _DAY
    return day, day


def _said_day(match: re.Match[str], as_of: datetime.date | None) -> Range | None:
    return None if as_of is None else _period("day", _DAYS[match[0]], as_of)


_TEXTS: tuple[tuple[str, _Reader], ...] = (
    # Days.
    (r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)", _day),
    (rf"{_OF_YEAR}{_MONTH} ?(?P<day>[12]\d|3[01]|0?[1-9]|{_HAN}{{1,3}}) ?[日号]", _day),
    (rf"\b{_MONTH_NAME} {_DAY_NUMBER}(?:st|nd|rd|th)?\b(?!\d)(?:,? {_EN_YEAR})?", _day),
    (rf"\b{_DAY_NUMBER}(?:st|nd|rd|th)? (?:of )?{_MONTH_NAME}(?:,? {_EN_YEAR})?", _day),
    (r"今天|今日|昨天|昨日|前天|明天|\b(?:today|yesterday|tomorrow)\b", _said_day),
    (r"(?P<which>[本这]|[上下]+)个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])", _weekday),
    # Stretches up to the day that is counted from.
    (rf"(?:最近|过去|近)的?(?:{_N}|(?P<half>半)){_ZH_UNIT}(?:之内|以内|以来|内|里|来|间)?", _recent),
    (rf"\b(?:the )?(?:last|past|previous) {_EN_N} {_EN_UNIT}", _recent),
    (r"\b(?:the )?past (?P<unit>week|month|quarter|year)\b", _recent),
    (rf"{_N}{_ZH_UNIT}(?:之前|以前|前)", _ago),
    (rf"\b{_EN_N} {_EN_UNIT} ago\b", _ago),
    (r"(?P<unit>年|月|季度)初(?:至今|到现在|以来)", _so_far),
    (r"\bthis (?P<unit>year|quarter|month) so far\b", _so_far),
    (r"\b(?P<unit>year|quarter|month)[ -]to[ -]date\b|\b(?P<short>[yqm])td\b", _so_far),
    # Parts of a year.
    (rf"{_OF_YEAR}(?:第?(?P<q>[一二三四1-4])个?季度)", _quarter),
    (rf"{_YEAR}的? ?q(?P<q>[1-4])", _quarter),
    (rf"\bq(?P<q>[1-4])\b(?:{_OF}{_EN_YEAR})?", _quarter),
    (rf"\b{_EN_YEAR} ?q(?P<q>[1-4])\b", _quarter),
    (rf"\b(?P<q>first|second|third|fourth|1st|2nd|3rd|4th) quarter\b(?:{_OF}{_EN_YEAR})?", _quarter),
    (rf"{_OF_YEAR}(?P<half>[上下])半年", _half),
    (rf"\b(?P<half>first|second) half of (?:the )?{_EN_YEAR}", _half),
    (rf"\bh(?P<half>[12]) {_EN_YEAR}", _half),
    (rf"(?<![第\d.]){_OF_YEAR}{_MONTH}(?:份|(?![亮球饼]| ?\d+ ?[日号]))", _month),
    (r"(?<![\d-])(?P<year>(?:19|20)\d\d)[-/](?P<month>0[1-9]|1[0-2])(?![\d-])", _month),
    (rf"\b{_MONTH_NAME}{_OF}{_EN_YEAR}", _month),
    (rf"{_AFTER_ONE}{_MONTH_NAME}", _month),
    # Whole periods.
    (
        r"(?P<which>(?<!日)[本这当]|[上下]+)(?:个|一个|一)?(?P<unit>月|周|星期|季度|年)(?:份|(?P<so_far>至今|以来)|)",
        _chinese_period,
    ),
    (
        r"\b(?P<which>this|current|last|previous|prior|next) (?P<unit>week|month|quarter|year)\b",
        _english_period,
    ),
    (_YEAR, _whole_year),
    (rf"{_AFTER_ONE}(?P<year>(?:1[89]|20)\d\d)(?![\d.,-]\d|\d|%)", _whole_year),
)
RULES = tuple(Rule(re.compile(text), read) for text, read in _TEXTS)
