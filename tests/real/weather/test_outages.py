"""What the user sees while providers of weather are out, one after another and all together."""

import datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.types import CallToolResult

from tao.settings import WeatherSettings
from tao_servers.weather.server import build_server
from tests.real.weather.conftest import entry, said
from tests.support.weather.faults import FAULTS, Fault
from tests.support.weather_service import Provider, WeatherService

pytestmark = pytest.mark.real

_CHAIN: tuple[tuple[Provider, str], ...] = (
    ("open-meteo", "MET Norway"),
    ("met.no", "QWeather"),
    ("qweather", "AMap"),
)


def _at(step: int) -> str:
    """A point near Shanghai that nothing in the cache is about."""
    return f"{31.0 + step / 10:.1f}, 121.5"


async def _tomorrow(client: Client, place: str, **more: Any) -> CallToolResult:
    return await client.call_tool("get_forecast", {"place": place, "when": "明天", **more})


async def test_each_provider_that_is_out_is_followed_by_the_next(
    service: WeatherService, tmp_path: Path
) -> None:
    with anyio.fail_after(120):
        async with Client(entry(service.variables(keys=True), tmp_path)) as client:
            reply = await _tomorrow(client, _at(0))
            assert "Open-Meteo" in said(reply)
            assert "12 mm" in said(reply)
            for step, (out, following) in enumerate(_CHAIN, 1):
                service.fail("503", out)
                reply = await _tomorrow(client, _at(step))
                assert not reply.is_error, said(reply)
                assert following in said(reply)
            service.fail("503", "amap")
            reply = await _tomorrow(client, _at(9))
    assert reply.is_error
    assert "查不到天气预报：" in said(reply)
    for name in ("open-meteo", "met.no", "qweather", "amap"):
        assert f"{name} 服务出错（503" in said(reply)
    assert "nws 没有该地点或日期的数据" in said(reply)
    assert "过几分钟再试" in said(reply)


async def test_an_american_place_falls_back_to_the_weather_service(
    service: WeatherService, tmp_path: Path
) -> None:
    service.fail("500", "open-meteo", "met.no")
    with anyio.fail_after(60):
        async with Client(entry(service.variables(), tmp_path)) as client:
            reply = await client.call_tool("get_forecast", {"place": "Springfield, Missouri", "days": 3})
    assert not reply.is_error, said(reply)
    assert "US National Weather Service" in said(reply)


async def test_every_kind_of_failure_leads_to_the_next_provider(
    service: WeatherService, tmp_path: Path
) -> None:
    faults = [fault for fault in FAULTS if fault != "refused"]
    variables = service.variables() | {"TAO_WEATHER_TIMEOUT": "2"}
    with anyio.fail_after(120):
        async with Client(entry(variables, tmp_path)) as client:
            for step, fault in enumerate(faults):
                service.fail(fault, "open-meteo")
                reply = await client.call_tool("get_forecast", {"place": f"{40 + step / 2:.1f}, 10.5"})
                assert not reply.is_error, (fault, said(reply))
                assert "MET Norway" in said(reply), fault


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("429", "open-meteo takes no more requests for now (429"),
        ("500", "open-meteo is failing (500"),
        ("slow", "open-meteo did not answer in time (no answer within 3 s)"),
        ("refused", "open-meteo cannot be reached"),
        ("reset", "open-meteo cannot be reached"),
        ("html", "open-meteo sent a reply that cannot be read (no JSON in UTF-8; it begins '<!DOCTYPE html>"),
        ("nulls", "open-meteo sent a reply that cannot be read"),
        ("huge", "open-meteo sent a reply that cannot be read (the reply is longer than"),
        ("bomb", "open-meteo sent a reply that cannot be read (the reply is longer than"),
        ("redirect", "open-meteo refused the request (302"),
    ],
)
async def test_an_outage_of_all_says_what_each_answered(
    service: WeatherService, tmp_path: Path, fault: Fault, told: str
) -> None:
    service.fail(fault)
    variables = service.variables() | {"TAO_WEATHER_TIMEOUT": "3"}
    with anyio.fail_after(60):
        async with Client(entry(variables, tmp_path)) as client:
            reply = await client.call_tool("get_forecast", {"place": "Oslo", "when": "tomorrow"})
    assert reply.is_error
    assert "No source could give the forecast: " in said(reply)
    assert told in said(reply)
    assert "; met.no " in said(reply)
    assert "What to do: " in said(reply)
    assert len(said(reply)) < 1_200


async def test_a_known_place_needs_no_geocoder_and_an_unknown_one_names_it(
    service: WeatherService, tmp_path: Path
) -> None:
    service.fail("500", "geocoding")
    with anyio.fail_after(60):
        async with Client(entry(service.variables(), tmp_path)) as client:
            known = await _tomorrow(client, "上海")
            unknown = await client.call_tool("get_forecast", {"place": "Geiranger"})
            service.fail(None, "geocoding")
            mended = await client.call_tool("get_forecast", {"place": "Geiranger"})
    assert not known.is_error, said(known)
    assert unknown.is_error
    assert "500" in said(unknown)
    assert not mended.is_error, said(mended)


async def test_without_air_the_weather_is_still_told(service: WeatherService, tmp_path: Path) -> None:
    service.fail("500", "air")
    with anyio.fail_after(60):
        async with Client(entry(service.variables(), tmp_path)) as client:
            reply = await _tomorrow(client, "上海", air_quality=True)
    assert not reply.is_error, said(reply)
    assert "12 mm" in said(reply)
    assert "查不到空气质量" in said(reply)


async def test_no_word_of_warnings_is_not_taken_for_none(service: WeatherService, tmp_path: Path) -> None:
    with anyio.fail_after(60):
        async with Client(entry(service.variables(), tmp_path)) as client:
            oslo = await client.call_tool("get_alerts", {"place": "Oslo"})
            springfield = await client.call_tool("get_alerts", {"place": "Springfield, Missouri"})
            service.fail("500")
            bergen = await client.call_tool("get_alerts", {"place": "60.39, 5.32"})
    assert "Strong wind" in said(oslo)
    assert "Flood Warning" in said(springfield)
    assert bergen.is_error
    assert "That does not mean that there are none." in said(bergen)


async def test_in_an_outage_of_all_yesterdays_reply_is_told_with_its_age(
    service: WeatherService, tmp_path: Path
) -> None:
    now = datetime.datetime.now(datetime.UTC)
    settings = WeatherSettings(
        sources=("open-meteo", "met.no"),
        forecast_url=service.url("open-meteo"),
        metno_url=service.url("met.no"),
        timeout=2,
    )
    with anyio.fail_after(60):
        server = build_server(settings, cache=tmp_path, clock=lambda: now)
        async with Client(server) as client:
            fresh = await client.call_tool("get_forecast", {"place": "Oslo"})
            service.fail("500")
            now += datetime.timedelta(hours=5)
            stale = await client.call_tool("get_forecast", {"place": "Oslo", "days": 2})
            now += datetime.timedelta(hours=24)
            none = await client.call_tool("get_forecast", {"place": "Oslo", "days": 2})
    assert not fresh.is_error, said(fresh)
    assert stale.structured_content is not None
    assert stale.structured_content["stale_minutes"] == 300
    assert "5 h" in said(stale)
    assert none.is_error
    assert "The cache has nothing of the last 24 hours either" in said(none)
