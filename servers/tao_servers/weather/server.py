"""The MCP face of weather."""

import datetime
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from tao.settings import WeatherSettings
from tao_prompts import language_of
from tao_servers.serving.results import result
from tao_servers.serving.server import make_server
from tao_servers.weather.answering.answers import Alerts, Forecast, Places
from tao_servers.weather.answering.paragraph import describe_places
from tao_servers.weather.answering.wording import say
from tao_servers.weather.errors import WeatherError
from tao_servers.weather.opened import Opened, utc_now, weather_of
from tao_servers.weather.outlook import Outlook, Sources
from tao_servers.weather.question import Detail, Question

if TYPE_CHECKING:
    import httpx

__all__ = ["build_server"]

# A host that shows a small model few tools leaves these out.
_SECONDARY: dict[str, Any] = {"tao/secondary": True}
_Days = Annotated[int, Field(ge=1, le=16, description="How many days, from today or from when")]


def build_server(
    settings: WeatherSettings,
    *,
    place: str | None = None,
    cache: Path | None = None,
    transport: "httpx.AsyncBaseTransport | None" = None,
    clock: Callable[[], datetime.datetime] = utc_now,
    sources: Sources | None = None,
) -> MCPServer:
    """Make the server.

    `place` is where the user is; `transport` takes the place of the network, `clock` of the time (in UTC),
    and `sources` of all providers.
    """
    server = make_server(
        "weather",
        title="Weather",
        instructions="Weather, air quality and official warnings for any place. 查天气、空气质量、预警。",
    )
    opened = Opened(weather_of(settings, cache=cache, transport=transport, clock=clock), sources)
    asking = _Asking(settings, opened, clock)
    _add_forecast(server, asking, place)
    _add_alerts(server, asking)
    _add_places(server, asking)
    return server


class _Asking:
    """One call: opens the sources, bounds the wait, and tells the model what went wrong."""

    def __init__(
        self, settings: WeatherSettings, opened: Opened, clock: Callable[[], datetime.datetime]
    ) -> None:
        self._settings = settings
        self._opened = opened
        self._clock = clock
        # Each source has its own limit; a place that has to be looked up and the air have theirs.
        self._longest = settings.timeout * (2 * len(settings.sources) + 3)

    @asynccontextmanager
    async def outlook(self, said: str) -> AsyncGenerator[Outlook, None]:
        try:
            with anyio.fail_after(self._longest):
                async with self._opened.use() as sources:
                    yield Outlook(self._settings, sources, clock=self._clock)
        except WeatherError as exc:
            raise ToolError(str(exc)) from exc
        except TimeoutError as exc:
            raise ToolError(say("late", language_of(said), self._longest)) from exc


def _add_forecast(server: MCPServer, asking: _Asking, home: str | None) -> None:
    @server.tool(
        name="get_forecast",
        description="Weather of one place, now, by day or hour; when: the user's words. 查天气、空气。"
        " Only for weather.",
        annotations=_reads("Weather forecast"),
    )
    async def forecast(
        place: Annotated[
            str | SkipJsonSchema[None],
            Field(
                description="City, in Chinese or English (上海; Paris, Texas), or 'latitude,longitude';"
                " left out: where the user is"
            ),
        ] = None,
        when: Annotated[
            str | SkipJsonSchema[None],
            Field(description="As the user said: 明天, 周末, 下周五, tonight, next 3 days, 2026-12-01"),
        ] = None,
        days: _Days | SkipJsonSchema[None] = None,
        detail: Annotated[Detail, Field(description="By day, by hour, or only now")] = "daily",
        air_quality: Annotated[bool, Field(description="Air too (PM2.5, AQI)")] = False,
    ) -> Annotated[CallToolResult, Forecast]:
        where = place if place and place.strip() else home
        said = f"{place or ''}{when or ''}"
        language = language_of(said if said.strip() else where or "")
        if where is None:
            raise ToolError(_no_place(said))
        question = Question(where, language, when, days, detail, air_quality)
        async with asking.outlook(said) as outlook:
            return result(*await outlook.forecast(question))


def _add_alerts(server: MCPServer, asking: _Asking) -> None:
    @server.tool(
        description="Official weather warnings at a place. 查预警：台风、暴雨。 Forecasts: get_forecast.",
        annotations=_reads("Weather warnings"),
        meta=_SECONDARY,
    )
    async def get_alerts(
        place: Annotated[str, Field(description="As in get_forecast")],
    ) -> Annotated[CallToolResult, Alerts]:
        _require(place)
        language = language_of(place)
        async with asking.outlook(place) as outlook:
            return result(*await outlook.alerts(place, language))


def _add_places(server: MCPServer, asking: _Asking) -> None:
    @server.tool(
        description="Places of a name, with coordinates. 查经纬度。 Not needed before get_forecast.",
        annotations=_reads("Find a place"),
        meta=_SECONDARY,
    )
    async def find_place(
        name: Annotated[str, Field(description="Name, in any language")],
    ) -> Annotated[CallToolResult, Places]:
        _require(name)
        language = language_of(name)
        async with asking.outlook(name) as outlook:
            places = await outlook.places(name, language)
        return result(describe_places(name.strip(), places, language), places)


def _reads(title: str) -> ToolAnnotations:
    return ToolAnnotations(title=title, read_only_hint=True, idempotent_hint=True, open_world_hint=True)


def _require(place: str) -> None:
    if not place.strip():
        raise ToolError(_no_place(place))


def _no_place(said: str) -> str:
    # Nothing tells the user's language when nothing was said.
    if said.strip():
        return say("no place", language_of(said))
    return f"{say('no place', 'en')} {say('no place', 'zh')}"
