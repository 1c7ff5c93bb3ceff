"""What Open-Meteo is asked, and how its replies are read: hand-checked samples, changes of the clocks."""

import datetime
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tao.settings import WeatherSettings
from tao_servers.weather.sources import Weather
from tao_servers.weather.sources.source import Span, Spot, Wanted
from tao_servers.weather.values import Report
from tests.support.open_meteo_reply import NOON, SHANGHAI, SPAN, TODAY, Clock, forecast_reply

Handler = Callable[[httpx.Request], httpx.Response]
SAMPLES = Path(__file__).parent / "samples"
BERLIN = Spot(52.52437, 13.41053, "Europe/Berlin", "DE")
ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime.timedelta(days=1)


def _sample(name: str) -> dict[str, Any]:
    reply: dict[str, Any] = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
    return reply


def _settings(**changes: str) -> WeatherSettings:
    return WeatherSettings.model_validate({"sources": ("open-meteo",), "timeout": 5} | changes)


def _always(reply: dict[str, Any], asked: list[httpx.Request] | None = None) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        return httpx.Response(200, json=reply)

    return handler


async def _report(
    handler: Handler,
    folder: Path,
    *,
    spot: Spot = SHANGHAI,
    span: Span = SPAN,
    wanted: Wanted = "forecast",
    now: datetime.datetime = NOON,
    settings: WeatherSettings | None = None,
) -> Report:
    transport = httpx.MockTransport(handler)
    asked = settings or _settings()
    async with Weather(asked, cache=folder, transport=transport, clock=Clock(now), pause=0) as weather:
        return (await weather.ask(spot, span, wanted, language="en")).report


async def test_a_forecast_is_read_with_its_times_and_every_field(tmp_path: Path) -> None:
    report = await _report(_always(_sample("open_meteo_forecast.json")), tmp_path)
    assert (report.source, report.time_zone) == ("open-meteo", "Asia/Shanghai")
    assert report.attribution == "Open-Meteo (https://open-meteo.com/), CC BY 4.0"
    assert (report.fetched, report.expires) == (NOON, NOON + datetime.timedelta(minutes=15))
    now = report.now
    assert now is not None
    assert now.time == datetime.datetime(2026, 11, 22, 12, 15, tzinfo=ZONE)
    assert (now.temperature, now.feels_like, now.humidity, now.code) == (14.7, 13.2, 62, 3)
    assert (now.wind, now.gusts, now.wind_direction) == (9.4, 21.2, 58)
    assert (now.precipitation, now.precipitation_probability) == (
        0.0,
        report.hours[13].precipitation_probability,
    )
    assert len(report.hours) == 48
    evening = report.hours[22]
    assert evening.time == datetime.datetime(2026, 11, 22, 22, tzinfo=ZONE)
    assert (evening.temperature, evening.precipitation, evening.precipitation_probability) == (11.1, 1.4, 65)
    assert (evening.code, evening.gusts, evening.wind_direction) == (63, 24.8, 106)
    assert report.hours[-1].precipitation_probability is None
    today, tomorrow = report.days
    assert (today.date, today.code) == (TODAY, 63)
    assert (today.temperature_max, today.temperature_min, today.precipitation) == (15.9, 7.6, 3.0)
    assert (today.precipitation_probability, today.wind_max, today.gusts_max) == (65, 13.2, 30.6)
    assert today.sunrise == datetime.datetime(2026, 11, 22, 6, 28, tzinfo=ZONE)
    assert today.sunset == datetime.datetime(2026, 11, 22, 16, 53, tzinfo=ZONE)
    assert (tomorrow.date, tomorrow.precipitation_probability) == (TODAY + DAY, None)


