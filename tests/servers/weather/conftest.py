"""Open-Meteo without a network: a week in any place, the same at every run, whatever the days asked for."""

import datetime
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from mcp import Client
from mcp.types import CallToolResult

from tao.settings import WeatherSettings
from tao_servers.weather.server import build_server

Handler = Callable[[httpx.Request], httpx.Response]
Call = Callable[..., Awaitable[CallToolResult]]

_DAY = datetime.timedelta(days=1)
_CODES = (3, 63, 0, 2, 71, 95, 45)
_FIXED = {"weather_code": 3, "wind_speed_10m": 14.4, "wind_gusts_10m": 28.8, "wind_direction_10m": 45}


@pytest.fixture
def noon() -> datetime.datetime:
    """The time of all these tests: Sunday, November 22, 2026, 13:20 in Shanghai."""
    return datetime.datetime(2026, 11, 22, 5, 20, tzinfo=datetime.UTC)


@pytest.fixture
def asked() -> list[httpx.Request]:
    """The requests that `open_meteo` got."""
    return []


def _forecast(params: Mapping[str, str], now: datetime.datetime) -> dict[str, Any]:
    zone = ZoneInfo(params["timezone"])
    first, last = (datetime.date.fromisoformat(params[name]) for name in ("start_date", "end_date"))
    days = [first + count * _DAY for count in range((last - first).days + 1)]
    offset = datetime.datetime.combine(first, datetime.time(), zone).utcoffset()
    starts = [int(datetime.datetime.combine(day, datetime.time(), zone).timestamp()) for day in days]
    hours = range(starts[0], starts[-1] + 86_400, 3_600)
    count, numbers = len(hours), [day.toordinal() % 7 for day in days]
    return {
        "utc_offset_seconds": int(offset.total_seconds()) if offset is not None else 0,
        "current": {"time": int(now.timestamp()) // 900 * 900, "temperature_2m": 14.2, **_FIXED},
        "hourly": {
            "time": list(hours),
            "temperature_2m": [round(8 + hour // 3_600 % 24 / 4, 1) for hour in hours],
            "apparent_temperature": [round(6 + hour // 3_600 % 24 / 4, 1) for hour in hours],
            "relative_humidity_2m": [70] * count,
            "precipitation": [0.4] * count,
            "precipitation_probability": [55] * count,
            **{name: [value] * count for name, value in _FIXED.items()},
        },
        "daily": {
            "time": starts,
            "weather_code": [_CODES[number] for number in numbers],
            "temperature_2m_max": [12.5 + number for number in numbers],
            "temperature_2m_min": [4.5 + number for number in numbers],
            "precipitation_sum": [round(number * 1.3, 1) for number in numbers],
            "precipitation_probability_max": [10 * number for number in numbers],
            "wind_speed_10m_max": [20.0 + number for number in numbers],
            "wind_gusts_10m_max": [35.5 + number for number in numbers],
            "sunrise": [start + 23_460 for start in starts],
            "sunset": [start + 60_780 for start in starts],
        },
    }


def _air(params: Mapping[str, str], now: datetime.datetime) -> dict[str, Any]:
    reply = _forecast(params, now)
    times = reply["hourly"]["time"]
    return {
        "utc_offset_seconds": reply["utc_offset_seconds"],
        "hourly": {
            "time": times,
            "us_aqi": [60 + time // 3_600 % 24 for time in times],
            "pm2_5": [17.25] * len(times),
            "ozone": [None] * len(times),
        },
    }


@pytest.fixture
def open_meteo(asked: list[httpx.Request], noon: datetime.datetime) -> Handler:
    """Its three services at once; the geocoder knows no place."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.host.startswith("geocoding"):
            return httpx.Response(200, json={"generationtime_ms": 0.3})
        make = _air if request.url.host.startswith("air-quality") else _forecast
        return httpx.Response(200, json=make(request.url.params, noon))

    return answer


@pytest.fixture
def call(tmp_path: Path, noon: datetime.datetime) -> Call:
    """Call a tool of a server whose network is `handler` and whose clock stands at `noon`."""

    async def called(
        handler: Handler,
        tool: str,
        arguments: Mapping[str, object],
        *,
        place: str | None = None,
        now: datetime.datetime = noon,
        **settings: Any,
    ) -> CallToolResult:
        chosen = WeatherSettings.model_validate({"timeout": 5, "sources": ["open-meteo"], **settings})
        server = build_server(
            chosen,
            place=place,
            cache=tmp_path / "cache",
            transport=httpx.MockTransport(handler),
            clock=lambda: now,
        )
        async with Client(server) as client:
            return await client.call_tool(tool, dict(arguments))

    return called
