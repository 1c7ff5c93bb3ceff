"""A `Fetch` that answers from what it was given, and remembers how it was asked."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from tao_servers.weather.sources.source import Reply, SourceError

__all__ = ["Asked", "CannedFetch"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    url: str
    params: Mapping[str, str | int | float]
    headers: Mapping[str, str]
    secret: frozenset[str]


@dataclass(slots=True)
class CannedFetch:
    """`replies` has bodies and failures by a part of the address with its query; the first match counts."""

    replies: Mapping[str, bytes | SourceError]
    fetched: datetime.datetime
    asked: list[Asked] = field(default_factory=list)

    async def __call__(
        self,
        url: str,
        params: Mapping[str, str | int | float],
        *,
        keep: datetime.timedelta,
        headers: Mapping[str, str] | None = None,
        secret: frozenset[str] = frozenset(),
    ) -> Reply:
        """Answer; an address that nothing was given for is a mistake of the test."""
        self.asked.append(Asked(url, params, headers or {}, secret))
        address = "&".join((url, *(f"{name}={value}" for name, value in params.items())))
        for part, reply in self.replies.items():
            if part in address:
                if isinstance(reply, SourceError):
                    raise reply
                return Reply(reply, self.fetched, self.fetched + keep)
        raise AssertionError(f"nobody expected {address}")
