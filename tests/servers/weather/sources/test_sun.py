"""The computed sunrise and sunset, at the ends of the calendar and of the world."""

import datetime

import pytest

from tao_servers.weather.sources.source import Spot
from tao_servers.weather.sources.sun import sun_times


@pytest.mark.parametrize("date", [datetime.date(2026, 6, 20), datetime.date(2026, 12, 21)])
def test_the_polar_day_and_night_have_neither(date: datetime.date) -> None:
    assert sun_times(Spot(69.65, 18.96, "Europe/Oslo"), date) == (None, None)


def test_a_sunset_after_midnight_belongs_to_the_sunrise_before_it() -> None:
    rise, down = sun_times(Spot(64.15, -21.94, "Atlantic/Reykjavik"), datetime.date(2026, 6, 20))
    assert rise is not None
    assert down is not None
    assert rise.date() == datetime.date(2026, 6, 20)
    assert rise < down
    assert down.date() == datetime.date(2026, 6, 21)


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (1.87, -157.4, "Pacific/Kiritimati"),
        (21.3, -157.9, "Pacific/Honolulu"),
        (-36.9, 174.8, "Pacific/Auckland"),
        (43.8, 87.6, "Asia/Shanghai"),
    ],
)
def test_both_lie_in_the_day_of_the_place(latitude: float, longitude: float, zone: str) -> None:
    date = datetime.date(2026, 11, 1)
    rise, down = sun_times(Spot(latitude, longitude, zone), date)
    assert rise is not None
    assert down is not None
    assert rise.date() == down.date() == date
    assert datetime.timedelta(hours=9) < down - rise < datetime.timedelta(hours=15)
