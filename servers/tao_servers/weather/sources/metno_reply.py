"""What MET Norway sends: Locationforecast, Airqualityforecast and MetAlerts."""

from pydantic import Field

from tao_servers.weather.sources.reading import Amount, Celsius, Degrees, Form, Moment, Number, Percent, Text
from tao_servers.weather.sources.symbols import wmo_code

__all__ = [
    "AirEntry",
    "AirForecast",
    "Concentration",
    "Entry",
    "Feature",
    "Features",
    "Forecast",
    "Instant",
    "Next",
]


class Instant(Form):
    air_temperature: Celsius = None
    relative_humidity: Percent = None
    wind_speed: Amount = None
    wind_speed_of_gust: Amount = None
    wind_from_direction: Degrees = None


class _Details(Form):
    precipitation_amount: Amount = None
    probability_of_precipitation: Percent = None
    air_temperature_max: Celsius = None
    air_temperature_min: Celsius = None


class _Summary(Form):
    symbol_code: Text = None


class Next(Form):
    summary: _Summary = _Summary()
    details: _Details = _Details()

    @property
    def code(self) -> int | None:
        symbol = self.summary.symbol_code
        # `_day`, `_night` and `_polartwilight` tell the light, not the weather.
        return wmo_code("met.no", symbol.partition("_")[0]) if symbol else None


class _InstantOf(Form):
    details: Instant


class _Data(Form):
    instant: _InstantOf
    next_1_hours: Next | None = None
    next_6_hours: Next | None = None


class Entry(Form):
    time: Moment
    data: _Data


class _Meta(Form):
    updated_at: Moment | None = None


class _Properties(Form):
    meta: _Meta = _Meta()
    timeseries: list[Entry] = Field(min_length=1)


class Forecast(Form):
    properties: _Properties


class Concentration(Form):
    value: Number = None
    units: Text = None


class _Variables(Form):
    pm25_concentration: Concentration = Concentration()
    pm10_concentration: Concentration = Concentration()
    o3_concentration: Concentration = Concentration()
    no2_concentration: Concentration = Concentration()


class AirEntry(Form):
    start: Moment = Field(alias="from")
    variables: _Variables


class _AirTimes(Form):
    time: list[AirEntry]


class AirForecast(Form):
    data: _AirTimes


class _Warned(Form):
    title: Text = None
    event_awareness_name: Text = Field(default=None, alias="eventAwarenessName")
    event: Text = None
    severity: Text = None
    area: Text = None
    description: Text = None
    consequences: Text = None
    instruction: Text = None


class _When(Form):
    interval: tuple[Moment, ...] = ()


class Feature(Form):
    properties: _Warned
    when: _When = _When()


class Features(Form):
    features: list[Feature]
