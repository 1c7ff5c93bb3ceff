"""met.no, over replies in the form of its documentation; what is expected was worked out by hand."""

import datetime
import json
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from tao_servers.weather.sources.metno import MetNo
from tao_servers.weather.sources.source import SourceError, Span, Spot, Wanted
from tao_servers.weather.values import Air, Alert, Hour
from tests.support.canned_fetch import CannedFetch

_SAMPLES = Path(__file__).with_name("samples")
_OSLO = Spot(59.913868, 10.752245, "Europe/Oslo", "NO")
_ZONE = ZoneInfo("Europe/Oslo")
_TODAY = datetime.date(2026, 10, 25)
# Ten minutes past midnight in Oslo, on the day whose clocks go back.
_FETCHED = datetime.datetime(2026, 10, 24, 22, 10, tzinfo=datetime.UTC)


def _sample(name: str) -> bytes:
    return (_SAMPLES / f"metno_{name}.json").read_bytes()


def _fetch(**other: bytes | SourceError) -> CannedFetch:
    replies: dict[str, bytes | SourceError] = {
        "locationforecast/2.0/complete": other.get("forecast", _sample("forecast")),
        "airqualityforecast/0.1/": other.get("air", _sample("air")),
        "metalerts/2.0/current.json": other.get("alerts", _sample("alerts")),
    }
    return CannedFetch(replies, _FETCHED)


def _source(fetch: CannedFetch) -> MetNo:
    return MetNo(fetch, url="https://met.example/weatherapi/", user_agent="tao-agent/1 me@example.org")


def _span(first: int, last: int) -> Span:
    return Span(_TODAY + datetime.timedelta(days=first), _TODAY + datetime.timedelta(days=last), _TODAY)


def _at(day: int, hour: int, zone: datetime.tzinfo = datetime.UTC) -> datetime.datetime:
    return datetime.datetime(2026, 10, day, hour, tzinfo=zone)


async def test_it_asks_with_four_decimals_and_says_who_asks() -> None:
    fetch = _fetch()
    await _source(fetch).ask(_OSLO, _span(0, 0), "forecast")
    (asked,) = fetch.asked
    assert asked.url == "https://met.example/weatherapi/locationforecast/2.0/complete"
    assert asked.params == {"lat": "59.9139", "lon": "10.7522"}
    assert asked.headers == {"User-Agent": "tao-agent/1 me@example.org"}


async def test_a_day_of_25_hours_is_summed_up_from_all_of_them() -> None:
    report = await _source(_fetch()).ask(_OSLO, _span(0, 0), "forecast")
    (day,) = report.days
    assert day.date == _TODAY
    assert (day.temperature_min, day.temperature_max) == (-1.2, 9.4)
    assert day.precipitation == 1.7
    assert day.precipitation_probability == 80
    assert (day.wind_max, day.gusts_max) == (27.0, 45.0)
    assert day.code == 63
    assert len(report.hours) == 25


async def test_an_hour_has_the_units_of_all_sources_and_the_time_of_the_place() -> None:
    report = await _source(_fetch()).ask(_OSLO, _span(0, 0), "forecast")
    assert report.hours[13] == Hour(
        time=_at(25, 12, _ZONE),
        code=63,
        temperature=5.0,
        humidity=81.5,
        precipitation=1.3,
        precipitation_probability=80,
        wind=7.2,
        gusts=14.4,
        wind_direction=203.7,
    )
    assert report.hours[13].time.utcoffset() == datetime.timedelta(hours=1)
    assert report.hours[0].time.utcoffset() == datetime.timedelta(hours=2)


async def test_now_is_the_hour_in_which_the_reply_came() -> None:
    report = await _source(_fetch()).ask(_OSLO, _span(0, 0), "forecast")
    assert report.now is not None
    assert report.now.time == _at(24, 22)
    assert report.now.code == 2
    assert (await _source(_fetch()).ask(_OSLO, _span(1, 1), "forecast")).now is None


async def test_six_hourly_days_have_extremes_but_no_sum_that_would_cross_midnight() -> None:
    report = await _source(_fetch()).ask(_OSLO, _span(1, 9), "forecast")
    (day,) = report.days
    assert day.date == datetime.date(2026, 10, 26)
    # Of the six hours across midnight only their start, 4.1 °C, is known to lie in the day.
    assert (day.temperature_min, day.temperature_max) == (1.1, 8.8)
    assert day.code == 73
    assert day.precipitation is None
    assert day.wind_max is None


async def test_what_is_said_of_six_hours_is_not_said_of_the_first() -> None:
    report = await _source(_fetch()).ask(_OSLO, _span(1, 1), "forecast")
    hour = report.hours[1]
    assert hour.time == _at(26, 0)
    assert (hour.temperature, hour.wind) == (3.5, 18.0)
    assert hour.code is None
    assert hour.precipitation is None


async def test_sunrise_and_sunset_are_computed() -> None:
    report = await _source(_fetch()).ask(_OSLO, _span(0, 0), "forecast")
    # By the sunrise equation with a declination of -12.1° and an equation of time of 16 minutes.
    for found, hour, minute in ((report.days[0].sunrise, 7, 21), (report.days[0].sunset, 16, 41)):
        assert found is not None
        expected = datetime.datetime(2026, 10, 25, hour, minute, tzinfo=_ZONE)
        assert abs(found - expected) <= datetime.timedelta(minutes=2)


