"""What QWeather sends: weather of version 7, air and alerts of version 1."""

import datetime

from pydantic import Field

from tao_servers.weather.sources.reading import Amount, Celsius, Degrees, Form, Moment, Number, Percent, Text

__all__ = [
    "AirReply",
    "AlertsReply",
    "Coded",
    "Concentration",
    "DailyReply",
    "DaySaid",
    "HourSaid",
    "HourlyReply",
    "Now",
    "NowReply",
    "Warned",
]


class Coded(Form):
    code: Text = None
    issued: Moment | None = Field(default=None, alias="updateTime")


class Now(Form):
    time: Moment = Field(alias="obsTime")
    icon: Text = None
    temperature: Celsius = Field(default=None, alias="temp")
    feels_like: Celsius = Field(default=None, alias="feelsLike")
    humidity: Percent = None
    precipitation: Amount = Field(default=None, alias="precip")
    wind: Amount = Field(default=None, alias="windSpeed")
    wind_direction: Degrees = Field(default=None, alias="wind360")


class NowReply(Coded):
    now: Now | None = None


class HourSaid(Form):
    time: Moment = Field(alias="fxTime")
    icon: Text = None
    temperature: Celsius = Field(default=None, alias="temp")
    humidity: Percent = None
    precipitation: Amount = Field(default=None, alias="precip")
    probability: Percent = Field(default=None, alias="pop")
    wind: Amount = Field(default=None, alias="windSpeed")
    wind_direction: Degrees = Field(default=None, alias="wind360")


class HourlyReply(Coded):
    hourly: tuple[HourSaid, ...] = ()


class DaySaid(Form):
    date: datetime.date = Field(alias="fxDate")
    sunrise: Text = None
    sunset: Text = None
    temperature_max: Celsius = Field(default=None, alias="tempMax")
    temperature_min: Celsius = Field(default=None, alias="tempMin")
    icon_day: Text = Field(default=None, alias="iconDay")
    icon_night: Text = Field(default=None, alias="iconNight")
    precipitation: Amount = Field(default=None, alias="precip")


class DailyReply(Coded):
    daily: tuple[DaySaid, ...] = ()


class _Index(Form):
    code: str
    aqi: Number = None


class Concentration(Form):
    value: Number = None
    unit: Text = None


class _Pollutant(Form):
    code: str
    concentration: Concentration = Concentration()


class AirReply(Coded):
    indexes: tuple[_Index, ...]
    pollutants: tuple[_Pollutant, ...]


class _Named(Form):
    code: Text = None
    name: Text = None


class Warned(Form):
    sender: Text = Field(default=None, alias="senderName")
    message: _Named = Field(default=_Named(), alias="messageType")
    event: _Named = Field(default=_Named(), alias="eventType")
    severity: Text = None
    effective: Moment | None = Field(default=None, alias="effectiveTime")
    onset: Moment | None = Field(default=None, alias="onsetTime")
    expires: Moment | None = Field(default=None, alias="expireTime")
    headline: Text = None
    description: Text = None
    instruction: Text = None


class _Metadata(Form):
    zero: bool = Field(default=False, alias="zeroResult")


class AlertsReply(Coded):
    metadata: _Metadata = _Metadata()
    alerts: tuple[Warned, ...] | None = None
