"""Rate limits on our side, so that a service never has to refuse us."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tao_servers.weather.sources.source import SourceError

__all__ = ["Limit", "Rates", "limits_of"]

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` in any `seconds` seconds."""

    calls: int
    seconds: float


# Open-Meteo: the free service's terms (open-meteo.com/en/pricing); customers' hosts have no such limits.
_OPEN_METEO = (Limit(600, _MINUTE), Limit(5_000, _HOUR), Limit(10_000, _DAY))
_OF_HOSTS = {
    "api.open-meteo.com": _OPEN_METEO,
    "air-quality-api.open-meteo.com": _OPEN_METEO,
    "geocoding-api.open-meteo.com": _OPEN_METEO,
    # MET Norway: 20 a second for an application (api.met.no/doc/TermsOfService).
    "api.met.no": (Limit(20, 1),),
    # These name no figure; ours is far below what one person's questions need.
    "api.weather.gov": (Limit(5, 1),),
    "restapi.amap.com": (Limit(3, 1),),
    "qweatherapi.com": (Limit(10, 1),),
}


def limits_of(host: str) -> tuple[Limit, ...]:
    """The published limits of a service, or our own caution; none for hosts that we do not know."""
    return next(
        (limits for known, limits in _OF_HOSTS.items() if host == known or host.endswith(f".{known}")), ()
    )


class Rates:
    """Token buckets, one for each limit of each host, within this process.

    Half of a limit is stored and half flows in, so that no stretch of time sees more than all of it.
    """

    def __init__(
        self,
        *,
        limits: Callable[[str], tuple[Limit, ...]] = limits_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: dict[str, list[_Bucket]] = {}
        self._held: dict[str, float] = {}

    def take(self, host: str, *, patience: float) -> float:
        """Take a turn; it comes after the seconds that are returned.

        Raises:
            SourceError: it would come later than in `patience` seconds.
        """
        now = self._clock()
        if host not in self._buckets:
            self._buckets[host] = [_Bucket(limit, now) for limit in self._limits(host)]
        buckets = self._buckets[host]
        asked_to_wait = self._held.get(host, now) - now
        if asked_to_wait > patience:
            raise SourceError("busy", f"it asked for a pause, of which {asked_to_wait:.0f} s are left")
        wait = max((bucket.wait(now) for bucket in buckets), default=0.0)
        if wait > patience:
            raise SourceError("busy", f"our own limit of requests to it is used up for {wait:.0f} s")
        for bucket in buckets:
            bucket.take()
        return max(wait, asked_to_wait, 0.0)

    def hold(self, host: str, seconds: float) -> None:
        """Ask `host` nothing for that long: it said so."""
        self._held[host] = max(self._held.get(host, 0.0), self._clock() + seconds)


class _Bucket:
    def __init__(self, limit: Limit, now: float) -> None:
        self._most = max(limit.calls / 2, 1.0)
        self._a_second = limit.calls / 2 / limit.seconds
        self._level = self._most
        self._at = now

    def wait(self, now: float) -> float:
        self._level = min(self._level + (now - self._at) * self._a_second, self._most)
        self._at = now
        return max((1 - self._level) / self._a_second, 0.0)

    def take(self) -> None:
        # Below zero: those who wait have their turns one after another.
        self._level -= 1
