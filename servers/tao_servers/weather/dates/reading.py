"""Reads a date as people say it, in Chinese or English, at the clock of the place.

No library that is kept reads Chinese weekdays, weekends and ranges of days (dateparser gives one instant and
no `next Friday`), so the wordings are a list of rules in `rules.py`; this file puts them together:
parts of the day, ranges, and what is said round a date.

A week begins on Monday. `下周五` and `next Friday` are the Friday of the next such week, `周五` and `Friday`
the first one from today on. `未来三天` and `next 3 days` begin with today. A date without a year, a month or
a weekday is the nearest one.
"""

import datetime
import re
import unicodedata
from dataclasses import dataclass

from tao_prompts import Language, language_of
from tao_servers.chinese import simplified
from tao_servers.weather.dates.rules import Days, read_days, read_months_day, read_part
from tao_servers.weather.errors import WeatherError

__all__ = ["UnreadableTime", "When", "read_when"]

_LONGEST = 100
_SAID_ROUND = re.compile(
    r"^(?:(?:the )?weather |on |for |during |天气|预报|在)|"
    r"(?: ?(?:weather|forecast|天气预报|天气|预报|期间|的)|[\s.。!！?？,，、;；]+)$"
)
_JOINTS = (
    r"\.\.+|…+|—+|~+|到|至|和|与|跟|、|及",
    r"(?<=\d)/(?=\d{4}-)",
    r"\s(?:to|and|until|till|through|thru|-|–)\s",
    # A hyphen where it cannot be a part of one date: 1日-3日, 1月1-3日, dec 1-3, 12/1-12/3, 1-3 dec.
    r"(?<=[日号])-",
    r"(?<=月\d)-(?=\d)|(?<=月\d\d)-(?=\d)",
    r"(?<=[a-z] \d)[-–](?=\d)|(?<=[a-z] \d\d)[-–](?=\d)",
    r"(?<=\d[/.]\d)-(?=\d)|(?<=\d[/.]\d\d)-(?=\d)",
    r"(?<=^\d)[-–](?=\d+ [a-z])|(?<=^\d\d)[-–](?=\d+ [a-z])",
)
_RANGE = re.compile(rf"^(?:from |between |从|自)?(?P<first>.+?)\s*(?:{'|'.join(_JOINTS)})\s*(?P<last>.+)$")
_NOW = frozenset(
    {"now", "right now", "currently", "at the moment", "现在", "目前", "当前", "此刻", "此时", "实时"}
)
_WEEKDAY_BESIDE = re.compile(
    r"[(（]?\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b[)）]?,?|"
    r"[(（]?(?:周|星期|礼拜)[一二三四五六日天][)）]?"
)


class UnreadableTime(WeatherError):
    """Nobody can tell what day is meant."""


@dataclass(frozen=True, slots=True)
class When:
    """Days, both included, and the hours of the day that are meant (both included), if it was said."""

    first: datetime.date
    last: datetime.date
    hours: tuple[int, int] | None = None
    is_now: bool = False


def read_when(text: str, now: datetime.datetime) -> When:
    """Read `text`; `now` is the time at the place, in its zone.

    Raises:
        UnreadableTime: it cannot be read; the text has examples.
    """
    plain = _plain(text)
    if len(text) <= _LONGEST and plain:
        try:
            if found := _read(plain, now):
                return found
        except (OverflowError, ValueError):
            # A day before the year 1 or after 9999.
            pass
    raise _unreadable(text)


def _plain(text: str) -> str:
    # Half a surrogate pair, which JSON can carry, is no text that can be converted.
    printable = "".join(c if c.isprintable() else " " for c in text[: _LONGEST + 1])
    plain = unicodedata.normalize("NFKC", printable).casefold()
    plain = " ".join(simplified(plain).split())
    # Chinese is written without spaces, whatever a model puts between its words.
    plain = re.sub(r"(?<=[\u3400-\u9fff]) (?=\S)|(?<=\S) (?=[\u3400-\u9fff])", "", plain)
    while (shorter := _SAID_ROUND.sub("", plain)) != plain:
        plain = shorter
    return plain


def _read(text: str, now: datetime.datetime) -> When | None:
    today = now.date()
    if text in _NOW:
        return When(today, today, is_now=True)
    if days := _read_span(text, today):
        return When(*days)
    rest, hours = read_part(text)
    if hours is None:
        return None
    after_midnight, hours = datetime.timedelta(days=hours[0] // 24), (hours[0] % 24, hours[1] % 24)
    if not rest:
        # In the evening, `morning` is the one to come, but `this morning` is not.
        day = today + datetime.timedelta(days=now.hour > hours[1] and "this" not in text)
        return When(day, day, hours)
    days = _read_span(rest, today)
    return When(days[0] + after_midnight, days[1] + after_midnight, hours) if days else None


def _read_span(text: str, today: datetime.date) -> Days | None:
    if days := read_days(text, today):
        return days
    if (parts := _RANGE.match(text)) and (days := _between(parts["first"], parts["last"], today)):
        return days
    # `Friday, Nov 27`: the date counts.
    bare = " ".join(_WEEKDAY_BESIDE.sub(" ", text).split())
    return read_days(bare, today) if bare not in ("", text) else None


def _between(first: str, last: str, today: datetime.date) -> Days | None:
    end = _side(last, today)
    # `Dec 1-3`, `12月1日到3日`, `1-3 December`: one side has the month of the other.
    start = _side(first, today) or (end and read_months_day(first, end[0].replace(day=1)))
    if not start:
        return None
    end = read_months_day(last, start[0]) or end
    if end and end[1] < start[0]:
        # `周五到周一`: the Monday after that Friday.
        end = _side(last, start[0])
    return (start[0], end[1]) if end and end[1] >= start[0] else None


def _side(text: str, today: datetime.date) -> Days | None:
    if days := read_days(text, today):
        return days
    rest, hours = read_part(text)
    return read_days(rest, today) if hours else None


def _unreadable(text: str) -> UnreadableTime:
    said = text if len(text) <= 40 else text[:40] + "…"
    language: Language = language_of(text)
    if language == "zh":
        return UnreadableTime(
            f"看不懂时间 {said!r}。请写“明天”“今晚”“周末”“下周五”“未来三天”“12月1日”，"
            "或 2026-12-01、2026-12-01..2026-12-03 这样的日期。"
        )
    return UnreadableTime(
        f"The time {said!r} cannot be read. Say 'tomorrow', 'tonight', 'this weekend', 'next Friday', "
        "'next 3 days', 'Dec 1', or dates such as 2026-12-01 or 2026-12-01..2026-12-03."
    )
