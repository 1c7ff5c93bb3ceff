"""Open-Meteo's three services over the computed weather, in the form that its documentation shows."""

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.weather.world import Hour, Weather, cities, city_at, hours_of, today_at, weather_of

__all__ = ["AIR", "DAILY", "HOURLY", "Refused", "air_quality", "forecast", "search"]


class Refused(Exception):
    """Answered with 400 and a reason."""


_UNITS = {
    "temperature": "°C",
    "apparent_temperature": "°C",
    "precipitation": "mm",
    "wind_speed": "km/h",
    "wind_gusts": "km/h",
    "wind_direction": "°",
    "relative_humidity": "%",
    "precipitation_probability": "%",
    "weather_code": "wmo code",
    "sun": "iso8601",
    "us_aqi": "USAQI",
    "european_aqi": "EAQI",
}
DAILY: dict[str, Callable[[Weather], Any]] = {
    "weather_code": lambda day: day.code,
    "temperature_2m_max": lambda day: day.high,
    "temperature_2m_min": lambda day: day.low,
    "apparent_temperature_max": lambda day: day.high - 2,
    "apparent_temperature_min": lambda day: day.low - 2,
    "precipitation_sum": lambda day: day.rain,
    "rain_sum": lambda day: day.rain,
    "snowfall_sum": lambda day: 0.0,
    "precipitation_hours": lambda day: 24.0 if day.rain else 0.0,
    "precipitation_probability_max": lambda day: day.chance,
    "wind_speed_10m_max": lambda day: day.wind,
    "wind_gusts_10m_max": lambda day: day.gusts,
    "wind_direction_10m_dominant": lambda day: 90,
    "sunrise": lambda day: day.sunrise,
    "sunset": lambda day: day.sunset,
    "uv_index_max": lambda day: 3.5,
}
HOURLY: dict[str, Callable[[Hour], Any]] = {
    "temperature_2m": lambda hour: hour.temperature,
    "apparent_temperature": lambda hour: hour.temperature - 2,
    "relative_humidity_2m": lambda hour: 60,
    "dew_point_2m": lambda hour: hour.temperature - 7,
    "precipitation": lambda hour: hour.day.rain / 24,
    "rain": lambda hour: hour.day.rain / 24,
    "snowfall": lambda hour: 0.0,
    "precipitation_probability": lambda hour: hour.day.chance,
    "weather_code": lambda hour: hour.day.code,
    "cloud_cover": lambda hour: 100 if hour.day.rain else 20,
    "pressure_msl": lambda hour: 1013.0,
    "wind_speed_10m": lambda hour: hour.day.wind,
    "wind_gusts_10m": lambda hour: hour.day.gusts,
    "wind_direction_10m": lambda hour: 90,
    "uv_index": lambda hour: 1.0,
    "is_day": lambda hour: int(7 <= hour.time.hour <= 17),
    "visibility": lambda hour: 20000.0,
}
AIR: dict[str, Callable[[Hour], Any]] = {
    "pm2_5": lambda hour: 35.0 + hour.time.hour,
    "pm10": lambda hour: 60.0,
    "ozone": lambda hour: 50.0,
    "nitrogen_dioxide": lambda hour: 20.0,
    "carbon_monoxide": lambda hour: 300.0,
    "sulphur_dioxide": lambda hour: 5.0,
    "us_aqi": lambda hour: 102,
    "european_aqi": lambda hour: 48,
}
_CONVERTED: dict[str, tuple[Callable[[float], float], str]] = {
    "fahrenheit": (lambda value: value * 1.8 + 32, "°F"),
    "ms": (lambda value: value / 3.6, "m/s"),
    "mph": (lambda value: value * 0.6214, "mp/h"),
    "kn": (lambda value: value * 0.54, "kn"),
    "inch": (lambda value: value / 25.4, "inch"),
}
_KINDS = {
    "temperature_unit": ("temperature", "apparent_temperature", "dew_point"),
    "wind_speed_unit": ("wind_speed", "wind_gusts"),
    "precipitation_unit": ("precipitation_sum", "precipitation", "rain"),
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request for one place, read."""

    query: Mapping[str, str]
    latitude: float
    longitude: float
    zone: ZoneInfo
    days: tuple[Weather, ...]

    def names(self, part: str) -> list[str]:
        return [name for name in self.query.get(part, "").split(",") if name]

    def time(self, value: datetime.datetime) -> str | int:
        if self.query.get("timeformat") == "unixtime":
            return int(value.replace(tzinfo=self.zone).timestamp())
        return value.strftime("%Y-%m-%dT%H:%M")

    def value(self, name: str, value: Any) -> Any:
        """In the units that were asked for."""
        if isinstance(value, datetime.datetime):
            return self.time(value)
        unit = self._unit(name)
        return round(_CONVERTED[unit][0](value), 1) if unit in _CONVERTED else value

    def unit(self, name: str) -> str:
        """How the reply calls it."""
        plain = next((unit for start, unit in _UNITS.items() if name.startswith(start)), "")
        asked = self._unit(name)
        return _CONVERTED[asked][1] if asked in _CONVERTED else plain or "μg/m³"

    def _unit(self, name: str) -> str:
        for parameter, starts in _KINDS.items():
            if name.startswith(starts) and "probability" not in name and "hours" not in name:
                return self.query.get(parameter, "")
        return ""


def forecast(query: Mapping[str, str]) -> dict[str, Any]:
    """What /v1/forecast answers."""
    asked = _read(query, most=16)
    return _head(asked) | _current(asked, HOURLY) | _hourly(asked, HOURLY) | _daily(asked)


def air_quality(query: Mapping[str, str]) -> dict[str, Any]:
    """What /v1/air-quality answers."""
    asked = _read(query, most=7)
    return _head(asked) | _current(asked, AIR) | _hourly(asked, AIR)


def search(query: Mapping[str, str]) -> dict[str, Any]:
    """What /v1/search answers: `results` is left out where nobody bears the name."""
    wanted = query.get("name", "").casefold()
    chinese = query.get("language") == "zh"
    found = [
        {
            "id": city.id,
            "name": city.name_zh if chinese else city.name,
            "latitude": city.latitude,
            "longitude": city.longitude,
            "feature_code": city.feature_code,
            "country_code": city.country_code,
            "country": city.country,
            "admin1": city.admin1,
            "timezone": city.timezone,
            "population": city.population,
        }
        for city in cities()
        if wanted in (city.name.casefold(), city.name_zh)
    ]
    return {"generationtime_ms": 0.5} | ({"results": found[: int(query.get("count", 10))]} if found else {})


def _read(query: Mapping[str, str], *, most: int) -> _Asked:
    try:
        latitude, longitude = float(query["latitude"]), float(query["longitude"])
    except (KeyError, ValueError) as exc:
        raise Refused(f"Parameter 'latitude' and 'longitude' must be numbers: {exc}") from exc
    name = query.get("timezone", "GMT")
    zone = ZoneInfo(city_at(latitude, longitude).timezone if name == "auto" else name)
    today = today_at(zone.key)
    dates = _dates(query, today, most)
    days = tuple(weather_of(latitude, longitude, date, today=today) for date in dates)
    return _Asked(query, latitude, longitude, zone, days)


def _dates(query: Mapping[str, str], today: datetime.date, most: int) -> list[datetime.date]:
    if "start_date" in query:
        first, last = (datetime.date.fromisoformat(query[name]) for name in ("start_date", "end_date"))
    else:
        first = today - datetime.timedelta(int(query.get("past_days", 0)))
        last = today + datetime.timedelta(int(query.get("forecast_days", 7)) - 1)
    limits = today - datetime.timedelta(92), today + datetime.timedelta(most - 1)
    if not limits[0] <= first <= last <= limits[1]:
        raise Refused(f"Parameter 'start_date' is out of allowed range from {limits[0]} to {limits[1]}")
    return [first + datetime.timedelta(number) for number in range((last - first).days + 1)]


def _head(asked: _Asked) -> dict[str, Any]:
    offset = datetime.datetime.now(asked.zone).utcoffset() or datetime.timedelta()
    return {
        "latitude": asked.latitude,
        "longitude": asked.longitude,
        "generationtime_ms": 0.1,
        "utc_offset_seconds": int(offset.total_seconds()),
        "timezone": asked.zone.key,
        "timezone_abbreviation": "GMT",
        "elevation": 10.0,
    }


def _current(asked: _Asked, known: Mapping[str, Callable[[Hour], Any]]) -> dict[str, Any]:
    names = asked.names("current")
    if not names:
        return {}
    now = datetime.datetime.now(asked.zone).replace(tzinfo=None)
    day = weather_of(asked.latitude, asked.longitude, now.date(), today=now.date())
    hour = list(hours_of(day))[now.hour]
    time = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    said = {name: asked.value(name, _known(known, name, "current")(hour)) for name in names}
    units = {"time": "iso8601", "interval": "seconds"} | {name: asked.unit(name) for name in names}
    return {"current_units": units, "current": {"time": asked.time(time), "interval": 900} | said}


def _hourly(asked: _Asked, known: Mapping[str, Callable[[Hour], Any]]) -> dict[str, Any]:
    hours = [hour for day in asked.days for hour in hours_of(day)]
    return _table(asked, "hourly", known, hours, [asked.time(hour.time) for hour in hours])


def _daily(asked: _Asked) -> dict[str, Any]:
    unix = asked.query.get("timeformat") == "unixtime"
    times = [
        asked.time(datetime.datetime.combine(day.date, datetime.time())) if unix else day.date.isoformat()
        for day in asked.days
    ]
    return _table(asked, "daily", DAILY, asked.days, times)


def _table(
    asked: _Asked,
    part: str,
    known: Mapping[str, Callable[[Any], Any]],
    rows: "list[Hour] | tuple[Weather, ...]",
    times: list[str | int],
) -> dict[str, Any]:
    names = asked.names(part)
    if not names:
        return {}
    columns = {
        name: [asked.value(name, value) for value in _column(_known(known, name, part), rows)]
        for name in names
    }
    units = {"time": "iso8601"} | {name: asked.unit(name) for name in names}
    return {f"{part}_units": units, part: {"time": times} | columns}


def _column(read: Callable[[Any], Any], rows: "list[Hour] | tuple[Weather, ...]") -> Iterator[Any]:
    return (read(row) for row in rows)


def _known(known: Mapping[str, Callable[[Any], Any]], name: str, part: str) -> Callable[[Any], Any]:
    if name not in known:
        raise Refused(
            f"Data corrupted at path ''. Cannot initialize {part} from invalid String value {name}."
        )
    return known[name]
