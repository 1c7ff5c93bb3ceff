"""AMap, over replies in the form of its documentation; what is expected was worked out by hand."""

import datetime
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tao_servers.weather.sources.amap import AMap
from tao_servers.weather.sources.source import SourceError, Span, Spot, Wanted
from tao_servers.weather.values import Hour
from tests.support.canned_fetch import CannedFetch

_SAMPLES = Path(__file__).with_name("samples")
_SHANGHAI = Spot(31.23042, 121.4737, "Asia/Shanghai", "CN")
_ZONE = ZoneInfo("Asia/Shanghai")
_TODAY = datetime.date(2026, 11, 22)
_FETCHED = datetime.datetime(2026, 11, 22, 8, 12, tzinfo=datetime.UTC)
_KEY = "0123456789abcdef"


def _sample(name: str) -> bytes:
    return (_SAMPLES / f"amap_{name}.json").read_bytes()


def _fetch(**other: bytes | SourceError) -> CannedFetch:
    replies: dict[str, bytes | SourceError] = {
        "/v3/geocode/regeo": other.get("place", _sample("place")),
        "extensions=all": other.get("forecast", _sample("forecast")),
        "extensions=base": other.get("live", _sample("live")),
    }
    return CannedFetch(replies, _FETCHED)


def _source(fetch: CannedFetch, key: str | None = _KEY) -> AMap:
    return AMap(fetch, url="https://amap.example", key=key)


def _span(first: int, last: int) -> Span:
    return Span(_TODAY + datetime.timedelta(days=first), _TODAY + datetime.timedelta(days=last), _TODAY)


async def test_the_point_is_turned_into_its_district_first() -> None:
    fetch = _fetch()
    await _source(fetch).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert [asked.url for asked in fetch.asked] == [
        "https://amap.example/v3/geocode/regeo",
        "https://amap.example/v3/weather/weatherInfo",
        "https://amap.example/v3/weather/weatherInfo",
    ]
    assert fetch.asked[0].params == {"location": "121.47,31.23", "key": _KEY}
    assert fetch.asked[1].params == {"city": "310101", "extensions": "all", "key": _KEY}
    assert {asked.secret for asked in fetch.asked} == {frozenset({"key"})}


async def test_days_have_the_graver_weather_of_day_and_night() -> None:
    report = await _source(_fetch()).ask(_SHANGHAI, _span(0, 3), "forecast")
    assert [(day.code, day.temperature_max, day.temperature_min) for day in report.days] == [
        (63, 16, 9),
        (5, 12, 7),
        (3, 6, 3),
        (96, 11, -1),
    ]
    assert [day.date.day for day in report.days] == [22, 23, 24, 25]
    assert all(day.wind_max is None and day.precipitation is None for day in report.days)
    assert report.issued == datetime.datetime(2026, 11, 22, 15, 32, 10, tzinfo=_ZONE)
    assert report.hours == ()
    assert "高德" in report.attribution


async def test_now_has_a_direction_in_degrees_and_no_speed_out_of_a_range() -> None:
    report = await _source(_fetch()).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert report.now == Hour(
        time=datetime.datetime(2026, 11, 22, 16, 1, 33, tzinfo=_ZONE),
        code=61,
        temperature=15,
        humidity=68,
        wind_direction=45,
    )


async def test_beijing_time_is_told_in_the_zone_of_the_place() -> None:
    urumqi = Spot(43.83, 87.62, "Asia/Urumqi", "CN")
    report = await _source(_fetch()).ask(urumqi, _span(0, 0), "forecast")
    assert report.now is not None
    assert report.now.time.isoformat() == "2026-11-22T14:01:33+06:00"


async def test_tomorrow_needs_no_weather_of_now() -> None:
    fetch = _fetch()
    report = await _source(fetch).ask(_SHANGHAI, _span(1, 1), "forecast")
    assert report.now is None
    assert len(fetch.asked) == 2


@pytest.mark.parametrize(
    "live",
    [
        SourceError("busy", "429"),
        b'{"status": "0", "info": "CUQPS_HAS_EXCEEDED_THE_LIMIT", "infocode": "10021"}',
        b'{"status": "1", "lives": []}',
        b'{"status": "1", "lives": [{"reporttime": []}]}',
    ],
)
async def test_the_days_are_an_answer_without_now(live: bytes | SourceError) -> None:
    report = await _source(_fetch(live=live)).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert report.now is None
    assert report.days[0].temperature_max == 16


