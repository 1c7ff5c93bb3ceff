"""Reads texts as numbers, days and file names, and folds them, so that they can be compared."""

import calendar
import datetime
import math
import os
import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

__all__ = ["days", "file_name", "first_day", "folded", "local_day", "number"]

_SCALES = {None: 1, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_NUMBER = re.compile(
    r"[¥$€£]?\s*(?P<digits>[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,30})(?:\.\d{1,30})?)\s*(?P<scale>[万萬亿億])?\D{0,12}"
)
_DATE = re.compile(
    r"(\d{4})(?:年|[-/年](\d{1,2})(?:月|[-/月](\d{1,2})日?(?:[T ]\d.*)?)?)?", re.ASCII | re.DOTALL
)


# Of names, dates and prices many documents have the same few; 2024 and 2024.0 are not the same.
@lru_cache(maxsize=10_000, typed=True)
def folded(text: object) -> str | None:
    """`text` without what does not tell words apart: case, width, white space at its ends."""
    if text is None:
        return None
    # A lone half of a surrogate pair, as JSON can spell it, is nothing that a database takes.
    whole = str(text).encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFKC", whole).casefold().strip()


@lru_cache(maxsize=10_000, typed=True)
def number(text: object) -> float | None:
    """The number that a text is: `1,200`, `99元`, `¥3.5万`; None where it is none, or has more than one.

    A currency sign may stand before it and a unit behind it; 万 and 亿 multiply.
    """
    match = _NUMBER.fullmatch(folded(text) or "")
    if not match:
        return None
    value = float(Decimal(match["digits"].replace(",", "")) * _SCALES[match["scale"]])
    return value if math.isfinite(value) else None


@lru_cache(maxsize=10_000, typed=True)
def days(text: object) -> tuple[str, str] | None:
    """The first and the last day of a date, as ISO 8601 has them; None where it is none.

    A year or a month alone has all its days; a time, and its zone, do not matter. `2024/5/1` and
    `2024年5月1日` are read as well.
    """
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", str(text)).strip().upper())
    if not match:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = datetime.date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    last_month = month or 12
    last = first.replace(month=last_month, day=day or calendar.monthrange(first.year, last_month)[1])
    return first.isoformat(), last.isoformat()


def first_day(text: object) -> str | None:
    """The first day of a date, which stands for all of it where it is compared."""
    found = days(text)
    return found[0] if found else None


def local_day(seconds: float) -> str:
    """The day, here, of a moment in seconds since 1970."""
    return datetime.datetime.fromtimestamp(seconds).date().isoformat()


def file_name(source: str) -> str:
    """What a document is called where its path would be too long."""
    return os.path.basename(source.rstrip("/")) or source
