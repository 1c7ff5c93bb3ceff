"""Days made out of hours: where they begin and end, and what is left out."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from tao_servers.weather.sources.days import Stretch, days_of
from tao_servers.weather.sources.source import Span, Spot

_HOUR = datetime.timedelta(hours=1)


def _hours(spot: Spot, date: datetime.date, count: int, *, without: int = -1) -> list[Stretch]:
    """Hours from the UTC hour in which the day begins, 1 °C, 2 °C and so on, each with 0.1 mm."""
    midnight = datetime.datetime.combine(date, datetime.time.min, ZoneInfo(spot.time_zone))
    start = midnight.astimezone(datetime.UTC).replace(minute=0)
    return [
        Stretch(
            start=start + number * _HOUR,
            end=start + (number + 1) * _HOUR,
            temperature=float(number + 1),
            precipitation=0.1,
        )
        for number in range(count)
        if number != without
    ]


@pytest.mark.parametrize(
    ("zone", "date", "length"),
    [
        ("Europe/Oslo", datetime.date(2026, 3, 29), 23),
        ("Europe/Oslo", datetime.date(2026, 10, 25), 25),
        ("America/New_York", datetime.date(2026, 11, 1), 25),
        ("Africa/Cairo", datetime.date(2026, 4, 24), 23),
        ("Asia/Shanghai", datetime.date(2026, 11, 22), 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, date: datetime.date, length: int) -> None:
    spot, span = Spot(30.0, 0.0, zone), Span(date, date, date - datetime.timedelta(days=1))
    (day,) = days_of(_hours(spot, date, length), spot, span)
    assert (day.temperature_min, day.temperature_max) == (1.0, length)
    assert day.precipitation == round(length / 10, 2)
    assert days_of(_hours(spot, date, length - 1), spot, span) == ()


def test_hours_that_lie_across_midnight_belong_to_the_day_of_their_second_half() -> None:
    date = datetime.date(2026, 11, 22)
    spot, span = Spot(28.6, 77.2, "Asia/Kolkata"), Span(date, date, date - datetime.timedelta(days=1))
    # 00:00 in India is 18:30 in UTC: twenty-five hours touch the day.
    (day,) = days_of(_hours(spot, date, 25), spot, span)
    assert day.precipitation == 2.4
    assert (day.temperature_min, day.temperature_max) == (2.0, 25.0)


def test_a_day_with_a_gap_is_left_out_but_for_today() -> None:
    date = datetime.date(2026, 11, 22)
    spot = Spot(31.2, 121.5, "Asia/Shanghai")
    hours = _hours(spot, date, 24, without=12)
    assert days_of(hours, spot, Span(date, date, date - datetime.timedelta(days=1))) == ()
    (today,) = days_of(hours, spot, Span(date, date, date))
    assert today.temperature_max is None
    assert today.precipitation is None
    assert today.sunrise is not None


def test_no_hours_make_no_day() -> None:
    date = datetime.date(2026, 11, 22)
    assert days_of([], Spot(31.2, 121.5, "Asia/Shanghai"), Span(date, date, date)) == ()