async def test_the_report_says_whose_and_how_old_it_is() -> None:
    report = await _source(_fetch()).ask(_OSLO, _span(0, 0), "forecast")
    assert report.source == "met.no"
    assert "MET Norway" in report.attribution
    assert report.time_zone == "Europe/Oslo"
    assert report.fetched == _FETCHED
    assert report.issued == datetime.datetime(2026, 10, 24, 21, 34, 11, tzinfo=datetime.UTC)


@pytest.mark.parametrize(("first", "last"), [(-3, -1), (10, 12), (3, 5)])
async def test_days_that_it_does_not_have_are_out_of_range(first: int, last: int) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch()).ask(_OSLO, _span(first, last), "forecast")
    assert caught.value.failure == "out of range"


async def test_air_of_the_days_asked_for_in_micrograms_only() -> None:
    report = await _source(_fetch()).ask(_OSLO, _span(0, 0), "air")
    assert report.air == (
        Air(time=_at(24, 22), pm2_5=6.75, pm10=11.25, nitrogen_dioxide=22.5, ozone=None, index=None),
    )


async def test_an_alert_has_all_that_is_known() -> None:
    report = await _source(_fetch()).ask(_OSLO, _span(0, 0), "alerts")
    assert report.alerts == (
        Alert(
            title="Gale",
            severity="severe",
            area="Oslo",
            issuer="MET Norway",
            starts=_at(25, 6),
            ends=_at(25, 18),
            text="Southerly gale, 22 m/s. Loose objects may be moved. Secure loose objects.",
        ),
    )


@pytest.mark.parametrize("country", ["SE", ""])
@pytest.mark.parametrize("wanted", ["air", "alerts"])
async def test_no_list_for_a_place_abroad_reads_as_no_danger(country: str, wanted: Wanted) -> None:
    fetch = _fetch()
    spot = Spot(59.33, 18.07, "Europe/Stockholm", country)
    with pytest.raises(SourceError, match="Norway only") as caught:
        await _source(fetch).ask(spot, _span(0, 0), wanted)
    assert caught.value.failure == "out of range"
    assert fetch.asked == []


async def test_no_alerts_in_norway_is_an_empty_list() -> None:
    fetch = _fetch(alerts=b'{"type": "FeatureCollection", "features": []}')
    assert (await _source(fetch).ask(_OSLO, _span(0, 0), "alerts")).alerts == ()


async def test_long_and_hostile_alerts_are_cut_to_one_line() -> None:
    feature = {"properties": {"event": "x\x1b[2J\ny" * 999, "description": "z\u202e\n" * 9_999}}
    fetch = _fetch(alerts=json.dumps({"features": [feature] * 99}).encode())
    alerts = (await _source(fetch).ask(_OSLO, _span(0, 0), "alerts")).alerts
    assert len(alerts) == 20
    assert len(alerts[0].title) <= 200
    assert len(alerts[0].text) <= 1_000
    assert (alerts[0].title + alerts[0].text).isprintable()


def _changed(path: str, value: Any) -> bytes:
    said = json.loads(_sample("forecast"))
    *before, last = path.split(".")
    inner = said
    for part in before:
        inner = inner[int(part) if part.isdigit() else part]
    inner[last] = value
    return json.dumps(said).encode()


_ENTRY = "properties.timeseries.3"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"<html>login</html>",
        b"\xff\xfe\x00",
        _sample("forecast")[:5_000],
        _changed("properties.timeseries", []),
        _changed("properties.timeseries", None),
        _changed(f"{_ENTRY}.time", "yesterday"),
        _changed(f"{_ENTRY}.time", "0001-01-01T00:00:00+14:00"),
        _changed(f"{_ENTRY}.data.instant", None),
        _changed(f"{_ENTRY}.data.instant.details.air_temperature", "warm"),
        _changed(f"{_ENTRY}.data.instant.details.air_temperature", -999),
        _changed(f"{_ENTRY}.data.instant.details.wind_speed", 1e308),
    ],
)
async def test_a_reply_in_another_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(forecast=body)).ask(_OSLO, _span(0, 0), "forecast")
    assert caught.value.failure == "unreadable"
    assert caught.value.detail
    assert len(caught.value.detail) <= 200


@pytest.mark.parametrize("value", [None, ""])
async def test_a_missing_value_is_none_and_spoils_the_extremes_of_its_day(value: object) -> None:
    body = _changed(f"{_ENTRY}.data.instant.details.air_temperature", value)
    report = await _source(_fetch(forecast=body)).ask(_OSLO, _span(0, 0), "forecast")
    assert report.hours[3].temperature is None
    assert report.days[0].temperature_max is None
    assert report.days[0].precipitation == 1.7


@pytest.mark.parametrize(
    ("failure", "detail", "expected"),
    [
        ("refused", "422 Unprocessable Entity", "out of range"),
        ("refused", "403 Forbidden", "refused"),
        ("busy", "429 Too Many Requests", "busy"),
        ("late", "no answer within 10 s", "late"),
    ],
)
async def test_failures_say_what_came_of_the_request(failure: Any, detail: str, expected: str) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(forecast=SourceError(failure, detail))).ask(_OSLO, _span(0, 0), "forecast")
    assert caught.value.failure == expected
    assert detail in caught.value.detail
    assert ("TAO_WEATHER_CONTACT" in caught.value.detail) == detail.startswith("403")


def test_it_gives_all_three_and_covers_the_world() -> None:
    source = _source(_fetch())
    assert source.gives == set(get_args(Wanted))
    assert source.covers(Spot(-33.9, 18.4, "Africa/Johannesburg", "ZA"))
