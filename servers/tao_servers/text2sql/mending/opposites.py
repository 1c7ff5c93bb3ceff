"""Names that are alike in spelling or in what they are about, and say the opposite or something else."""

import re
from functools import lru_cache
from itertools import pairwise

__all__ = ["are_opposites", "deny"]

_HAN = re.findall(
    "..",
    "高低大小多少男女上下前后出入进出买卖收支增减左右内外南北东西早晚长短"
    "起止始末始终父母国省省市市县年月月日年日本硕主客正副先后新旧首末胜负",
)
# Between commas each word and the one after it.
_LATIN = """
    er ee, or ee, in ex, in de, in out, im ex, en de, asc desc, ascending descending, up down, over under,
    pre post, max min, maximum minimum, most least, more less, high low, upper lower, top bottom,
    first last, start end, begin end, start finish, open close, before after, previous next, prev next,
    early late, old new,
    from to, source target, source destination, src dst, origin destination, sender receiver, sent received,
    buy sell, buyer seller, bought sold, home away, host guest, win loss, win lose, won lost, winner loser,
    gross net, credit debit, profit loss, revenue cost, income expense, asset liability, left right,
    north south, east west, latitude longitude, lat lon, lat lng, width height, weight height, row column,
    male female, man woman, men women, boy girl, father mother, husband wife, parent child, son daughter,
    teacher student, major minor, senior junior, primary secondary, public private, local foreign,
    local global, domestic foreign, domestic international, long short, day night, on off, with without,
    departure arrival, depart arrive, year month day hour minute second, week month, weekly monthly yearly,
    daily weekly, daily monthly, country county city state, state status, question answer, request response
"""
_DENYING = ("un", "in", "im", "ir", "il", "non", "not", "dis", "de", "anti")


def _pairs() -> tuple[tuple[str, str], ...]:
    lines = (line.split() for line in _LATIN.split(","))
    pairs = [pair for line in lines for pair in pairwise(line)]
    return (*pairs, *((new, old) for old, new in pairs))


_PAIRS = _pairs()
_HAN_PAIRS = frozenset(map(frozenset, _HAN))


@lru_cache(maxsize=20_000)
def are_opposites(one: str, two: str) -> bool:
    """Whether one becomes the other when a part of it is turned over: `employer`, `employee`."""
    if len(one) == len(two) and any(frozenset(pair) in _HAN_PAIRS for pair in zip(one, two, strict=True)):
        return True
    return any(
        len(one) - len(old) == len(two) - len(new) and _replaced(one, old, new, two) for old, new in _PAIRS
    )


def deny(one: str, two: str) -> bool:
    """Whether one word is the other with a prefix that denies it: `paid`, `unpaid`."""
    short, long = sorted((one, two), key=len)
    return any(long == prefix + short for prefix in _DENYING)


def _replaced(text: str, old: str, new: str, wanted: str) -> bool:
    place = text.find(old)
    while place >= 0:
        if text[:place] + new + text[place + len(old) :] == wanted:
            return True
        place = text.find(old, place + 1)
    return False
