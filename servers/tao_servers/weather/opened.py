"""The sources of weather, open while calls need them."""

import datetime
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import anyio

from tao.settings import WeatherSettings
from tao_servers.weather.outlook import Outlook, Sources

if TYPE_CHECKING:
    import httpx

    from tao_servers.weather.sources import Rates

__all__ = ["Opened", "utc_now", "warm", "weather_of", "with_outlook"]

T = TypeVar("T")
_Opening = AbstractAsyncContextManager[Sources]


class Opened:
    """Calls that run side by side share one: the first opens it, the last one closes it.

    So no connection outlives the calls, and one that is under way serves all who ask for the same.
    """

    def __init__(self, make: Callable[[], _Opening], sources: Sources | None = None) -> None:
        self._make = make
        self._given = sources
        self._opening: _Opening | None = None
        self._sources: Sources | None = None
        self._users = 0
        self._lock = anyio.Lock()

    @asynccontextmanager
    async def use(self) -> AsyncGenerator[Sources, None]:
        """The sources, for one call."""
        if self._given is not None:
            yield self._given
            return
        self._users += 1
        try:
            yield await self._open()
        finally:
            self._users -= 1
            if self._users == 0 and self._opening is not None:
                closing, self._opening, self._sources = self._opening, None, None
                await closing.__aexit__(None, None, None)

    async def _open(self) -> Sources:
        async with self._lock:
            if self._sources is None:
                self._opening = self._make()
                self._sources = await self._opening.__aenter__()
            return self._sources


def weather_of(
    settings: WeatherSettings,
    *,
    cache: Path | None,
    transport: "httpx.AsyncBaseTransport | None",
    clock: Callable[[], datetime.datetime],
) -> Callable[[], _Opening]:
    """Makes the sources that the settings name; the keys are in the variables that they name."""
    variables = {"qweather": settings.qweather_key_env, "amap": settings.amap_key_env}
    keys = {
        source: key
        for source, name in variables.items()
        if name and (key := os.environ.get(name, "").strip())
    }

    shared: list[Rates] = []

    def make() -> _Opening:
        # Imported here: listing the tools needs no sources.
        from tao_servers.weather.sources import Rates, Weather

        # What a provider allows holds for the process, not for the connections of the moment.
        if not shared:
            shared.append(Rates())
        return Weather(settings, cache=cache, transport=transport, clock=clock, keys=keys, rates=shared[0])

    return make


def utc_now() -> datetime.datetime:
    """The time, in UTC."""
    return datetime.datetime.now(datetime.UTC)


async def with_outlook(settings: WeatherSettings, ask: Callable[[Outlook], Awaitable[T]]) -> T:
    """Ask one question with sources that are opened for it."""
    async with weather_of(settings, cache=None, transport=None, clock=utc_now)() as sources:
        return await ask(Outlook(settings, sources, clock=utc_now))


def warm() -> None:
    """Load what the first question needs."""
    import httpx
    import stamina

    from tao_servers.weather import sources
    from tao_servers.weather.dates import read_when
    from tao_servers.weather.places import candidates

    del httpx, stamina, sources
    candidates("上海", "zh", limit=1)
    read_when("今天", utc_now())
