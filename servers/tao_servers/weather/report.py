"""What a forecast holds; the names carry the units."""

import datetime

from pydantic import BaseModel, Field

__all__ = ["Current", "Day", "Forecast"]


class Current(BaseModel):
    """The weather now."""

    time: str = Field(description="Local")
    weather: str | None = None
    temperature_celsius: float | None = None


class Day(BaseModel):
    """The weather of one day; a value that is missing was not forecast."""

    date: datetime.date
    weather: str | None = None
    temperature_max_celsius: float | None = None
    temperature_min_celsius: float | None = None
    precipitation_mm: float | None = None
    precipitation_probability_percent: float | None = None
    wind_max_kmh: float | None = None


class Forecast(BaseModel):
    """Weather of a place, now and by day."""

    place: str
    latitude: float
    longitude: float
    time_zone: str
    note: str | None = None
    current: Current | None = None
    days: list[Day] = Field(description="The first is today")
    same_name: list[str] = Field(default_factory=list, description="Other places of this name")
    source: str = "Open-Meteo (https://open-meteo.com/), CC BY 4.0"
