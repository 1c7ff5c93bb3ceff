"""Days, months, quarters and years that a question names, as ranges of days."""

import datetime
import re
from dataclasses import dataclass

from tao_servers.text2sql.linking.date_rules import RULES, Found
from tao_servers.text2sql.linking.words import folded

__all__ = ["DateMatch", "find_dates"]

_FROM_THEN = re.compile(r"^(?:及(?:其)?(?:之后|以后)|以来|起|开始|至今|到现在)|^ (?:onwards?|to date)\b")
_LATER = re.compile(r"^(?:之后|以后|后)")
_EARLIER = re.compile(r"^(?:之前|以前|前)")
_SINCE = re.compile(r"(?:自从|自|从|\bsince|\bfrom|\bstarting)\s*$")
_AFTER = re.compile(r"\bafter\s*$")
_BEFORE = re.compile(r"\b(?:before|prior to)\s*$")
_UNTIL = re.compile(r"(?:截至|截止到?|\buntil|\bup to)\s*$")
_TO = re.compile(r"^\s*(?:到|至|-|~|–|—|\bto\b|\bthrough\b|\bthru\b|\buntil\b)\s*$")
_AND = re.compile(r"^\s*(?:和|与|\band\b)\s*$")
_FROM = re.compile(r"(?:从|自|介于|\bfrom|\bbetween)\s*$")
_BETWEEN = re.compile(r"(?:介于|\bbetween)\s*$")

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DateMatch:
    """Words of a question and the days that they mean, both included; None leaves that side open.

    `first_place` and `last_place` are where the words begin and end in the question.
    """

    words: str
    first: datetime.date | None
    last: datetime.date | None
    first_place: int = 0
    last_place: int = 0


def find_dates(question: str, as_of: datetime.date | None = None) -> list[DateMatch]:
    """Days that a question names, in its order: 上个月, 2024年第三季度, last 30 days, since 2020.

    What is said as seen from today is read as seen from `as_of`, and not without it. The last 30 days are
    those from 30 days before `as_of` to `as_of`; weeks begin on Monday; a month without a year is the latest
    that has begun.
    """
    text = folded(question)
    found = _joined(text, _periods(text, as_of))
    return [_opened(question, text, one, as_of) for one in found]


def _periods(text: str, as_of: datetime.date | None) -> list[Found]:
    found: list[Found] = []
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            try:
                days = rule.read(match, as_of)
            except (ValueError, OverflowError):
                # The 31st of February, or a year after 9999.
                days = None
            if days is not None:
                found.append((match.start(), match.end(), days))
                # What is read once is not read again by a weaker rule.
                text = text[: match.start()] + "\x00" * (match.end() - match.start()) + text[match.end() :]
    return sorted(found)


def _joined(text: str, found: list[Found]) -> list[Found]:
    """`2019年到2021年` is one range; `2019 and 2021` is one only after `between`."""
    joined: list[Found] = []
    for place, end, days in found:
        if joined:
            begin, before, earlier = joined[-1]
            ahead, middle = text[:begin], text[before:place]
            is_range = _TO.match(middle) or (_AND.match(middle) and _BETWEEN.search(ahead))
            if is_range and earlier[0] <= days[1]:
                said = _FROM.search(ahead)
                joined[-1] = (said.start() if said else begin, end, (earlier[0], days[1]))
                continue
        joined.append((place, end, days))
    return joined


def _opened(question: str, text: str, found: Found, as_of: datetime.date | None) -> DateMatch:
    """With what is said round it, which leaves a side open: since, before."""
    place, end, days = found
    ahead, behind = text[:place], text[end:]
    first: datetime.date | None = days[0]
    last: datetime.date | None = days[1]
    before, after = _said_before(ahead), _said_after(behind)
    meant = (before or after or ("", 0))[0]
    if meant == "since":
        last = as_of if as_of is not None and as_of >= days[0] else None
    elif meant == "after":
        first, last = _beside(days[1], 1), None
    elif meant == "before":
        first, last = None, _beside(days[0], -1)
    elif meant == "until":
        first = None
    place, end = place - (before[1] if before else 0), end + (after[1] if after else 0)
    return DateMatch(question[place:end], first, last, place, end)


def _beside(day: datetime.date, distance: int) -> datetime.date | None:
    try:
        return day + distance * _DAY
    except OverflowError:
        # There is no day before the year 1 or after 9999.
        return None


def _said_before(ahead: str) -> tuple[str, int] | None:
    for meant, pattern in (("since", _SINCE), ("after", _AFTER), ("before", _BEFORE), ("until", _UNTIL)):
        if said := pattern.search(ahead):
            return meant, len(said.group())
    return None


def _said_after(behind: str) -> tuple[str, int] | None:
    for meant, pattern in (("since", _FROM_THEN), ("after", _LATER), ("before", _EARLIER)):
        if said := pattern.match(behind):
            return meant, len(said.group())
    return None
