"""An answer as lines to read: the same as its structure, each number with its unit and its time."""

import datetime
from collections.abc import Iterator

from pydantic import BaseModel

from tao_prompts import Language
from tao_servers.weather.answering.answers import (
    AirQuality,
    Alerts,
    DayWeather,
    Forecast,
    HourWeather,
    Places,
    WarningFound,
)
from tao_servers.weather.answering.units import Quantity, Unit, UnitSystem, units_of
from tao_servers.weather.answering.wording import day_text, say

__all__ = ["closing", "describe", "describe_alerts", "describe_places", "opening"]


def describe(forecast: Forecast, language: Language, *, units: UnitSystem, today: datetime.date) -> str:
    """The whole forecast."""
    days = [
        _line(day_text(day.date, today, language), _day_values(day, language, units), language)
        for day in forecast.days
    ]
    return "\n".join([*opening(forecast, language, units), *days, *closing(forecast, language, units)])


def opening(forecast: Forecast, language: Language, units: UnitSystem) -> Iterator[str]:
    """What comes before the days: where, when, and the weather now."""
    yield _heading("weather", forecast, language)
    if forecast.asked:
        yield forecast.asked
    if forecast.now:
        name = f"{say('now', language)}{_bracketed(forecast.now.time, language)}"
        yield _line(name, _hour_values(forecast.now, language, units), language)


def closing(forecast: Forecast, language: Language, units: UnitSystem) -> Iterator[str]:
    """What comes after the days: the hours, the air, notes and sources."""
    for hour in forecast.hours:
        yield _line(hour.time, _hour_values(hour, language, units), language)
    for air in forecast.air:
        yield _line(say("air", language, air.time), _air_values(air), language)
    yield from _ending(forecast, language)


def describe_alerts(alerts: Alerts, language: Language) -> str:
    """All warnings, or that there are none."""
    lines = [_heading("alerts", alerts, language)]
    # Of old data, "none in force" would be a guess.
    none = "no alerts" if alerts.stale_minutes is None else "no alerts then"
    lines += [_warning(alert, language) for alert in alerts.alerts] or [say(none, language)]
    return "\n".join([*lines, *_ending(alerts, language)])


def describe_places(name: str, places: Places, language: Language) -> str:
    """The places of a name, one a line."""
    lines = [say("places", language, name)]
    for number, place in enumerate(places.places, start=1):
        label = ", ".join((place.name, *place.path))
        point = f"{place.latitude:g},{place.longitude:g}"
        about = [place.time_zone]
        if place.population:
            about.insert(0, say("people", language, f"{place.population:,}"))
        lines.append(f"{number}. {label} ({point}): {', '.join(about)}")
    return "\n".join([*lines, places.note] if places.note else lines)


def _heading(phrase: str, answer: Forecast | Alerts, language: Language) -> str:
    point = f"{answer.latitude:g}, {answer.longitude:g}"
    return say(phrase, language, place=answer.place, point=point, zone=answer.time_zone)


def _ending(answer: Forecast | Alerts, language: Language) -> Iterator[str]:
    yield from answer.notes
    if answer.same_name:
        yield say("same", language, "; ".join(answer.same_name))
    run = say("run", language, answer.model_run) if answer.model_run else ""
    yield say("source", language, answer.attribution, answer.as_of) + run
    if isinstance(answer, Forecast) and answer.air_attribution:
        yield say("air source", language, answer.air_attribution)


def _line(name: str, values: list[str], language: Language) -> str:
    said = values or [say("no data", language)]
    return f"{name}：{'，'.join(said)}" if language == "zh" else f"{name}: {', '.join(said)}"


def _bracketed(text: str, language: Language) -> str:
    return f"（{text}）" if language == "zh" else f" ({text})"


def _amount(record: BaseModel, name: str, quantity: Quantity, units: UnitSystem) -> str | None:
    unit: Unit = units_of(units)[quantity]
    value = getattr(record, f"{name}_{unit.field}")
    return None if value is None else f"{value:g} {unit.symbol}"


def _said(phrase: str, amount: str | None, language: Language) -> str | None:
    return None if amount is None else say(phrase, language, amount)


def _day_values(day: DayWeather, language: Language, units: UnitSystem) -> list[str]:
    values = [
        day.weather,
        _said("high", _amount(day, "temperature_max", "temperature", units), language),
        _said("low", _amount(day, "temperature_min", "temperature", units), language),
        _said("rain", _amount(day, "precipitation", "rain", units), language),
        _said("chance", _amount(day, "precipitation_probability", "percent", units), language),
        _said("wind max", _amount(day, "wind_max", "wind", units), language),
        _said("gusts", _amount(day, "gusts_max", "wind", units), language),
        _said("sunrise", day.sunrise, language),
        _said("sunset", day.sunset, language),
    ]
    return [value for value in values if value]


def _hour_values(hour: HourWeather, language: Language, units: UnitSystem) -> list[str]:
    wind = _amount(hour, "wind", "wind", units)
    if wind and hour.wind_from:
        wind = say("wind from", language, wind, from_=hour.wind_from)
    elif wind:
        wind = say("wind", language, wind)
    values = [
        hour.weather,
        _amount(hour, "temperature", "temperature", units),
        _said("feels", _amount(hour, "feels_like", "temperature", units), language),
        _said("humidity", _amount(hour, "humidity", "percent", units), language),
        _said("rain", _amount(hour, "precipitation", "rain", units), language),
        _said("chance", _amount(hour, "precipitation_probability", "percent", units), language),
        wind,
        _said("gusts", _amount(hour, "gusts", "wind", units), language),
    ]
    return [value for value in values if value]


def _air_values(air: AirQuality) -> list[str]:
    values = [f"{air.scale} {air.index:g}"] if air.index is not None else []
    for name, label in (("pm2_5", "PM2.5"), ("pm10", "PM10"), ("ozone", "O₃"), ("nitrogen_dioxide", "NO₂")):
        amount = getattr(air, f"{name}_micrograms_per_m3")
        if amount is not None:
            values.append(f"{label} {amount:g} µg/m³")
    return values


def _warning(alert: WarningFound, language: Language) -> str:
    about = [about for about in (alert.severity, alert.area, alert.issuer) if about]
    if alert.starts and alert.ends:
        about.append(say("from to", language, alert.starts, alert.ends))
    elif alert.starts or alert.ends:
        phrase = "from" if alert.starts else "until"
        about.append(say(phrase, language, alert.starts or alert.ends))
    title = alert.title + (_bracketed("; ".join(about), language) if about else "")
    return f"- {title}: {alert.text}" if alert.text else f"- {title}"
