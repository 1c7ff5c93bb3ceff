"""Puts values of a source into the records of an answer: units, local times, words."""

import datetime
from collections.abc import Sequence
from typing import Any

from tao_prompts import Language
from tao_servers.weather.answering.answers import AirQuality, DayWeather, HourWeather, WarningFound
from tao_servers.weather.answering.units import Quantity, UnitSystem, units_of
from tao_servers.weather.answering.wording import compass, shorten, weather_words
from tao_servers.weather.values import Air, Alert, Day, Hour

__all__ = ["air_record", "day_record", "hour_record", "local", "warning_record", "worst_air"]

_HOUR: dict[str, Quantity] = {
    "temperature": "temperature",
    "feels_like": "temperature",
    "humidity": "percent",
    "precipitation": "rain",
    "precipitation_probability": "percent",
    "wind": "wind",
    "gusts": "wind",
}
_DAY: dict[str, Quantity] = {
    "temperature_max": "temperature",
    "temperature_min": "temperature",
    "precipitation": "rain",
    "precipitation_probability": "percent",
    "wind_max": "wind",
    "gusts_max": "wind",
}
_AIR = ("pm2_5", "pm10", "ozone", "nitrogen_dioxide")
# What is left out first where there are many records.
_EXTRAS = frozenset({"feels_like", "humidity", "gusts", "gusts_max"})


def local(time: datetime.datetime, zone: datetime.tzinfo) -> str:
    """The local time, to the minute."""
    return time.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def hour_record(
    hour: Hour, zone: datetime.tzinfo, language: Language, units: UnitSystem, *, extras: bool = True
) -> HourWeather:
    """One time of the day."""
    return HourWeather(
        time=local(hour.time, zone),
        weather=weather_words(hour.code, language),
        wind_from=compass(hour.wind_direction, language) if extras else None,
        **_measured(hour, _HOUR, units, extras),
    )


def day_record(
    day: Day, zone: datetime.tzinfo, language: Language, units: UnitSystem, *, extras: bool = True
) -> DayWeather:
    """One day."""
    return DayWeather(
        date=day.date,
        weather=weather_words(day.code, language),
        sunrise=_clock(day.sunrise, zone) if extras else None,
        sunset=_clock(day.sunset, zone) if extras else None,
        **_measured(day, _DAY, units, extras),
    )


def air_record(air: Air, zone: datetime.tzinfo) -> AirQuality:
    """The air at one time."""
    values: dict[str, Any] = {
        f"{name}_micrograms_per_m3": round(value, 1)
        for name in _AIR
        if (value := getattr(air, name)) is not None
    }
    return AirQuality(
        time=local(air.time, zone),
        index=air.index,
        scale=air.scale if air.index is not None else None,
        **values,
    )


def worst_air(air: Sequence[Air], day: datetime.date, zone: datetime.tzinfo) -> Air | None:
    """The hour of that day with the highest index."""
    of_day = [one for one in air if one.time.astimezone(zone).date() == day]
    return max(of_day, key=lambda one: (one.index or 0, one.pm2_5 or 0), default=None)


def warning_record(alert: Alert, zone: datetime.tzinfo, *, longest: int) -> WarningFound:
    """One warning, its text at most `longest` characters long."""
    return WarningFound(
        title=shorten(alert.title, 200),
        severity=_short(alert.severity),
        area=_short(alert.area),
        issuer=_short(alert.issuer),
        starts=local(alert.starts, zone) if alert.starts else None,
        ends=local(alert.ends, zone) if alert.ends else None,
        text=shorten(alert.text, longest) or None if longest else None,
    )


def _short(text: str | None) -> str | None:
    return shorten(text, 200) if text else None


def _clock(time: datetime.datetime | None, zone: datetime.tzinfo) -> str | None:
    return time.astimezone(zone).strftime("%H:%M") if time else None


def _measured(
    record: Hour | Day, fields: dict[str, Quantity], units: UnitSystem, extras: bool
) -> dict[str, Any]:
    measured = {}
    for name, quantity in fields.items():
        unit = units_of(units)[quantity]
        value = getattr(record, name)
        if value is not None and (extras or name not in _EXTRAS):
            measured[f"{name}_{unit.field}"] = unit.of(value)
    return measured
