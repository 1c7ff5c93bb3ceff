"""Open-Meteo without a network: its two services answer from files in the shape of its documentation."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.types import CallToolResult

from tao.settings import WeatherSettings
from tao_servers.weather.server import build_server

_HERE = Path(__file__).parent


@pytest.fixture
def forecast_reply() -> dict[str, Any]:
    """What the forecast service answers for three days of Shanghai."""
    reply: dict[str, Any] = json.loads((_HERE / "forecast.json").read_text(encoding="utf-8"))
    return reply


@pytest.fixture
def asked() -> list[httpx.Request]:
    """The requests that `open_meteo` got."""
    return []


@pytest.fixture
def open_meteo(
    forecast_reply: dict[str, Any], asked: list[httpx.Request]
) -> Callable[[httpx.Request], httpx.Response]:
    """Both services at once; an unknown name has no `results`, as the real geocoder answers it."""
    known = json.loads((_HERE / "geocoder.json").read_text(encoding="utf-8"))

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if not request.url.host.startswith("geocoding"):
            return httpx.Response(200, json=forecast_reply)
        found = known.get(request.url.params["name"])
        return httpx.Response(200, json={"generationtime_ms": 0.3} | ({"results": found} if found else {}))

    return answer


@pytest.fixture
def ask() -> Callable[..., Awaitable[CallToolResult]]:
    """Call `get_forecast` on a server whose network is `handler`."""

    async def call(
        handler: Callable[[httpx.Request], httpx.Response], arguments: dict[str, Any]
    ) -> CallToolResult:
        server = build_server(WeatherSettings(timeout=5), transport=httpx.MockTransport(handler))
        async with Client(server) as client:
            return await client.call_tool("get_forecast", arguments)

    return call
