"""NWS, over replies in the form of its documentation; what is expected was worked out by hand."""

import datetime
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tao_servers.weather.sources.nws import Nws
from tao_servers.weather.sources.source import SourceError, Span, Spot, Wanted
from tao_servers.weather.values import Alert, Hour
from tests.support.canned_fetch import CannedFetch

_SAMPLES = Path(__file__).with_name("samples")
_NEW_YORK = Spot(40.7128, -74.006, "America/New_York", "US")
_ZONE = ZoneInfo("America/New_York")
_TODAY = datetime.date(2026, 11, 20)
_FETCHED = datetime.datetime(2026, 11, 20, 14, 20, tzinfo=datetime.UTC)


def _sample(name: str) -> bytes:
    return (_SAMPLES / f"nws_{name}.json").read_bytes()


def _fetch(**other: bytes | SourceError) -> CannedFetch:
    replies: dict[str, bytes | SourceError] = {
        "/points/": other.get("point", _sample("point")),
        "/forecast/hourly": other.get("hourly", _sample("hourly")),
        "/alerts/active": other.get("alerts", _sample("alerts")),
    }
    return CannedFetch(replies, _FETCHED)


def _source(fetch: CannedFetch) -> Nws:
    return Nws(fetch, url="https://nws.example", user_agent="tao-agent/1 me@example.org")


def _span(first: int, last: int) -> Span:
    return Span(_TODAY + datetime.timedelta(days=first), _TODAY + datetime.timedelta(days=last), _TODAY)


def _at(day: int, hour: int) -> datetime.datetime:
    return datetime.datetime(2026, 11, day, hour, tzinfo=_ZONE)


async def test_the_point_leads_to_the_hours_of_its_cell() -> None:
    fetch = _fetch()
    await _source(fetch).ask(_NEW_YORK, _span(0, 1), "forecast")
    assert [asked.url for asked in fetch.asked] == [
        "https://nws.example/points/40.7128,-74.006",
        "https://nws.example/gridpoints/OKX/33,35/forecast/hourly",
    ]
    assert fetch.asked[1].params == {"units": "si"}
    assert {asked.headers["User-Agent"] for asked in fetch.asked} == {"tao-agent/1 me@example.org"}


async def test_a_whole_day_is_summed_up_from_its_hours() -> None:
    report = await _source(_fetch()).ask(_NEW_YORK, _span(1, 1), "forecast")
    (day,) = report.days
    assert day.date == datetime.date(2026, 11, 21)
    assert (day.temperature_min, day.temperature_max) == (-2.5, 11.25)
    assert day.precipitation_probability == 65
    assert day.wind_max == 33.34
    assert day.gusts_max is None
    assert day.precipitation is None
    assert day.code == 95
    assert day.sunrise is not None
    assert day.sunrise.hour == 6


async def test_of_today_only_the_weather_of_what_is_left_is_said() -> None:
    report = await _source(_fetch()).ask(_NEW_YORK, _span(0, 0), "forecast")
    (day,) = report.days
    assert day.temperature_max is None
    assert day.temperature_min is None
    assert day.wind_max is None
    assert day.code == 81
    assert day.precipitation_probability == 40
    assert len(report.hours) == 15


async def test_now_is_the_hour_in_which_the_reply_came() -> None:
    report = await _source(_fetch()).ask(_NEW_YORK, _span(0, 0), "forecast")
    assert report.now == Hour(
        time=_at(20, 9),
        code=2,
        temperature=4.0,
        humidity=62,
        precipitation_probability=5,
        wind=14.82,
        wind_direction=247.5,
    )


def _hours(**changes: object) -> bytes:
    said = json.loads(_sample("hourly"))
    for period in said["properties"]["periods"]:
        period.update(changes)
    return json.dumps(said).encode()


@pytest.mark.parametrize(
    ("changes", "temperature", "wind"),
    [
        ({"temperature": 41, "temperatureUnit": "F", "windSpeed": "10 mph"}, 5.0, 16.09),
        ({"temperature": 5, "temperatureUnit": "C", "windSpeed": "16 km/h"}, 5.0, 16.0),
        ({"temperature": {"unitCode": "wmoUnit:degF", "value": 14}}, -10.0, 14.82),
        ({"windSpeed": {"unitCode": "wmoUnit:m_s-1", "value": 10}}, 4.0, 36.0),
        ({"windSpeed": "5 to 10 mph"}, 4.0, None),
        ({"windSpeed": ""}, 4.0, None),
        ({"temperature": {"unitCode": "wmoUnit:K", "value": 280}}, None, 14.82),
        ({"temperature": None, "windSpeed": None}, None, None),
    ],
)
async def test_units_are_those_that_the_reply_names(
    changes: dict[str, object], temperature: float | None, wind: float | None
) -> None:
    fetch = _fetch(hourly=_hours(**changes))
    report = await _source(fetch).ask(_NEW_YORK, _span(0, 0), "forecast")
    assert report.now is not None
    assert (report.now.temperature, report.now.wind) == (temperature, wind)


