"""Weather from whichever source answers first in the order of the settings, else from the cache."""

import datetime
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio
from pydantic import ValidationError

from tao.settings import WeatherSettings, cache_dir
from tao_prompts import Language
from tao_servers.weather.errors import WeatherError
from tao_servers.weather.sources.available import Available, available_sources, could_give
from tao_servers.weather.sources.cache import Cache
from tao_servers.weather.sources.exchange import Exchange
from tao_servers.weather.sources.failures import all_failed
from tao_servers.weather.sources.fetch import CachedFetch, FromCacheOnly
from tao_servers.weather.sources.rates import Rates
from tao_servers.weather.sources.source import Failure, Fetch, Source, SourceError, Span, Spot, Wanted
from tao_servers.weather.values import Report

if TYPE_CHECKING:
    import httpx

__all__ = ["Answer", "Weather"]

_OLDEST = datetime.timedelta(hours=24)
_PAUSE_SECONDS = 0.2
_CLOSING_SECONDS = 2.0

_log = logging.getLogger("tao_servers.weather")

Build = Callable[[WeatherSettings, Mapping[str, str], Fetch], Available]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source says; which ones failed before it; and the age in seconds of a value that has expired."""

    report: Report
    tried: tuple[tuple[str, Failure], ...] = ()
    stale_seconds: int | None = None


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Weather:
    """All sources behind one question; for one call or for the life of a server.

    `keys` holds the keys by source. `transport` takes the place of the network, `clock` of the time;
    `rates` are the limits that several of these in one process share; `pause` is the first wait in seconds
    before another try; `build` makes the sources.
    """

    def __init__(
        self,
        settings: WeatherSettings,
        *,
        cache: Path | None = None,
        transport: "httpx.AsyncBaseTransport | None" = None,
        clock: Callable[[], datetime.datetime] = _now,
        keys: Mapping[str, str] | None = None,
        rates: Rates | None = None,
        pause: float = _PAUSE_SECONDS,
        build: Build = available_sources,
    ) -> None:
        self._timeout = settings.timeout
        self._clock = clock
        self._exchange = Exchange(
            transport, timeout=settings.timeout, clock=clock, rates=rates or Rates(), pause=pause
        )
        kept = Cache(cache or settings.cache or cache_dir() / "weather")
        self._fetch = CachedFetch(kept, self._exchange, timeout=settings.timeout, clock=clock)
        self._available = build(settings, keys or {}, self._fetch)
        only_cache = FromCacheOnly(kept, clock=clock, oldest=_OLDEST)
        self._from_cache = build(settings, keys or {}, only_cache)

    @property
    def fetch(self) -> Fetch:
        """How the sources are asked, for others that ask a provider, such as the geocoder."""
        return self._fetch

    async def __aenter__(self) -> Self:
        """Use it; connections open when they are needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        with anyio.move_on_after(_CLOSING_SECONDS, shield=True):
            await self._exchange.aclose()

    async def ask(self, spot: Spot, span: Span, wanted: Wanted, *, language: Language) -> Answer:
        """Ask the sources in order until one answers; else use the newest reply of the last day.

        Raises:
            WeatherError: there is none; the text says what each source answered.
        """
        # A key would not help where the source has none of it.
        failed = [one for one in self._available.broken if could_give(one[0], wanted)]
        skipped = [one for one in self._available.unset if could_give(one[0], wanted)]
        for source in self._available.sources:
            if wanted not in source.gives:
                continue
            if not source.covers(spot):
                skipped.append((source.name, SourceError("out of range")))
                continue
            try:
                report = await self._ask(source, spot, span, wanted)
            except SourceError as exc:
                failed.append((source.name, exc))
            else:
                return Answer(report, _names(failed))
        if (stale := await self._newest_kept(spot, span, wanted)) is not None:
            age = int((self._clock() - stale.fetched).total_seconds())
            _log.warning("stale", extra={"fields": {"source": stale.source, "age_seconds": age}})
            return Answer(stale, _names(failed), age)
        raise WeatherError(all_failed(wanted, failed, skipped, language))

    async def _ask(self, source: Source, spot: Spot, span: Span, wanted: Wanted) -> Report:
        with anyio.move_on_after(self._timeout):
            async with self._fetch.accepted():
                return await _checked(source, spot, span, wanted)
        raise SourceError("late", f"no answer within {self._timeout:g} s")

    async def _newest_kept(self, spot: Spot, span: Span, wanted: Wanted) -> Report | None:
        found: list[Report] = []
        # What was fetched before midnight was asked for by yesterday's date.
        yesterday = replace(span, today=span.today - datetime.timedelta(days=1))
        for source in self._from_cache.sources:
            if wanted not in source.gives or not source.covers(spot):
                continue
            for asked in (span, yesterday):
                try:
                    found.append(await _checked(source, spot, asked, wanted))
                except SourceError:
                    continue
                break
        return max(found, key=lambda report: report.fetched, default=None)


async def _checked(source: Source, spot: Spot, span: Span, wanted: Wanted) -> Report:
    try:
        return await source.ask(spot, span, wanted)
    except ValidationError as exc:
        # A value that no report may have, such as an infinite one, got past the source's own form.
        raise SourceError("unreadable", f"{exc.error_count()} values are impossible") from exc


def _names(failed: list[tuple[str, SourceError]]) -> tuple[tuple[str, Failure], ...]:
    # One that has nothing for the place or the days has not failed: nobody needs to hear of it.
    return tuple((name, error.failure) for name, error in failed if error.failure != "out of range")
