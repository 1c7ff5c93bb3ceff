"""What a source of weather is, and how it fails."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from tao_servers.weather.values import Report

__all__ = ["Failure", "Fetch", "Reply", "Source", "SourceError", "Span", "Spot", "Wanted"]

_LONGEST_DETAIL = 200

Wanted = Literal["forecast", "air", "alerts"]
Failure = Literal[
    "unreachable",  # no connection: network, proxy, name
    "late",  # no answer within the time limit
    "busy",  # 429, or our own rate limit
    "failing",  # 5xx
    "refused",  # any other status: the request is wrong for this source
    "no key",  # the source needs a key, and none is set, or it was not accepted
    "unreadable",  # not JSON, cut short, too large, or without what was asked for
    "out of range",  # the source does not cover that place or those days
]


class SourceError(Exception):
    """A source has no answer; `detail` is what it said, at most 200 characters, without keys.

    For an HTTP status that is no success, `detail` begins with the status: `404 Not Found`.
    """

    def __init__(self, failure: Failure, detail: str = "") -> None:
        self.failure = failure
        self.detail = _one_line(detail)
        super().__init__(f"{failure}: {self.detail}" if self.detail else failure)


@dataclass(frozen=True, slots=True)
class Spot:
    """A point: degrees, its IANA time zone (never empty, never `auto`) and its ISO country code or ''."""

    latitude: float
    longitude: float
    time_zone: str
    country: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Days at the spot, both ends included; past days come before `today`."""

    first: datetime.date
    last: datetime.date
    today: datetime.date


@dataclass(frozen=True, slots=True)
class Reply:
    """A body of status 200; both times in UTC. `fetched` lies back when it came from the cache."""

    body: bytes
    fetched: datetime.datetime
    expires: datetime.datetime


class Fetch(Protocol):
    """Gets a URL through the cache; every source gets all of its replies from one."""

    async def __call__(
        self,
        url: str,
        params: Mapping[str, str | int | float],
        *,
        keep: datetime.timedelta,
        headers: Mapping[str, str] | None = None,
        secret: frozenset[str] = frozenset(),
    ) -> Reply:
        """Get the reply: a fresh one, or one that the cache holds and that has not expired.

        `keep` is how long a reply without Expires or Cache-Control stays fresh; `secret` names the
        parameters and headers that hold a key, which no cache key, log or message may show.

        Raises:
            SourceError: there is no reply of status 200.
        """


class Source(Protocol):
    """One provider of weather."""

    @property
    def name(self) -> str:
        """Its name in the settings, such as `open-meteo`."""

    @property
    def attribution(self) -> str:
        """The line that its licence asks for."""

    @property
    def gives(self) -> frozenset[Wanted]:
        """What it can be asked for."""

    def covers(self, spot: Spot) -> bool:
        """Whether it knows the weather there at all."""

    async def ask(self, spot: Spot, span: Span, wanted: Wanted) -> Report:
        """Get the days of `span` (with hours, and now where `span` has today), the air, or the alerts.

        Days that the source does not have are left out; there is at least one, else it raises.

        Raises:
            SourceError: it cannot say.
        """


def _one_line(text: str) -> str:
    # A stranger's words go to a model and a terminal: nothing in them may start a line or steer either.
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:2_000]).split())
    return line if len(line) <= _LONGEST_DETAIL else line[: _LONGEST_DETAIL - 1] + "…"