@pytest.mark.parametrize(
    ("icon", "code"),
    [
        ("https://api.weather.gov/icons/land/day/fog?size=small", 45),
        ("https://api.weather.gov/icons/land/night/rain,30/tsra_hi,20?size=small", 95),
        ("https://api.weather.gov/icons/land/day/hot", None),
        ("https://api.weather.gov/icons/land/day/frogs,80", None),
        ("fog", None),
        (None, None),
    ],
)
async def test_an_unknown_icon_is_no_weather(icon: str | None, code: int | None) -> None:
    report = await _source(_fetch(hourly=_hours(icon=icon))).ask(_NEW_YORK, _span(0, 0), "forecast")
    assert report.now is not None
    assert report.now.code == code


async def test_alerts_are_the_real_ones_that_hold() -> None:
    report = await _source(_fetch()).ask(_NEW_YORK, _span(0, 0), "alerts")
    assert [alert.title for alert in report.alerts] == ["Wind Advisory", "Special Weather Statement"]
    assert report.alerts[0] == Alert(
        title="Wind Advisory",
        severity="moderate",
        area="New York (Manhattan); Bronx",
        issuer="NWS New York City - Upton, NY",
        starts=_at(20, 22),
        ends=_at(21, 10),
        text="* WHAT...West winds 35 to 45 mph. Secure outdoor objects.",
    )
    assert report.alerts[1].severity is None
    assert report.alerts[1].starts == _at(20, 8)
    assert report.alerts[1].ends == _at(20, 20)


async def test_where_the_country_is_unknown_the_point_decides_before_no_alerts_are_said() -> None:
    spot = Spot(45.42, -75.7, "America/Toronto")
    missing = SourceError("refused", "404 Unable to provide data for requested point 45.42,-75.7")
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(point=missing)).ask(spot, _span(0, 0), "alerts")
    assert caught.value.failure == "out of range"


@pytest.mark.parametrize(("first", "last"), [(-2, -1), (8, 9), (3, 4)])
async def test_days_that_it_does_not_have_are_out_of_range(first: int, last: int) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch()).ask(_NEW_YORK, _span(first, last), "forecast")
    assert caught.value.failure == "out of range"


@pytest.mark.parametrize(
    ("country", "latitude", "longitude", "covered"),
    [
        ("US", 40.7, -74.0, True),
        ("PR", 18.5, -66.1, True),
        ("GU", 13.4, 144.8, True),
        ("CA", 43.7, -79.4, False),
        ("CN", 31.2, 121.5, False),
        ("", 61.2, -149.9, True),
        ("", 51.5, -0.1, False),
    ],
)
async def test_it_covers_the_united_states(
    country: str, latitude: float, longitude: float, covered: bool
) -> None:
    spot = Spot(latitude, longitude, "UTC", country)
    assert _source(_fetch()).covers(spot) is covered
    if not covered:
        with pytest.raises(SourceError, match="out of range"):
            await _source(_fetch()).ask(spot, _span(0, 0), "alerts")


@pytest.mark.parametrize(
    ("part", "body"),
    [
        ("point", b"{}"),
        ("point", b'{"properties": {"forecastHourly": "https://evil.example/steal"}}'),
        ("point", b'{"properties": {"forecastHourly": "https://x/gridpoints/../../1,2/forecast/hourly"}}'),
        ("hourly", b""),
        ("hourly", b"not json"),
        ("hourly", b'{"properties": {"periods": []}}'),
        ("hourly", b'{"properties": {"periods": null}}'),
        ("hourly", _sample("hourly")[:9_000]),
        ("hourly", _hours(startTime="soon")),
        ("hourly", _hours(startTime=None)),
        ("hourly", _hours(temperature={"unitCode": "wmoUnit:degC", "value": "mild"})),
    ],
)
async def test_a_reply_in_another_form_is_unreadable(part: str, body: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(**{part: body})).ask(_NEW_YORK, _span(0, 0), "forecast")
    assert caught.value.failure == "unreadable"


@pytest.mark.parametrize("body", [b"{}", b'{"features": null}', b'{"features": [{}]}', b"[]"])
async def test_a_missing_list_of_alerts_is_not_no_alerts(body: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(alerts=body)).ask(_NEW_YORK, _span(0, 0), "alerts")
    assert caught.value.failure == "unreadable"


@pytest.mark.parametrize(
    ("wanted", "part", "failure", "detail", "expected"),
    [
        ("forecast", "point", "refused", "404 Data Unavailable For Requested Point", "out of range"),
        ("forecast", "hourly", "failing", "503 Forecast Grid Expired", "failing"),
        ("forecast", "hourly", "refused", "404 Not Found", "refused"),
        ("forecast", "point", "refused", "403 Forbidden", "refused"),
        ("alerts", "alerts", "refused", "400 Bad Request", "out of range"),
        ("alerts", "alerts", "busy", "429", "busy"),
    ],
)
async def test_failures_say_what_came_of_the_request(
    wanted: Wanted, part: str, failure: Any, detail: str, expected: str
) -> None:
    with pytest.raises(SourceError) as caught:
        await _source(_fetch(**{part: SourceError(failure, detail)})).ask(_NEW_YORK, _span(0, 0), wanted)
    assert caught.value.failure == expected
    assert detail in caught.value.detail


async def test_it_has_no_air() -> None:
    source = _source(_fetch())
    assert source.gives == {"forecast", "alerts"}
    with pytest.raises(SourceError) as caught:
        await source.ask(_NEW_YORK, _span(0, 0), "air")
    assert caught.value.failure == "out of range"
