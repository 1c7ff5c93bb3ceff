"""QWeather, over replies in the form of its documentation; what is expected was worked out by hand."""

import datetime
import json
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from tao_servers.weather.sources.qweather import QWeather
from tao_servers.weather.sources.source import SourceError, Span, Spot, Wanted
from tao_servers.weather.values import Air, Alert, Day, Hour
from tests.support.canned_fetch import CannedFetch

_SAMPLES = Path(__file__).with_name("samples")
_SHANGHAI = Spot(31.23042, 121.4737, "Asia/Shanghai", "CN")
_ZONE = ZoneInfo("Asia/Shanghai")
_TODAY = datetime.date(2026, 11, 22)
_FETCHED = datetime.datetime(2026, 11, 22, 8, 12, tzinfo=datetime.UTC)
_KEY = "0123456789abcdef"


def _sample(name: str) -> bytes:
    return (_SAMPLES / f"qweather_{name}.json").read_bytes()


def _fetch(**other: bytes | SourceError) -> CannedFetch:
    addresses = {
        "/v7/weather/now": "now",
        "/airquality/v1/current/": "air",
        "/weatheralert/v1/current/": "alerts",
    }
    addresses |= {f"/v7/weather/{hours}h": "hourly" for hours in (24, 72, 168)}
    addresses |= {f"/v7/weather/{days}d": "daily" for days in (3, 7, 10, 15, 30)}
    replies = {address: other.get(name, _sample(name)) for address, name in addresses.items()}
    return CannedFetch(replies, _FETCHED)


def _source(fetch: CannedFetch, key: str | None = _KEY) -> QWeather:
    return QWeather(fetch, url="abc123.qweatherapi.example", key=key)


def _span(first: int, last: int) -> Span:
    return Span(_TODAY + datetime.timedelta(days=first), _TODAY + datetime.timedelta(days=last), _TODAY)


def _at(day: int, hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime(2026, 11, day, hour, minute, tzinfo=_ZONE)


async def test_the_key_goes_into_a_header_that_is_secret() -> None:
    fetch = _fetch()
    await _source(fetch).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert [asked.url for asked in fetch.asked] == [
        "https://abc123.qweatherapi.example/v7/weather/3d",
        "https://abc123.qweatherapi.example/v7/weather/24h",
        "https://abc123.qweatherapi.example/v7/weather/now",
    ]
    for asked in fetch.asked:
        assert asked.params == {"location": "121.47,31.23"}
        assert asked.headers == {"X-QW-Api-Key": _KEY}
        assert asked.secret == {"X-QW-Api-Key"}


@pytest.mark.parametrize(
    ("last", "days", "hours"), [(2, "3d", "72h"), (3, "7d", "168h"), (8, "10d", "168h"), (15, "30d", "168h")]
)
async def test_no_more_days_and_hours_are_asked_for_than_needed(last: int, days: str, hours: str) -> None:
    fetch = _fetch()
    await _source(fetch).ask(_SHANGHAI, _span(1, last), "forecast")
    assert [asked.url.rpartition("/")[2] for asked in fetch.asked] == [days, hours]


async def test_a_day_is_read_from_its_texts() -> None:
    report = await _source(_fetch()).ask(_SHANGHAI, _span(1, 2), "forecast")
    assert report.days == (
        Day(
            date=datetime.date(2026, 11, 23),
            code=61,
            temperature_max=12,
            temperature_min=7,
            precipitation=4.6,
            sunrise=_at(23, 6, 29),
            sunset=_at(23, 16, 53),
        ),
        # An unknown icon by day, haze by night; the sun does not rise, and the rain is not known.
        Day(date=datetime.date(2026, 11, 24), code=5, temperature_max=11, temperature_min=-1),
    )


async def test_hours_and_now_are_those_of_the_days_asked_for() -> None:
    report = await _source(_fetch()).ask(_SHANGHAI, _span(0, 1), "forecast")
    assert [hour.time for hour in report.hours] == [_at(22, 17), _at(23, 0)]
    assert report.hours[1] == Hour(
        time=_at(23, 0),
        code=61,
        temperature=11,
        humidity=70,
        precipitation=0.3,
        wind=14,
        wind_direction=45,
    )
    assert report.now == Hour(
        time=_at(22, 16, 2),
        code=3,
        temperature=15,
        feels_like=13,
        humidity=68,
        precipitation=0,
        wind=11,
        wind_direction=30,
    )
    assert report.issued == _at(22, 15, 35)
    assert "和风天气" in report.attribution


async def test_the_days_are_an_answer_without_the_hours() -> None:
    fetch = _fetch(hourly=SourceError("no key", "403 Forbidden"), now=b'{"code": "402"}')
    report = await _source(fetch).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert report.days[0].temperature_max == 16
    assert report.hours == ()
    assert report.now is None


async def test_air_has_the_index_of_the_country_and_only_micrograms() -> None:
    fetch = _fetch()
    report = await _source(fetch).ask(_SHANGHAI, _span(0, 0), "air")
    assert fetch.asked[0].url.endswith("/airquality/v1/current/31.23/121.47")
    assert report.air == (
        Air(time=_FETCHED, pm2_5=49, pm10=71.5, nitrogen_dioxide=33, ozone=None, index=68, scale="中国 AQI"),
    )


async def test_another_index_is_named_by_its_scale() -> None:
    said = json.loads(_sample("air"))
    del said["indexes"][1]
    report = await _source(_fetch(air=json.dumps(said).encode())).ask(_SHANGHAI, _span(0, 0), "air")
    assert (report.air[0].index, report.air[0].scale) == (102, "US AQI")


async def test_the_air_of_tomorrow_is_out_of_range() -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch()).ask(_SHANGHAI, _span(1, 2), "air")
    assert caught.value.failure == "out of range"


