"""Replies of Open-Meteo that are no weather are refused, by name, and are not kept."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tao.settings import WeatherSettings
from tao_servers.weather.errors import WeatherError
from tao_servers.weather.sources import Weather
from tao_servers.weather.sources.source import Span, Spot, Wanted
from tests.support.open_meteo_reply import SHANGHAI, SPAN, TODAY, Clock, forecast_reply

Change = Callable[[dict[str, Any]], object]


async def _said(
    response: httpx.Response,
    folder: Path,
    *,
    wanted: Wanted = "forecast",
    spot: Spot = SHANGHAI,
    span: Span = SPAN,
) -> str:
    settings = WeatherSettings(sources=("open-meteo",), timeout=5)
    transport = httpx.MockTransport(lambda _: response)
    async with Weather(settings, cache=folder, transport=transport, clock=Clock(), pause=0) as weather:
        with pytest.raises(WeatherError) as caught:
            await weather.ask(spot, span, wanted, language="en")
    assert not _files(folder)
    return str(caught.value)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _set(part: str, name: str, value: object) -> Change:
    return lambda reply: reply[part].__setitem__(name, value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("hourly", "time", []), "hourly.time"),
        (_set("daily", "time", []), "daily.time"),
        (_set("daily", "temperature_2m_max", [1.0]), "temperature_2m_max has 1 values for 7 times"),
        (_set("daily", "temperature_2m_max", ["hot"] * 7), "daily.temperature_2m_max.0"),
        (_set("daily", "temperature_2m_max", [999.0] * 7), "daily.temperature_2m_max.0"),
        (_set("daily", "precipitation_sum", {"0": 1}), "daily.precipitation_sum"),
        (_set("daily", "precipitation_sum", [-1.0] * 7), "daily.precipitation_sum.0"),
        (_set("daily", "time", [0] * 7), "do not go forward"),
        (_set("daily", "time", ["2026-11-22"] * 7), "daily.time.0"),
        (_set("daily", "time", [10**18] * 7), "daily.time.0"),
        (_set("hourly", "relative_humidity_2m", [101] * 168), "hourly.relative_humidity_2m.0"),
        (_set("hourly", "weather_code", [4242] * 168), "hourly.weather_code.0"),
        (_set("hourly_units", "temperature_2m", "°F"), "temperature_2m is in '°F', not in '°C'"),
        (_set("daily_units", "wind_speed_10m_max", "m/s"), "not in 'km/h'"),
        (_set("current", "time", None), "current.time"),
        (lambda reply: reply.update(utc_offset_seconds=0), "0 s from UTC, which is not Asia/Shanghai"),
        (lambda reply: reply.pop("utc_offset_seconds"), "utc_offset_seconds: Field required"),
        (lambda reply: reply.pop("daily"), "daily: Field required"),
        (lambda reply: reply.update(hourly=None), "hourly"),
        (
            lambda reply: reply["daily"].update(temperature_2m_max=[None] * 7, temperature_2m_min=[None] * 7),
            "no temperature at all",
        ),
    ],
)
async def test_a_reply_that_does_not_fit_is_named(tmp_path: Path, change: Change, said: str) -> None:
    reply = forecast_reply()
    change(reply)
    text = await _said(httpx.Response(200, json=reply), tmp_path)
    assert "open-meteo sent a reply that cannot be read (" in text
    assert said in text
    assert len(text) < 600


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_numbers_that_are_none_are_refused(tmp_path: Path, number: str) -> None:
    body = json.dumps(forecast_reply()).replace("15.0", number, 1)
    text = await _said(httpx.Response(200, text=body), tmp_path)
    assert "cannot be read (hourly.temperature_2m.150" in text


@pytest.mark.parametrize("body", ["null", "[]", "3", '""', "{}", '{"error":true,"reason":"no"}'])
async def test_json_that_is_no_forecast_is_refused(tmp_path: Path, body: str) -> None:
    assert "cannot be read" in await _said(httpx.Response(200, text=body), tmp_path)


async def test_air_of_nulls_is_refused(tmp_path: Path) -> None:
    reply = forecast_reply(days=1)
    air = {"time": reply["hourly"]["time"], "us_aqi": [None] * 24, "pm2_5": [None] * 24}
    text = await _said(
        httpx.Response(200, json={"utc_offset_seconds": 28_800, "hourly": air}), tmp_path, wanted="air"
    )
    assert "no air quality at all" in text


async def test_days_it_refuses_are_out_of_its_range(tmp_path: Path) -> None:
    reason = "Parameter 'end_date' is out of allowed range from 2026-08-22 to 2026-12-07"
    text = await _said(httpx.Response(400, json={"error": True, "reason": reason}), tmp_path)
    assert "open-meteo has nothing for this place or these days (400 Parameter 'end_date'" in text
    assert "ask for another place or other days" in text


async def test_days_too_far_are_not_asked_for(tmp_path: Path) -> None:
    far = TODAY.replace(year=2027)
    text = await _said(httpx.Response(500), tmp_path, span=Span(far, far, TODAY))
    assert "(it has 2026-08-23 to 2026-12-07)" in text


async def test_days_that_a_good_reply_lacks_are_out_of_range(tmp_path: Path) -> None:
    last = TODAY.replace(day=28)
    text = await _said(
        httpx.Response(200, json=forecast_reply(days=3)), tmp_path, span=Span(last, last, TODAY)
    )
    assert "nothing for 2026-11-28 to 2026-11-28" in text


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "America", "", "\x00"])
async def test_a_zone_that_is_none_is_told(tmp_path: Path, zone: str) -> None:
    text = await _said(httpx.Response(500), tmp_path, spot=Spot(0, 0, zone))
    assert "no time zone is called" in text
