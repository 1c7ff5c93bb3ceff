"""Every request to Open-Meteo is held against the description of its services, and so is every test reply."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client

from tao.settings import WeatherSettings
from tao_servers.weather.server import build_server
from tests.support.weather import openmeteo
from tests.support.weather.description import Description

_HERE = Path(__file__).parent
_DESCRIPTION = Description.read(_HERE / "open-meteo.yml")
_ANSWERS: dict[str, Callable[[Mapping[str, str]], dict[str, Any]]] = {
    "/v1/forecast": openmeteo.forecast,
    "/v1/air-quality": openmeteo.air_quality,
    "/v1/search": openmeteo.search,
}
_PLACES = ("上海", "Oslo", "New York", "悉尼", "31.2, 121.5", "-12.0464, -77.0428", "Geiranger", "盖朗厄尔")
_TIMES: tuple[dict[str, Any], ...] = (
    {},
    {"when": "tomorrow"},
    {"when": "this weekend"},
    {"when": "yesterday"},
    {"when": "next Friday", "detail": "hourly"},
    {"when": "tonight"},
    {"days": 1, "detail": "now"},
    {"days": 16, "detail": "daily"},
    {"days": 2, "detail": "hourly"},
    {"days": 7, "air_quality": True},
    {"days": 1, "detail": "now", "air_quality": True},
    {"days": 1, "detail": "hourly", "air_quality": True},
)


class _OpenMeteo:
    """Answers as the services do, and keeps what was wrong with requests and with its own replies."""

    def __init__(self) -> None:
        self.asked: list[httpx.URL] = []
        self.wrong: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        self.wrong += _DESCRIPTION.wrong_in_request(request.url)
        reply = _ANSWERS[request.url.path](dict(request.url.params))
        self.wrong += _DESCRIPTION.wrong_in_reply(request.url.path, 200, reply)
        return httpx.Response(200, json=reply)


def settings(folder: Path, **more: Any) -> WeatherSettings:
    return WeatherSettings(sources=("open-meteo",), timeout=5, cache=folder / "cache", **more)


@pytest.mark.parametrize("units", ["metric", "imperial"])
@pytest.mark.parametrize("place", _PLACES)
async def test_every_forecast_is_asked_as_described(tmp_path: Path, place: str, units: str) -> None:
    services = _OpenMeteo()
    server = build_server(settings(tmp_path, units=units), transport=httpx.MockTransport(services))
    with anyio.fail_after(60):
        async with Client(server) as client:
            for time in _TIMES:
                reply = await client.call_tool("get_forecast", {"place": place} | time)
                assert not reply.is_error, (time, reply.content)
    assert services.wrong == []
    assert {url.path for url in services.asked} >= {"/v1/forecast", "/v1/air-quality"}


@pytest.mark.parametrize("name", ["Geiranger", "盖朗厄尔", "Qwxyz", "名字不存在的地方", "a,b,c", "%%& =?#"])
async def test_every_name_is_looked_up_as_described(tmp_path: Path, name: str) -> None:
    services = _OpenMeteo()
    server = build_server(settings(tmp_path), transport=httpx.MockTransport(services))
    with anyio.fail_after(60):
        async with Client(server) as client:
            await client.call_tool("find_place", {"name": name})
    assert services.wrong == []


_FORECAST = "https://api.open-meteo.com/v1/forecast?latitude=1&longitude=1"
_AIR = "https://air-quality-api.open-meteo.com/v1/air-quality?latitude=1&longitude=1"
_SEARCH = "https://geocoding-api.open-meteo.com/v1/search?name=Oslo"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (_FORECAST.replace("&longitude=1", ""), "longitude is missing"),
        (_FORECAST.replace("latitude=1", "latitude=91"), "latitude: $: 91.0 is greater"),
        (_FORECAST.replace("latitude=1", "latitude=x"), "latitude: 'x' is no number"),
        (f"{_FORECAST}&latitude=1", "latitude is given twice"),
        (f"{_FORECAST}&day=3", "day is unknown"),
        (f"{_FORECAST}&daily=rain_sum,rain", "daily: $[1]: 'rain' is not one of"),
        (f"{_FORECAST}&forecast_days=17", "forecast_days: $: 17 is greater"),
        (f"{_FORECAST}&start_date=soon", "start_date: $: 'soon' is not a 'date'"),
        (_FORECAST.replace("https", "http"), "http://api.open-meteo.com is none of"),
        (f"{_AIR}&temperature_unit=celsius", "temperature_unit is unknown"),
        (_SEARCH.replace("Oslo", ""), "name: $: '' should be non-empty"),
        (f"{_SEARCH}&count=101", "count: $: 101 is greater"),
        (_SEARCH.replace("/v1/", "/v2/"), "/v2/search is not described"),
    ],
)
def test_a_wrong_request_is_seen(url: str, told: str) -> None:
    assert [wrong for wrong in _DESCRIPTION.wrong_in_request(httpx.URL(url)) if wrong.startswith(told)]


@pytest.mark.parametrize("url", [_FORECAST, _AIR, _SEARCH])
def test_the_shortest_request_is_right(url: str) -> None:
    assert _DESCRIPTION.wrong_in_request(httpx.URL(url)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"timezone": None},
        {"utc_offset_seconds": "0"},
        {"daily": {"temperature_2m_max": [1]}},
        {"daily": {"time": ["2026-11-22"], "temperature_2m_max": ["1"]}},
        {"daily": {"time": ["22.11.2026"]}},
        {"hourly": {"time": ["2026-11-22T00:00+01:00"]}},
        {"hourly": {"time": [], "temperature": []}},
        {"current": {"time": "2026-11-22T00:00"}},
    ],
)
def test_a_wrong_reply_is_seen(change: dict[str, Any]) -> None:
    reply = openmeteo.forecast({"latitude": "1", "longitude": "1", "daily": "rain_sum"})
    assert _DESCRIPTION.wrong_in_reply("/v1/forecast", 200, reply) == []
    assert _DESCRIPTION.wrong_in_reply("/v1/forecast", 200, reply | change)


def test_a_refusal_has_a_reason() -> None:
    refusal = {"error": True, "reason": "Parameter 'count' must be between 1 and 100."}
    assert _DESCRIPTION.wrong_in_reply("/v1/search", 400, refusal) == []
    assert _DESCRIPTION.wrong_in_reply("/v1/search", 400, {"error": True})
    assert _DESCRIPTION.wrong_in_reply("/v1/search", 302, {}) == ["status 302 is not described"]


def samples() -> list[Path]:
    return sorted(_HERE.parent.rglob("samples/*open*meteo*.json"))


@pytest.mark.parametrize("file", samples(), ids=lambda file: file.stem)
def test_every_sample_is_a_reply_as_described(file: Path) -> None:
    reply = json.loads(file.read_text(encoding="utf-8"))
    path = next(
        (path for path, mark in (("/v1/air-quality", "air"), ("/v1/search", "geo")) if mark in file.stem),
        "/v1/forecast",
    )
    assert _DESCRIPTION.wrong_in_reply(path, 400 if "error" in reply else 200, reply) == []
