"""The wordings of days, one rule each: a pattern, and what it means on a given day."""

import datetime
import re
from collections.abc import Callable, Iterator
from functools import cache

__all__ = ["Days", "read_days", "read_months_day", "read_part"]

Days = tuple[datetime.date, datetime.date]
_Meaning = Callable[[re.Match[str], datetime.date], Days | None]
_Rule = tuple[re.Pattern[str], _Meaning]

_DAY = datetime.timedelta(days=1)
_DIGITS = {digit: number for number, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
_NUMBERS = {word: number for number, word in enumerate(_WORDS.split())} | {"a": 1, "an": 1, "a couple of": 2}
_N = rf"(\d{{1,4}}|[零〇一二两三四五六七八九十]{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = r"(mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY_OF_MONTH = r"(?:the )?(\d{1,2})(?:st|nd|rd|th)?"
_ZH_WEEK = r"(?:周|星期|礼拜)"
_RELATIVE = {
    "大前天": -3,
    "前天": -2,
    "the day before yesterday": -2,
    "day before yesterday": -2,
    "昨": -1,
    "昨天": -1,
    "昨日": -1,
    "yesterday": -1,
    "今": 0,
    "今天": 0,
    "今日": 0,
    "当天": 0,
    "本日": 0,
    "today": 0,
    "this day": 0,
    "明": 1,
    "明天": 1,
    "明日": 1,
    "次日": 1,
    "tomorrow": 1,
    "tmr": 1,
    "后天": 2,
    "后日": 2,
    "the day after tomorrow": 2,
    "day after tomorrow": 2,
    "大后天": 3,
}
_TOGETHER = {"今明": (0, 1), "今明后": (0, 2), "明后": (1, 2), "昨今": (-1, 0)}
# Hours of the day, both included; the whole of a word is tried before a shorter one.
_PARTS = {
    (0, 5): ("凌晨", "early hours"),
    (6, 8): ("清晨", "清早", "一早", "early morning"),
    (6, 11): ("早上", "早晨", "上午", "早间", "早", "morning"),
    (11, 13): ("中午", "正午", "午间", "noon", "midday", "lunchtime"),
    (12, 17): ("下午", "午后", "afternoon"),
    (17, 19): ("傍晚", "黄昏", "dusk"),
    (18, 23): ("晚上", "夜里", "夜间", "夜晚", "晚间", "半夜", "深夜", "晚", "夜", "evening", "night"),
    (6, 17): ("白天", "daytime"),
}
# The earliest that somebody calls evening.
_EVENING = 5
_PART_OF = {word: hours for hours, words in _PARTS.items() for word in words}
_ANY_PART = "|".join(sorted(_PART_OF, key=len, reverse=True))
_PART_SAID = re.compile(rf"(?:\b(?:in the|this|at) )?(?P<part>{_ANY_PART})")
_CLOCK = re.compile(
    # 周五八点: 五 is the weekday.
    r"(?:\bat |t)?(?<![\d:./-])(?P<hour>\d{1,2}|(?<![周期拜])[零一二两三四五六七八九十]{1,3}(?=点))"
    r"(?::(?P<minute>\d\d)(?::\d\d)?(?:z|[+-]\d\d:?\d\d)?)?\s*"
    r"(?P<mark>am|pm|[ap]\.m\b\.?|o'clock|点钟|点半|点|时)?(?:左右|钟)?"
)


def read_days(text: str, today: datetime.date) -> Days | None:
    """The days that the whole of `text` names; None when no rule reads it."""
    for pattern, meaning in _rules():
        # `next 0 days` ends before it begins.
        if (found := pattern.fullmatch(text)) and (days := meaning(found, today)) and days[0] <= days[1]:
            return days
    return None


def read_months_day(text: str, beside: datetime.date) -> Days | None:
    """A day of the month without its month: the one of `beside`, or of the month after it."""
    found = re.fullmatch(r"(?:the )?(\d{1,2})(?:日|号|st|nd|rd|th)?", text)
    if found is None:
        return None
    day = _date(beside.year, beside.month, int(found[1]))
    if day is None or day < beside:
        following = _month(beside, 1)
        day = _date(following.year, following.month, int(found[1]))
    return (day, day) if day else None


def read_part(text: str) -> tuple[str, tuple[int, int] | None]:
    """Take the part or the hour of the day out of `text`: what is left, and its hours.

    Hours from 24 on are those after the midnight at the end of the day: 今晚2点 is hour 26.
    """
    text = text.replace("tonight", "today night")
    hours = None
    if part := _PART_SAID.search(text):
        hours = _PART_OF[part["part"]]
        text = text[: part.start()] + " " + text[part.end() :]
    if clock := _clock(text):
        hour = _hour(_number(clock["hour"]), (clock["mark"] or "").replace(".", ""), hours)
        if hour is None:
            return text, None
        hours = (hour, hour)
        text = text[: clock.start()] + " " + text[clock.end() :]
    left = re.sub(r"^(?:of|in|on|at|的)\s+|\s+(?:of|in|on|at)$|的$", "", " ".join(text.split()))
    return left, hours


def _clock(text: str) -> re.Match[str] | None:
    return next((m for m in _CLOCK.finditer(text) if m["mark"] or m["minute"]), None)


def _hour(said: int, mark: str, part: tuple[int, int] | None) -> int | None:
    """The hour on the clock of 24, in the part of the day that was named with it."""
    if said > 24:
        return None
    hour = said % 12 if mark == "am" and said == 12 else said
    first, last = part or (0, 23)
    if last == 23 and first > 12 and hour < _EVENING and mark != "pm":
        # 今晚2点, 半夜2点 and 2am tonight come after midnight.
        return hour + 24
    if said == 12 and mark not in ("am", "pm"):
        # 晚上12点 and 凌晨12点 are midnight.
        return 24 if first == 18 else 0 if last < 6 else 12
    if 1 <= hour < 12 and (mark == "pm" or (mark != "am" and part and last >= 12 and hour < first)):
        return hour + 12
    return hour


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    if text in _NUMBERS:
        return _NUMBERS[text]
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return int("".join(str(_DIGITS[digit]) for digit in text))
    return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)


def _date(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _month(day: datetime.date, count: int) -> datetime.date:
    """The first day of the month, `count` months on."""
    months = day.year * 12 + day.month - 1 + count
    return datetime.date(months // 12, months % 12 + 1, 1)


def _monday(today: datetime.date, weeks: int = 0) -> datetime.date:
    return today + (7 * weeks - today.weekday()) * _DAY


def _one(day: datetime.date | None) -> Days | None:
    return (day, day) if day else None


def _in_days(today: datetime.date, count: int) -> Days:
    return today + count * _DAY, today + count * _DAY


def _upcoming(today: datetime.date, weekday: int) -> Days:
    return _in_days(today, (weekday - today.weekday()) % 7)


def _week(today: datetime.date, weeks: int) -> Days:
    monday = _monday(today, weeks)
    # Of this week, what is left of it.
    return (max(monday, today) if weeks == 0 else monday), monday + 6 * _DAY


def _weekend(today: datetime.date, weeks: int) -> Days:
    saturday = _monday(today, weeks) + 5 * _DAY
    return (max(saturday, today) if weeks == 0 else saturday), saturday + _DAY


def _weekday_of(today: datetime.date, weeks: int, weekday: int) -> Days:
    day = _monday(today, weeks) + weekday * _DAY
    return day, day


def _whole_month(today: datetime.date, count: int) -> Days:
    first = _month(today, count)
    return (max(first, today) if count == 0 else first), _month(first, 1) - _DAY


def _nearest(days: Iterator[datetime.date | None], today: datetime.date) -> Days | None:
    known = [day for day in days if day]
    return _one(min(known, key=lambda day: (abs(day - today), today - day))) if known else None


def _month_day(today: datetime.date, month: int, day: int, year: str | int | None = None) -> Days | None:
    if year is not None:
        return _one(_date(int(year), month, day))
    return _nearest((_date(today.year + n, month, day) for n in range(-1, 2)), today)


def _this_months_day(today: datetime.date, day: int) -> Days | None:
    months = [_month(today, n) for n in (-1, 0, 1, 2)]
    return _nearest((_date(month.year, month.month, day) for month in months), today)


def _named_month(today: datetime.date, month: int, year: str | None = None) -> Days:
    distance = (month - today.month) % 12
    if year is not None:
        distance = (int(year) - today.year) * 12 + month - today.month
    return _whole_month(today, distance)


def _english_month(name: str) -> int:
    return _MONTHS.index(name[:3]) + 1


def _english_weekday(name: str) -> int:
    return _WEEKDAYS.index(name[:3])


def _chinese_weekday(name: str) -> int:
    return min("一二三四五六日天".index(name), 6)


def _chinese_weeks(word: str) -> int:
    return word.count("下") - word.count("上")


_YEAR = {"去年": -1, "今年": 0, "明年": 1}
_FEASTS = {
    (1, 1): ("元旦", "元旦节", "new year's day", "new year"),
    (2, 14): ("情人节", "valentine's day"),
    (5, 1): ("五一", "劳动节", "五一劳动节"),
    (10, 1): ("国庆", "国庆节"),
    (12, 24): ("平安夜", "christmas eve"),
    (12, 25): ("圣诞", "圣诞节", "christmas", "christmas day"),
    (12, 31): ("跨年夜", "new year's eve"),
}
_FEAST_OF = {word: day for day, words in _FEASTS.items() for word in words}
_RULE_TEXTS: tuple[tuple[str, _Meaning], ...] = (
    ("|".join(_RELATIVE), lambda m, t: _in_days(t, _RELATIVE[m[0]])),
    (
        rf"({'|'.join(_TOGETHER)})(?:[两二三]?[天日])?",
        lambda m, t: (t + _TOGETHER[m[1]][0] * _DAY, t + _TOGETHER[m[1]][1] * _DAY),
    ),
    # Weeks and weekends.
    (rf"([本这])个?{_ZH_WEEK}|this week|rest of the week", lambda m, t: _week(t, 0)),
    (rf"([下上]+)个?{_ZH_WEEK}", lambda m, t: _week(t, _chinese_weeks(m[1]))),
    (
        r"(?:the )?(next|coming|following|last|past|previous) week",
        lambda m, t: _week(t, _english_weeks(m[1])),
    ),
    (
        rf"(?:[本这]个?)?(?:{_ZH_WEEK}末|双休日|周六周?[日天])|(?:(?:this|the|this coming) )?weekend",
        lambda m, t: _weekend(t, 0),
    ),
    (rf"([下上]+)个?{_ZH_WEEK}末", lambda m, t: _weekend(t, _chinese_weeks(m[1]))),
    (r"(?:the )?(next|following|last|past|previous) weekend", lambda m, t: _weekend(t, _english_weeks(m[1]))),
    # Weekdays.
    (rf"{_ZH_WEEK}([一二三四五六日天])", lambda m, t: _upcoming(t, _chinese_weekday(m[1]))),
    (rf"[本这]个?{_ZH_WEEK}([一二三四五六日天])", lambda m, t: _weekday_of(t, 0, _chinese_weekday(m[1]))),
    (
        rf"([下上]+)个?{_ZH_WEEK}([一二三四五六日天])",
        lambda m, t: _weekday_of(t, _chinese_weeks(m[1]), _chinese_weekday(m[2])),
    ),
    (rf"(?:(?:this|coming|this coming) )?{_WEEKDAY}", lambda m, t: _upcoming(t, _english_weekday(m[1]))),
    (
        rf"{_WEEKDAY} next week|next (?:week )?{_WEEKDAY}|{_WEEKDAY} week",
        lambda m, t: _weekday_of(t, 1, _english_weekday(m[1] or m[2] or m[3])),
    ),
    (
        rf"(?:last|past|previous) {_WEEKDAY}",
        lambda m, t: _in_days(t, -((t.weekday() - _english_weekday(m[1]) - 1) % 7 + 1)),
    ),
    # So many days, weeks.
    (rf"(?:再?过)?{_N}天(?:之?后|以后)", lambda m, t: _in_days(t, _number(m[1]))),
    (rf"{_N}天(?:之前|以前|前)", lambda m, t: _in_days(t, -_number(m[1]))),
    (rf"{_N}个?(?:周|星期|礼拜)(?:之?后|以后)", lambda m, t: _in_days(t, 7 * _number(m[1]))),
    (rf"{_N}个?(?:周|星期|礼拜)(?:之?前|以前)", lambda m, t: _in_days(t, -7 * _number(m[1]))),
    (rf"in {_N} (days?|weeks?)(?:' time)?", lambda m, t: _in_days(t, _number(m[1]) * _unit(m[2]))),
    (
        rf"{_N} (days?|weeks?) (?:from (?:now|today)|later|ahead)",
        lambda m, t: _in_days(t, _number(m[1]) * _unit(m[2])),
    ),
    (rf"{_N} (days?|weeks?) (?:ago|before|earlier)", lambda m, t: _in_days(t, -_number(m[1]) * _unit(m[2]))),
    (
        rf"(?:未来|接下来|今后|往后|近|最近|接下来的|未来的)的?{_N}(天|日|周|个星期|星期|个礼拜)(?:内|之内|里)?|"
        rf"{_N}(天|日|周|个星期)(?:内|之内|以内)",
        lambda m, t: (t, t + (_number(m[1] or m[3]) * _unit(m[2] or m[4]) - 1) * _DAY),
    ),
    (
        rf"(?:over |within |in )?(?:the )?(?:next|coming|following) {_N} (days?|weeks?)",
        lambda m, t: (t, t + (_number(m[1]) * _unit(m[2]) - 1) * _DAY),
    ),
    (
        rf"{_N}(天|周|个?星期|个礼拜)|{_N} (days?|weeks?)",
        lambda m, t: (t, t + (_number(m[1] or m[3]) * _unit(m[2] or m[4]) - 1) * _DAY),
    ),
    (
        r"未来几天|接下来几天|这几天|(?:the )?(?:next|coming) few days|these days",
        lambda m, t: (t, t + 2 * _DAY),
    ),
    (
        rf"(?:过去|之前|前)的?{_N}(天|日|周|个星期)|"
        rf"(?:over )?(?:the )?(?:last|past|previous) {_N} (days?|weeks?)",
        lambda m, t: (t - _number(m[1] or m[3]) * _unit(m[2] or m[4]) * _DAY, t - _DAY),
    ),
    (
        rf"从?({'|'.join(_RELATIVE)})(?:开始|起)的?(?:未来)?{_N}天",
        lambda m, t: (
            t + _RELATIVE[m[1]] * _DAY,
            t + (_RELATIVE[m[1]] + _number(m[2]) - 1) * _DAY,
        ),
    ),
    # Dates.
    ("|".join(_FEAST_OF), lambda m, t: _month_day(t, *_FEAST_OF[m[0]])),
    (
        r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})[日号]?t?",
        lambda m, t: _month_day(t, int(m[2]), int(m[3]), m[1]),
    ),
    (r"(\d{4})(\d\d)(\d\d)", lambda m, t: _month_day(t, int(m[2]), int(m[3]), m[1])),
    (
        rf"(去年|今年|明年){_N}月{_N}[日号]?",
        lambda m, t: _month_day(t, _number(m[2]), _number(m[3]), t.year + _YEAR[m[1]]),
    ),
    (rf"{_N}月{_N}[日号]?", lambda m, t: _month_day(t, _number(m[1]), _number(m[2]))),
    (r"(\d{1,2})\s*[-/.]\s*(\d{1,2})", lambda m, t: _digits_only(t, int(m[1]), int(m[2]))),
    (
        rf"{_MONTH} {_DAY_OF_MONTH}(?:,? (\d{{4}}))?",
        lambda m, t: _month_day(t, _english_month(m[1]), int(m[2]), m[3]),
    ),
    (
        rf"{_DAY_OF_MONTH} (?:of )?{_MONTH}(?:,? (\d{{4}}))?",
        lambda m, t: _month_day(t, _english_month(m[2]), int(m[1]), m[3]),
    ),
    (rf"{_N}[日号]", lambda m, t: _this_months_day(t, _number(m[1]))),
    (r"(?:the )?(\d{1,2})(?:st|nd|rd|th)", lambda m, t: _this_months_day(t, int(m[1]))),
    (
        rf"([本这下])个?月{_N}[日号]",
        lambda m, t: read_months_day(
            m[2] if m[2].isdecimal() else str(_number(m[2])), _month(t, m[1] == "下")
        ),
    ),
    # Months.
    (r"[本这]个?月|this month|rest of the month", lambda m, t: _whole_month(t, 0)),
    (r"下个?月|next month", lambda m, t: _whole_month(t, 1)),
    (r"上个?月|last month", lambda m, t: _whole_month(t, -1)),
    (r"(\d{4})[-年](\d{1,2})月?", lambda m, t: _named_month(t, int(m[2]), m[1]) if int(m[2]) < 13 else None),
    (rf"{_N}月份?", lambda m, t: _named_month(t, _number(m[1])) if 0 < _number(m[1]) < 13 else None),
    (rf"(?:in )?{_MONTH}(?: (\d{{4}}))?", lambda m, t: _named_month(t, _english_month(m[1]), m[2])),
)


def _english_weeks(word: str) -> int:
    return -1 if word in {"last", "past", "previous"} else 1


def _unit(word: str) -> int:
    return 1 if word in {"天", "日"} or word.startswith("day") else 7


def _digits_only(today: datetime.date, first: int, second: int) -> Days | None:
    # 12/1 is December 1; where that is no date, 25/12 is Christmas.
    return _month_day(today, first, second) or _month_day(today, second, first)


@cache
def _rules() -> tuple[_Rule, ...]:
    # Compiled on first use: it takes longer than the import of the rest of the server's own modules.
    return tuple((re.compile(text), meaning) for text, meaning in _RULE_TEXTS)