@pytest.mark.parametrize(
    ("infocode", "info", "expected"),
    [
        ("10001", "INVALID_USER_KEY", "no key"),
        ("10009", "USERKEY_PLAT_NOMATCH", "no key"),
        ("10003", "DAILY_QUERY_OVER_LIMIT", "busy"),
        ("10021", "CUQPS_HAS_EXCEEDED_THE_LIMIT", "busy"),
        ("10044", "USER_DAILY_QUERY_OVER_LIMIT", "busy"),
        ("10016", "SERVER_IS_BUSY", "failing"),
        ("30001", "ENGINE_RESPONSE_DATA_ERROR", "failing"),
        ("20011", "INSUFFICIENT_ABROAD_PRIVILEGES", "out of range"),
        ("20000", "INVALID_PARAMS", "refused"),
        ("", "", "refused"),
    ],
)
@pytest.mark.parametrize("part", ["place", "forecast"])
async def test_an_error_in_a_reply_of_status_200_is_told_by_its_kind(
    part: str, infocode: str, info: str, expected: str
) -> None:
    body = json.dumps({"status": "0", "info": info, "infocode": infocode}).encode()
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(**{part: body})).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert caught.value.failure == expected
    assert info in caught.value.detail
    assert _KEY not in str(caught.value)


async def test_a_failure_of_the_request_is_passed_on() -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(place=SourceError("late"))).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert caught.value.failure == "late"


@pytest.mark.parametrize("key", [None, ""])
async def test_without_a_key_nobody_is_asked(key: str | None) -> None:
    fetch = _fetch()
    with pytest.raises(SourceError) as caught:
        await _source(fetch, key).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert caught.value.failure == "no key"
    assert fetch.asked == []


@pytest.mark.parametrize(
    "place",
    [
        b'{"status": "1", "regeocode": {"addressComponent": {"adcode": [], "country": []}}}',
        b'{"status": "1"}',
    ],
)
async def test_a_point_without_a_district_is_out_of_range(place: bytes) -> None:
    seoul = Spot(37.57, 126.98, "Asia/Seoul")
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(place=place)).ask(seoul, _span(0, 0), "forecast")
    assert caught.value.failure == "out of range"


def _forecast(**changes: Any) -> bytes:
    said = json.loads(_sample("forecast"))
    said["forecasts"][0]["casts"][0] |= changes
    return json.dumps(said).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"callback({})",
        b"\xb8\xdf\xb5\xc2",
        b'{"status": "1", "forecasts": []}',
        b'{"status": "1", "forecasts": null}',
        b'{"status": "1", "forecasts": [{"casts": []}]}',
        _sample("forecast")[:600],
        _forecast(date="soon"),
        _forecast(daytemp="warm"),
        _forecast(daytemp="999"),
    ],
)
async def test_a_reply_in_another_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(forecast=body)).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert caught.value.failure == "unreadable"


@pytest.mark.parametrize("value", ["", [], None])
async def test_an_empty_value_is_none_and_one_temperature_makes_no_extreme(value: object) -> None:
    fetch = _fetch(forecast=_forecast(nighttemp=value, dayweather=value, nightweather=value))
    (day,) = (await _source(fetch).ask(_SHANGHAI, _span(0, 0), "forecast")).days
    assert (day.code, day.temperature_max, day.temperature_min) == (None, None, None)


@pytest.mark.parametrize(
    ("country", "latitude", "longitude", "covered"),
    [
        ("CN", 31.2, 121.5, True),
        ("HK", 22.3, 114.2, True),
        ("TW", 25.0, 121.5, True),
        ("JP", 35.7, 139.7, False),
        ("", 39.9, 116.4, True),
        ("", 40.7, -74.0, False),
    ],
)
async def test_it_covers_china(country: str, latitude: float, longitude: float, covered: bool) -> None:
    spot = Spot(latitude, longitude, "UTC", country)
    assert _source(_fetch()).covers(spot) is covered
    if not covered:
        with pytest.raises(SourceError, match="out of range"):
            await _source(_fetch()).ask(spot, _span(0, 0), "forecast")


@pytest.mark.parametrize(("first", "last"), [(-1, -1), (4, 8)])
async def test_days_that_it_does_not_have_are_out_of_range(first: int, last: int) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch()).ask(_SHANGHAI, _span(first, last), "forecast")
    assert caught.value.failure == "out of range"


@pytest.mark.parametrize("wanted", ["air", "alerts"])
async def test_it_has_the_forecast_only(wanted: Wanted) -> None:
    source = _source(_fetch())
    assert source.gives == {"forecast"}
    with pytest.raises(SourceError) as caught:
        await source.ask(_SHANGHAI, _span(0, 0), wanted)
    assert caught.value.failure == "out of range"
