"""What a source says of the weather, in one form and in metric units; each value carries its time."""

import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

__all__ = ["Air", "Alert", "Day", "Hour", "Report"]


class _Value(BaseModel):
    # No inf and no nan: JSON cannot carry them, and no weather is infinite.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Hour(_Value):
    """The weather at one time: °C, %, mm within the hour, km/h, degrees that the wind comes from."""

    time: AwareDatetime
    code: int | None = Field(default=None, description="WMO 4677 weather code, as Open-Meteo uses it")
    temperature: float | None = None
    feels_like: float | None = None
    humidity: float | None = None
    precipitation: float | None = None
    precipitation_probability: float | None = None
    wind: float | None = None
    gusts: float | None = None
    wind_direction: float | None = None


class Day(_Value):
    """The weather of one day at the place: °C, mm in the day, %, km/h."""

    date: datetime.date
    code: int | None = None
    temperature_max: float | None = None
    temperature_min: float | None = None
    precipitation: float | None = None
    precipitation_probability: float | None = None
    wind_max: float | None = None
    gusts_max: float | None = None
    sunrise: AwareDatetime | None = None
    sunset: AwareDatetime | None = None


class Air(_Value):
    """The quality of the air at one time: micrograms a cubic metre, and an index on a named scale."""

    time: AwareDatetime
    pm2_5: float | None = None
    pm10: float | None = None
    ozone: float | None = None
    nitrogen_dioxide: float | None = None
    index: float | None = None
    scale: str = Field(default="US AQI", description="`US AQI`, `European AQI` or `中国 AQI`")


class Alert(_Value):
    """An official warning in force or announced."""

    title: str
    severity: str | None = None
    area: str | None = None
    issuer: str | None = None
    starts: AwareDatetime | None = None
    ends: AwareDatetime | None = None
    text: str = ""


class Report(_Value):
    """One source's reply. Times are in `time_zone`, an IANA name; `fetched` and `expires` are in UTC.

    `issued` is when the source's model ran or its forecaster wrote, where it says so.
    """

    source: str
    attribution: str
    time_zone: str
    fetched: AwareDatetime
    expires: AwareDatetime
    issued: AwareDatetime | None = None
    now: Hour | None = None
    hours: tuple[Hour, ...] = ()
    days: tuple[Day, ...] = ()
    air: tuple[Air, ...] = ()
    alerts: tuple[Alert, ...] = ()
