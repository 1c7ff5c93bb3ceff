"""The forecast for a place: asked from Open-Meteo, read, and put into named units."""

import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field, model_validator

from tao.settings import WeatherSettings
from tao_prompts import Language, language_of
from tao_servers.weather.openmeteo import Source, WeatherError
from tao_servers.weather.places import Match, Place, find_place
from tao_servers.weather.report import Current, Day, Forecast
from tao_servers.weather.wording import shorten, weather_words

if TYPE_CHECKING:
    import httpx

__all__ = ["get_forecast"]

_Number = Annotated[float, Field(allow_inf_nan=False)]
_Numbers = list[_Number | None]
_UNITS = {"temperature_unit": "celsius", "wind_speed_unit": "kmh", "precipitation_unit": "mm"}
_CURRENT = "temperature_2m,weather_code"
_DAILY = (
    "weather_code,temperature_2m_max,temperature_2m_min,precipitation_sum,precipitation_probability_max,"
    "wind_speed_10m_max"
)


class _CurrentReply(BaseModel):
    time: str
    temperature_2m: _Number | None = None
    weather_code: int | None = None


class _DailyReply(BaseModel):
    time: list[datetime.date] = Field(min_length=1)
    temperature_2m_max: _Numbers
    temperature_2m_min: _Numbers
    weather_code: list[int | None] = Field(default_factory=list)
    precipitation_sum: _Numbers = Field(default_factory=list)
    precipitation_probability_max: _Numbers = Field(default_factory=list)
    wind_speed_10m_max: _Numbers = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_value_a_day(self) -> "_DailyReply":
        for name in type(self).model_fields:
            values = getattr(self, name)
            if values and len(values) != len(self.time):
                raise ValueError(f"{name} has {len(values)} values for {len(self.time)} days")
        if all(value is None for value in (*self.temperature_2m_max, *self.temperature_2m_min)):
            raise ValueError("no temperature at all")
        return self


class _Reply(BaseModel):
    timezone: str
    daily: _DailyReply
    current: _CurrentReply | None = None


async def get_forecast(
    place: str,
    days: int,
    *,
    settings: WeatherSettings,
    transport: "httpx.AsyncBaseTransport | None" = None,
) -> Forecast:
    """Find `place` and get its forecast for `days` days, today being the first.

    Raises:
        WeatherError: the place is not known, or a service failed.
    """
    language = language_of(place)
    async with _open_client(settings, transport, language) as client:
        geocoder, forecaster = (
            Source(client, url, f"TAO_WEATHER_{name}_URL", settings.timeout, language)
            for name, url in (("GEOCODING", settings.geocoding_url), ("FORECAST", settings.forecast_url))
        )
        match = await find_place(place, geocoder)
        reply = await forecaster.get(_Reply, _query(match.place, days))
    return _forecast(match, reply, days, language)


def _open_client(
    settings: WeatherSettings, transport: "httpx.AsyncBaseTransport | None", language: Language
) -> "httpx.AsyncClient":
    import httpx

    try:
        return httpx.AsyncClient(transport=transport, timeout=settings.timeout)
    except (ImportError, ValueError, httpx.InvalidURL) as exc:
        # What httpx raises for a proxy variable that it cannot use.
        reason = shorten(str(exc), 150)
        zh = f"代理设置无法使用（{reason}）。请检查 HTTPS_PROXY、HTTP_PROXY 和 ALL_PROXY。"
        en = f"The proxy settings cannot be used ({reason}). Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY."
        raise WeatherError(zh if language == "zh" else en) from exc


def _query(place: Place, days: int) -> dict[str, str | int | float]:
    query: dict[str, str | int | float] = {
        "latitude": place.latitude,
        "longitude": place.longitude,
        "timezone": place.time_zone,
        "current": _CURRENT,
        "daily": _DAILY,
        "forecast_days": days,
    }
    return query | _UNITS


def _forecast(match: Match, reply: _Reply, days: int, language: Language) -> Forecast:
    daily = reply.daily
    return Forecast(
        place=match.place.label,
        latitude=match.place.latitude,
        longitude=match.place.longitude,
        time_zone=shorten(reply.timezone, 60),
        note=match.note,
        current=_current(reply.current, language) if reply.current else None,
        days=[_day(daily, index, language) for index in range(min(days, len(daily.time)))],
        same_name=list(match.same_name),
    )


def _current(current: _CurrentReply, language: Language) -> Current:
    return Current(
        time=shorten(current.time, 30),
        weather=weather_words(current.weather_code, language),
        temperature_celsius=current.temperature_2m,
    )


def _day(daily: _DailyReply, index: int, language: Language) -> Day:
    def at(values: _Numbers) -> float | None:
        return values[index] if values else None

    return Day(
        date=daily.time[index],
        weather=weather_words(daily.weather_code[index] if daily.weather_code else None, language),
        temperature_max_celsius=at(daily.temperature_2m_max),
        temperature_min_celsius=at(daily.temperature_2m_min),
        precipitation_mm=at(daily.precipitation_sum),
        precipitation_probability_percent=at(daily.precipitation_probability_max),
        wind_max_kmh=at(daily.wind_speed_10m_max),
    )
