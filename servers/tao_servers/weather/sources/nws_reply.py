"""What the US National Weather Service sends: points, hours and alerts."""

from pydantic import Field

from tao_servers.weather.sources.reading import Form, Moment, Number, Text

__all__ = ["Features", "Hourly", "Period", "PointReply", "Quantity", "Warned"]


class Quantity(Form):
    unit: Text = Field(default=None, alias="unitCode")
    value: Number = None

    @property
    def in_unit(self) -> tuple[str, float | None]:
        # `wmoUnit:degC`, and `unit:degC` in older replies.
        return (self.unit or "").rpartition(":")[2], self.value


class _Point(Form):
    hourly: str = Field(
        alias="forecastHourly", pattern=r"gridpoints/[A-Za-z]{3}/-?\d{1,6},-?\d{1,6}/forecast/hourly$"
    )


class PointReply(Form):
    properties: _Point

    @property
    def path(self) -> str:
        # Of the link only this, so that no reply leads to another host.
        return self.properties.hourly[self.properties.hourly.rindex("gridpoints/") :]


class Period(Form):
    start: Moment = Field(alias="startTime")
    end: Moment = Field(alias="endTime")
    temperature: Quantity | Number = None
    temperature_unit: Text = Field(default=None, alias="temperatureUnit")
    probability: Quantity | None = Field(default=None, alias="probabilityOfPrecipitation")
    humidity: Quantity | None = Field(default=None, alias="relativeHumidity")
    wind: Quantity | Text = Field(default=None, alias="windSpeed")
    gusts: Quantity | Text = Field(default=None, alias="windGust")
    wind_direction: Text = Field(default=None, alias="windDirection")
    icon: Text = None


class _Periods(Form):
    issued: Moment | None = Field(default=None, alias="updateTime")
    periods: list[Period] = Field(min_length=1)


class Hourly(Form):
    properties: _Periods


class Warned(Form):
    status: Text = None
    message_type: Text = Field(default=None, alias="messageType")
    event: Text = None
    headline: Text = None
    severity: Text = None
    area: Text = Field(default=None, alias="areaDesc")
    sender: Text = Field(default=None, alias="senderName")
    onset: Moment | None = None
    effective: Moment | None = None
    ends: Moment | None = None
    expires: Moment | None = None
    description: Text = None
    instruction: Text = None


class _Feature(Form):
    properties: Warned


class Features(Form):
    features: list[_Feature]
