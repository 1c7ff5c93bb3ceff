"""What the tools return; the names carry the units, and every value the time that it is for.

Times are local times of the place. A value that is missing was not given by the source.
"""

import datetime

from pydantic import BaseModel, Field

__all__ = [
    "AirQuality",
    "Alerts",
    "DayWeather",
    "Forecast",
    "HourWeather",
    "PlaceFound",
    "Places",
    "WarningFound",
]


class HourWeather(BaseModel):
    """The weather at one time."""

    time: str
    weather: str | None = None
    temperature_celsius: float | None = None
    temperature_fahrenheit: float | None = None
    feels_like_celsius: float | None = None
    feels_like_fahrenheit: float | None = None
    humidity_percent: float | None = None
    precipitation_mm: float | None = None
    precipitation_inch: float | None = None
    precipitation_probability_percent: float | None = None
    wind_kmh: float | None = None
    wind_mph: float | None = None
    gusts_kmh: float | None = None
    gusts_mph: float | None = None
    wind_from: str | None = None


class DayWeather(BaseModel):
    """The weather of one day."""

    date: datetime.date
    weather: str | None = None
    temperature_max_celsius: float | None = None
    temperature_max_fahrenheit: float | None = None
    temperature_min_celsius: float | None = None
    temperature_min_fahrenheit: float | None = None
    precipitation_mm: float | None = None
    precipitation_inch: float | None = None
    precipitation_probability_percent: float | None = None
    wind_max_kmh: float | None = None
    wind_max_mph: float | None = None
    gusts_max_kmh: float | None = None
    gusts_max_mph: float | None = None
    sunrise: str | None = None
    sunset: str | None = None


class AirQuality(BaseModel):
    """The air at one time: of a day, the hour with its worst index."""

    time: str
    index: float | None = None
    scale: str | None = None
    pm2_5_micrograms_per_m3: float | None = None
    pm10_micrograms_per_m3: float | None = None
    ozone_micrograms_per_m3: float | None = None
    nitrogen_dioxide_micrograms_per_m3: float | None = None


class _Answer(BaseModel):
    place: str
    latitude: float
    longitude: float
    time_zone: str
    notes: list[str] = Field(default_factory=list, description="Tell the user")
    same_name: list[str] = Field(default_factory=list, description="Other places of this name")
    source: str
    attribution: str
    model_run: str | None = Field(default=None, description="When it was issued")
    as_of: str = Field(description="When the source was read")
    stale_minutes: int | None = Field(default=None, description="Age of old data; no newer could be had")


class Forecast(_Answer):
    """Weather of a place on the days `first_day` to `last_day`."""

    asked: str | None = Field(default=None, description="What the words for the days mean")
    first_day: datetime.date
    last_day: datetime.date
    now: HourWeather | None = None
    days: list[DayWeather] = Field(default_factory=list)
    missing_days: list[datetime.date] = Field(default_factory=list, description="Not forecast")
    hours: list[HourWeather] = Field(default_factory=list)
    air: list[AirQuality] = Field(default_factory=list)
    air_attribution: str | None = None


class WarningFound(BaseModel):
    """One official warning."""

    title: str
    severity: str | None = None
    area: str | None = None
    issuer: str | None = None
    starts: str | None = None
    ends: str | None = None
    text: str | None = None


class Alerts(_Answer):
    """Official warnings for a place; an empty list means that there were none at `as_of`."""

    alerts: list[WarningFound]


class PlaceFound(BaseModel):
    """One place of the name."""

    name: str
    path: list[str] = Field(description="What it lies in, the narrowest first")
    latitude: float
    longitude: float
    time_zone: str
    country: str | None = None
    population: int | None = None


class Places(BaseModel):
    """Places of a name, the likeliest first."""

    places: list[PlaceFound]
    note: str | None = None
