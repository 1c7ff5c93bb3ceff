"""Replies in Open-Meteo's form with `timeformat=unixtime`, a clock to turn, and a place to ask about."""

import datetime
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from tao_servers.weather.sources.source import Span, Spot

SHANGHAI = Spot(31.22222, 121.45806, "Asia/Shanghai", "CN")
TODAY = datetime.date(2026, 11, 22)
SPAN = Span(TODAY, TODAY + datetime.timedelta(days=2), TODAY)
NOON = datetime.datetime(2026, 11, 22, 4, 0, tzinfo=datetime.UTC)  # 12:00 in Shanghai


@dataclass
class Clock:
    """The time, for whoever asks for it."""

    now: datetime.datetime = NOON

    def __call__(self) -> datetime.datetime:
        return self.now

    def forward(self, **length: float) -> None:
        self.now += datetime.timedelta(**length)


def forecast_reply(
    spot: Spot = SHANGHAI,
    first: datetime.date = TODAY,
    days: int = 7,
    *,
    asked: datetime.datetime = NOON,
) -> dict[str, Any]:
    """A forecast; the temperature at each hour is its number from the start, in tenths of a degree."""
    offset = asked.astimezone(ZoneInfo(spot.time_zone)).utcoffset() or datetime.timedelta()
    start = int(datetime.datetime.combine(first, datetime.time(), datetime.timezone(offset)).timestamp())
    hours = range(24 * days)
    every_day = range(days)
    now = int(asked.timestamp()) // 900 * 900
    return {
        "latitude": spot.latitude,
        "longitude": spot.longitude,
        "generationtime_ms": 0.2,
        "utc_offset_seconds": int(offset.total_seconds()),
        "timezone": spot.time_zone,
        "timezone_abbreviation": "GMT+8",
        "elevation": 12.0,
        "current_units": {"time": "unixtime", "interval": "seconds", "temperature_2m": "°C"},
        "current": {
            "time": now,
            "interval": 900,
            "temperature_2m": 14.2,
            "apparent_temperature": 13.5,
            "relative_humidity_2m": 70,
            "weather_code": 3,
            "wind_speed_10m": 10.8,
            "wind_gusts_10m": 22.0,
            "wind_direction_10m": 45,
        },
        "hourly_units": {"time": "unixtime", "temperature_2m": "°C", "precipitation": "mm"},
        "hourly": {
            "time": [start + 3600 * hour for hour in hours],
            "temperature_2m": [hour / 10 for hour in hours],
            "apparent_temperature": [hour / 10 - 1 for hour in hours],
            "relative_humidity_2m": [60 for _ in hours],
            "precipitation": [0.1 * (hour % 5) for hour in hours],
            "precipitation_probability": [hour % 100 for hour in hours],
            "weather_code": [61 for _ in hours],
            "wind_speed_10m": [12.5 for _ in hours],
            "wind_gusts_10m": [25.0 for _ in hours],
            "wind_direction_10m": [180 for _ in hours],
        },
        "daily_units": {"time": "unixtime", "temperature_2m_max": "°C", "wind_speed_10m_max": "km/h"},
        "daily": {
            "time": [start + 86400 * day for day in every_day],
            "weather_code": [61 for _ in every_day],
            "temperature_2m_max": [15.0 + day for day in every_day],
            "temperature_2m_min": [8.0 + day for day in every_day],
            "precipitation_sum": [4.2 for _ in every_day],
            "precipitation_probability_max": [80 for _ in every_day],
            "wind_speed_10m_max": [20.0 for _ in every_day],
            "wind_gusts_10m_max": [40.0 for _ in every_day],
            "sunrise": [start + 86400 * day + 6 * 3600 for day in every_day],
            "sunset": [start + 86400 * day + 17 * 3600 for day in every_day],
        },
    }