async def test_air_without_any_value_is_out_of_range() -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(air=b'{"indexes": [], "pollutants": []}')).ask(_SHANGHAI, _span(0, 0), "air")
    assert caught.value.failure == "out of range"


async def test_alerts_are_those_that_were_not_cancelled() -> None:
    report = await _source(_fetch()).ask(_SHANGHAI, _span(0, 0), "alerts")
    assert report.alerts == (
        Alert(
            title="上海中心气象台发布寒潮黄色预警",
            severity="moderate",
            issuer="上海中心气象台",
            starts=_at(22, 20),
            ends=_at(23, 20),
            text="预计最低气温下降10度以上。 1. 注意保暖。 2. 防范大风。",
        ),
    )


async def test_no_alerts_is_an_empty_list() -> None:
    fetch = _fetch(alerts=b'{"metadata": {"tag": "x", "zeroResult": true}}')
    assert (await _source(fetch).ask(_SHANGHAI, _span(0, 0), "alerts")).alerts == ()


@pytest.mark.parametrize("body", [b"{}", b'{"metadata": {"zeroResult": false}}', b'{"alerts": {}}'])
async def test_a_missing_list_of_alerts_is_not_no_alerts(body: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(alerts=body)).ask(_SHANGHAI, _span(0, 0), "alerts")
    assert caught.value.failure == "unreadable"


@pytest.mark.parametrize("key", [None, ""])
async def test_without_a_key_nobody_is_asked(key: str | None) -> None:
    fetch = _fetch()
    with pytest.raises(SourceError) as caught:
        await _source(fetch, key).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert caught.value.failure == "no key"
    assert fetch.asked == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b'{"code": "204"}', "out of range"),
        (b'{"code": "401"}', "no key"),
        (b'{"code": "402"}', "busy"),
        (b'{"code": "403"}', "no key"),
        (b'{"code": "404"}', "out of range"),
        (b'{"code": "429"}', "busy"),
        (b'{"code": "500"}', "failing"),
        (b'{"code": "400"}', "refused"),
        (SourceError("refused", "400 Data not available"), "out of range"),
        (SourceError("no key", "401 Unauthorized"), "no key"),
        (SourceError("refused", "403 No credit"), "no key"),
        (SourceError("busy", "429 Too Many Requests"), "busy"),
        (SourceError("failing", "503 (tried 3 times)"), "failing"),
        (SourceError("late", "no answer within 10 s"), "late"),
    ],
)
async def test_each_form_of_error_is_told_by_its_kind(answer: bytes | SourceError, expected: str) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(daily=answer)).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert caught.value.failure == expected
    assert caught.value.detail
    assert _KEY not in str(caught.value)


def _daily(**changes: Any) -> bytes:
    said = json.loads(_sample("daily"))
    said["daily"][0] |= changes
    return json.dumps(said).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"<html>",
        b"\x00\xff",
        b"{}",
        b'{"code": "200", "daily": []}',
        b'{"code": "200", "daily": null}',
        _sample("daily")[:700],
        _daily(fxDate="tomorrow"),
        _daily(tempMax="warm"),
        _daily(tempMax="NaN"),
        _daily(tempMax="-9999"),
        _daily(precip="1e300"),
    ],
)
async def test_a_reply_in_another_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(daily=body)).ask(_SHANGHAI, _span(0, 0), "forecast")
    assert caught.value.failure == "unreadable"


@pytest.mark.parametrize("value", ["", None, []])
async def test_an_empty_value_is_none(value: object) -> None:
    fetch = _fetch(daily=_daily(tempMax=value, iconDay=value, iconNight=value, sunrise=value))
    (day,) = (await _source(fetch).ask(_SHANGHAI, _span(0, 0), "forecast")).days
    assert (day.temperature_max, day.code, day.sunrise) == (None, None, None)
    assert day.temperature_min == 9


@pytest.mark.parametrize(("first", "last"), [(-2, -1), (30, 31), (5, 6)])
async def test_days_that_it_does_not_have_are_out_of_range(first: int, last: int) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch()).ask(_SHANGHAI, _span(first, last), "forecast")
    assert caught.value.failure == "out of range"


def test_it_gives_all_three_and_covers_the_world() -> None:
    assert _source(_fetch()).gives == set(get_args(Wanted))
    assert _source(_fetch()).covers(Spot(48.9, 2.4, "Europe/Paris", "FR"))