async def test_the_air_is_read_by_the_hour(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []
    sample = _sample("open_meteo_air_quality.json")
    report = await _report(_always(sample, asked), tmp_path, wanted="air")
    assert asked[0].url.host == "air-quality-api.open-meteo.com"
    assert asked[0].url.params["hourly"] == "us_aqi,pm2_5,pm10,ozone,nitrogen_dioxide"
    assert (asked[0].url.params["latitude"], asked[0].url.params["longitude"]) == ("31.22", "121.46")
    assert asked[0].url.params["end_date"] == "2026-11-26"
    assert "CAMS" in report.attribution
    assert len(report.air) == 20
    third = report.air[2]
    assert third.time == datetime.datetime(2026, 11, 22, 2, tzinfo=ZONE)
    assert (third.index, third.scale, third.pm2_5, third.pm10) == (97, "US AQI", 33.9, 46.0)
    assert (third.ozone, third.nitrogen_dioxide, report.air[0].nitrogen_dioxide) == (50.0, 41.4, None)


async def test_the_request_names_units_zone_and_rounded_place(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []
    await _report(_always(forecast_reply(), asked), tmp_path)
    params = asked[0].url.params
    assert (params["latitude"], params["longitude"]) == ("31.222", "121.458")
    assert (params["timezone"], params["timeformat"]) == ("Asia/Shanghai", "unixtime")
    assert (params["temperature_unit"], params["wind_speed_unit"], params["precipitation_unit"]) == (
        "celsius",
        "kmh",
        "mm",
    )
    assert (params["start_date"], params["end_date"]) == ("2026-11-22", "2026-11-28")


@pytest.mark.parametrize(
    ("first", "last", "start", "end"),
    [
        (0, 0, 0, 6),
        (1, 6, 0, 6),
        (6, 7, 0, 15),
        (15, 15, 0, 15),
        (10, 40, 0, 15),
        (-3, -1, -3, -1),
        (-2, 2, -2, 2),
        (-400, -90, -91, -90),
    ],
)
async def test_questions_of_one_week_share_a_request_and_limits_are_kept(
    tmp_path: Path, first: int, last: int, start: int, end: int
) -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=forecast_reply(first=TODAY + start * DAY, days=end - start + 1))

    report = await _report(handler, tmp_path, span=Span(TODAY + first * DAY, TODAY + last * DAY, TODAY))
    params = asked[0].url.params
    assert params["start_date"] == (TODAY + start * DAY).isoformat()
    assert params["end_date"] == (TODAY + end * DAY).isoformat()
    dates = [day.date for day in report.days]
    assert dates[0] == TODAY + max(first, start) * DAY
    assert dates[-1] == TODAY + min(last, end) * DAY
    assert {hour.time.date() for hour in report.hours} == set(dates)
    assert (report.now is not None) == (first <= 0 <= last)


def _asked_for(spot: Spot, now: datetime.datetime) -> Handler:
    """The service: whole days from midnight by the offset of now, also where the clocks have changed."""

    def handler(request: httpx.Request) -> httpx.Response:
        first, last = (
            datetime.date.fromisoformat(request.url.params[f"{end}_date"]) for end in ("start", "end")
        )
        days = (last - first).days + 1
        return httpx.Response(200, json=forecast_reply(spot, first, days, asked=now))

    return handler


@pytest.mark.parametrize(
    ("now", "change", "hours"),
    [
        (datetime.datetime(2026, 10, 23, 9, tzinfo=datetime.UTC), datetime.date(2026, 10, 25), 25),
        (datetime.datetime(2026, 10, 25, 0, 40, tzinfo=datetime.UTC), datetime.date(2026, 10, 25), 25),
        (datetime.datetime(2026, 10, 25, 9, tzinfo=datetime.UTC), datetime.date(2026, 10, 25), 25),
        (datetime.datetime(2026, 3, 26, 9, tzinfo=datetime.UTC), datetime.date(2026, 3, 29), 23),
    ],
)
async def test_the_days_round_a_change_of_the_clocks_have_all_their_hours(
    tmp_path: Path, now: datetime.datetime, change: datetime.date, hours: int
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    today = now.astimezone(zone).date()
    span = Span(today, today + 4 * DAY, today)
    report = await _report(_asked_for(BERLIN, now), tmp_path, spot=BERLIN, span=span, now=now)
    assert [day.date for day in report.days] == [today + number * DAY for number in range(5)]
    by_day = {day.date: [h for h in report.hours if h.time.date() == day.date] for day in report.days}
    assert {date: len(found) for date, found in by_day.items()} == {
        date: hours if date == change else 24 for date in by_day
    }
    instants = [hour.time.timestamp() for hour in report.hours]
    assert [after - before for before, after in pairwise(instants)] == [3600.0] * (len(instants) - 1)
    twice = [hour.time.hour for hour in by_day[change]].count(2)
    assert twice == {25: 2, 23: 0}[hours]
    assert report.now is not None
    assert report.now.time.timestamp() == now.timestamp() // 900 * 900
    assert report.now.precipitation is not None


async def test_a_repeated_hour_keeps_its_offset_when_it_is_written_down(tmp_path: Path) -> None:
    now = datetime.datetime(2026, 10, 25, 9, tzinfo=datetime.UTC)
    span = Span(now.date(), now.date(), now.date())
    report = await _report(_asked_for(BERLIN, now), tmp_path, spot=BERLIN, span=span, now=now)
    written = [hour["time"] for hour in report.model_dump(mode="json")["hours"]]
    assert "2026-10-25T02:00:00+02:00" in written
    assert "2026-10-25T02:00:00+01:00" in written


@pytest.mark.parametrize(
    ("zone", "latitude", "longitude"),
    [
        ("Asia/Kolkata", 28.6, 77.2),
        ("Asia/Kathmandu", 27.7, 85.3),
        ("Pacific/Kiritimati", 1.9, -157.4),
        ("Pacific/Pago_Pago", -14.3, -170.7),
        ("UTC", 0.0, -0.0),
    ],
)
async def test_zones_at_odd_offsets_read_right(
    tmp_path: Path, zone: str, latitude: float, longitude: float
) -> None:
    spot = Spot(latitude, longitude, zone)
    today = NOON.astimezone(ZoneInfo(zone)).date()
    report = await _report(_asked_for(spot, NOON), tmp_path, spot=spot, span=Span(today, today, today))
    assert [day.date for day in report.days] == [today]
    assert [hour.time.hour for hour in report.hours] == list(range(24))


async def test_polar_night_has_no_sunrise(tmp_path: Path) -> None:
    reply = forecast_reply()
    reply["daily"]["sunrise"] = reply["daily"]["sunset"] = [0] * 7
    report = await _report(_always(reply), tmp_path)
    assert [(day.sunrise, day.sunset) for day in report.days] == [(None, None)] * 3


async def test_nulls_pass_as_unknown_and_a_day_of_nulls_is_left_out(tmp_path: Path) -> None:
    reply = forecast_reply()
    for name in set(reply["daily"]) - {"time", "sunrise", "sunset"}:
        reply["daily"][name][2] = None
    reply["daily"]["temperature_2m_max"][0] = None
    reply["hourly"]["temperature_2m"][3] = None
    reply["current"]["wind_gusts_10m"] = None
    del reply["hourly"]["wind_gusts_10m"]
    report = await _report(_always(reply), tmp_path)
    assert [day.date for day in report.days] == [TODAY, TODAY + DAY]
    assert (report.days[0].temperature_max, report.days[0].temperature_min) == (None, 8.0)
    assert (report.hours[3].temperature, report.hours[3].humidity) == (None, 60)
    assert report.hours[0].gusts is None
    assert report.now is not None
    assert report.now.gusts is None


async def test_without_a_current_temperature_there_is_no_now(tmp_path: Path) -> None:
    reply = forecast_reply()
    reply["current"]["temperature_2m"] = None
    assert (await _report(_always(reply), tmp_path)).now is None
    del reply["current"]
    assert (await _report(_always(reply), tmp_path / "2")).now is None


async def test_a_customer_key_and_other_parts_of_the_address_are_sent(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []
    settings = _settings(forecast_url="https://customer-api.test/v1/forecast?apikey=customer-key&models=icon")
    await _report(_always(forecast_reply(), asked), tmp_path, settings=settings)
    assert asked[0].url.params["apikey"] == "customer-key"
    assert asked[0].url.params["models"] == "icon"
    assert asked[0].url.params["latitude"] == "31.222"
