"""What headers say of time: how long a reply stays fresh, and when to ask again (RFC 9110, RFC 9111)."""

import datetime
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

__all__ = ["fresh_for", "may_be_kept", "retry_after"]

_SHORTEST = datetime.timedelta(minutes=1)
# A service that says more than this, and more than its source expects, is believed no further.
_LONGEST = datetime.timedelta(hours=6)
_LONGEST_WAIT = 86_400.0
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})")


def fresh_for(
    headers: Mapping[str, str], keep: datetime.timedelta, now: datetime.datetime
) -> datetime.timedelta:
    """How long a reply stays fresh: by max-age, else by Expires, else `keep`; from a minute to six hours."""
    said = _max_age(headers)
    if said is None:
        said = _until_expiry(headers, now)
    if said is None:
        return keep
    return min(max(said, _SHORTEST), max(keep, _LONGEST))


def may_be_kept(headers: Mapping[str, str]) -> bool:
    """Whether the service lets a reply be stored."""
    return "no-store" not in headers.get("cache-control", "").lower()


def retry_after(headers: Mapping[str, str], now: datetime.datetime) -> float | None:
    """Seconds until the service wants to be asked again, at most a day; None where it does not say."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    at = _date(text)
    return None if at is None else min(max((at - now).total_seconds(), 0.0), _LONGEST_WAIT)


def _max_age(headers: Mapping[str, str]) -> datetime.timedelta | None:
    control = headers.get("cache-control", "").lower()
    if "no-cache" in control:
        return datetime.timedelta(0)
    found = _MAX_AGE.search(control)
    if found is None:
        return None
    age = headers.get("age", "")
    spent = int(age[:9]) if age.isascii() and age.isdigit() else 0
    return datetime.timedelta(seconds=int(found[1]) - spent)


def _until_expiry(headers: Mapping[str, str], now: datetime.datetime) -> datetime.timedelta | None:
    expires = headers.get("expires")
    if expires is None:
        return None
    at = _date(expires)
    # By the service's own clock: ours may be wrong. `Expires: 0` is no date and means: already expired.
    return datetime.timedelta(0) if at is None else at - (_date(headers.get("date", "")) or now)


def _date(text: str) -> datetime.datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=datetime.UTC)
