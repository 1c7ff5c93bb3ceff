"""Weather that is computed from place and date, so that a test knows what any reply must say.

Three stories are fixed: Shanghai is dry up to today and wet from tomorrow on; Oslo is colder than Harbin on
every day; everywhere else the weather follows from latitude and date.
"""

import csv
import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

__all__ = ["City", "Hour", "Weather", "cities", "city_at", "hours_of", "today_at", "weather_of"]

_CITIES = Path(__file__).with_name("cities.csv")
_SHANGHAI, _OSLO, _HARBIN = (31.2, 121.5), (59.9, 10.7), (45.8, 126.5)


@dataclass(frozen=True, slots=True)
class City:
    """A row of `cities.csv`: what the geocoder knows."""

    id: int
    name: str
    name_zh: str
    latitude: float
    longitude: float
    feature_code: str
    country_code: str
    country: str
    admin1: str
    timezone: str
    population: int


@dataclass(frozen=True, slots=True)
class Weather:
    """One day: °C, mm, %, km/h, a WMO code, local times of sunrise and sunset."""

    date: datetime.date
    high: float
    low: float
    rain: float
    chance: int
    wind: float
    gusts: float
    code: int
    sunrise: datetime.datetime
    sunset: datetime.datetime


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a day, by local time without a zone."""

    time: datetime.datetime
    temperature: float
    day: Weather


@cache
def cities() -> tuple[City, ...]:
    """Every city of the geocoder."""
    with _CITIES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        City(
            int(row["id"]),
            row["name"],
            row["name_zh"],
            float(row["latitude"]),
            float(row["longitude"]),
            row["feature_code"],
            row["country_code"],
            row["country"],
            row["admin1"],
            row["timezone"],
            int(row["population"]),
        )
        for row in rows
    )


def city_at(latitude: float, longitude: float) -> City:
    """The nearest city, whose time zone is taken for that point's."""
    return min(cities(), key=lambda city: math.dist((city.latitude, city.longitude), (latitude, longitude)))


def today_at(zone: str) -> datetime.date:
    """The date there now."""
    return datetime.datetime.now(ZoneInfo(zone)).date()


def weather_of(
    latitude: float, longitude: float, date: datetime.date, *, today: datetime.date | None = None
) -> Weather:
    """The weather of that day; `today` is the date there now."""
    where = (latitude, longitude)
    middle, rain = 28 - 0.55 * abs(latitude), 4.8 if (date.toordinal() + int(latitude)) % 3 == 0 else 0.0
    if math.dist(where, _SHANGHAI) < 1:
        today = today or today_at("Asia/Shanghai")
        middle, rain = 12.0, 12.0 if date > today else 0.0
    elif math.dist(where, _OSLO) < 1:
        middle, rain = -14.0, 0.0
    elif math.dist(where, _HARBIN) < 1:
        middle, rain = -4.0, 0.0
    middle = round(middle + (date.toordinal() % 5 - 2) / 2, 1)
    start = datetime.datetime.combine(date, datetime.time())
    wind = 10.0 + date.toordinal() % 7
    return Weather(
        date=date,
        high=round(middle + 3, 1),
        low=round(middle - 3, 1),
        rain=rain,
        chance=90 if rain else 5,
        wind=wind,
        gusts=wind * 2,
        code=63 if rain else 1,
        sunrise=start.replace(hour=6, minute=30),
        sunset=start.replace(hour=17, minute=15),
    )


def hours_of(day: Weather) -> Iterator[Hour]:
    """The hours of that day: coldest at midnight, warmest at noon, the rain spread evenly."""
    for number in range(24):
        swing = (1 - math.cos(number / 12 * math.pi)) / 2
        time = datetime.datetime.combine(day.date, datetime.time(number))
        yield Hour(time, round(day.low + (day.high - day.low) * swing, 1), day)
