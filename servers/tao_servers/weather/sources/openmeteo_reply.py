"""The form of Open-Meteo's replies, as its OpenAPI description has it (open-meteo/open-meteo, openapi/)."""

from itertools import pairwise
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from tao_servers.weather.sources.source import SourceError

__all__ = ["AirReply", "Current", "Daily", "ForecastReply", "Hourly", "read"]

_LATEST_TIME = 4_102_444_800  # the year 2100

_Number = Annotated[float, Field(allow_inf_nan=False)] | None
_Temperature = Annotated[float, Field(ge=-110, le=70)] | None
_Share = Annotated[float, Field(ge=0, le=100)] | None
_Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
_Code = Annotated[int, Field(ge=0, le=99)] | None
_Time = Annotated[int, Field(ge=0, le=_LATEST_TIME)]
_Form = TypeVar("_Form", bound=BaseModel)

_UNITS = {
    "temperature_2m": "°C",
    "temperature_2m_max": "°C",
    "temperature_2m_min": "°C",
    "apparent_temperature": "°C",
    "precipitation": "mm",
    "precipitation_sum": "mm",
    "wind_speed_10m": "km/h",
    "wind_speed_10m_max": "km/h",
    "wind_gusts_10m": "km/h",
    "wind_gusts_10m_max": "km/h",
}


class _Columns(BaseModel):
    """Arrays of one length; an array that is missing stands for nothing known."""

    time: list[_Time] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_value_each(self) -> "_Columns":
        for name in type(self).model_fields:
            values = getattr(self, name)
            if values and len(values) != len(self.time):
                raise ValueError(f"{name} has {len(values)} values for {len(self.time)} times")
        if any(after <= before for before, after in pairwise(self.time)):
            raise ValueError("its times do not go forward")
        return self

    def rows(self) -> list[dict[str, Any]]:
        """The values by name, for each time; None where there is none."""
        names = type(self).model_fields
        return [
            {name: values[index] if (values := getattr(self, name)) else None for name in names}
            for index in range(len(self.time))
        ]


class Hourly(_Columns):
    """Hour by hour."""

    temperature_2m: list[_Temperature] = []
    apparent_temperature: list[_Number] = []
    relative_humidity_2m: list[_Share] = []
    precipitation: list[_Amount] = []
    precipitation_probability: list[_Share] = []
    weather_code: list[_Code] = []
    wind_speed_10m: list[_Amount] = []
    wind_gusts_10m: list[_Amount] = []
    wind_direction_10m: list[_Number] = []


class Daily(_Columns):
    """Day by day."""

    weather_code: list[_Code] = []
    temperature_2m_max: list[_Temperature] = []
    temperature_2m_min: list[_Temperature] = []
    precipitation_sum: list[_Amount] = []
    precipitation_probability_max: list[_Share] = []
    wind_speed_10m_max: list[_Amount] = []
    wind_gusts_10m_max: list[_Amount] = []
    sunrise: list[_Time | None] = []
    sunset: list[_Time | None] = []


class Current(BaseModel):
    """The latest quarter of an hour."""

    time: _Time
    temperature_2m: _Temperature = None
    apparent_temperature: _Number = None
    relative_humidity_2m: _Share = None
    weather_code: _Code = None
    wind_speed_10m: _Amount = None
    wind_gusts_10m: _Amount = None
    wind_direction_10m: _Number = None


class _Reply(BaseModel):
    utc_offset_seconds: int
    current_units: dict[str, str] = {}
    hourly_units: dict[str, str] = {}
    daily_units: dict[str, str] = {}

    @model_validator(mode="after")
    def _units_as_asked(self) -> "_Reply":
        for units in (self.current_units, self.hourly_units, self.daily_units):
            for name, unit in units.items():
                if unit != _UNITS.get(name, unit):
                    raise ValueError(f"{name} is in {unit[:20]!r}, not in {_UNITS[name]!r}")
        return self


class ForecastReply(_Reply):
    """Of /v1/forecast."""

    hourly: Hourly
    daily: Daily
    current: Current | None = None


class _Pollutants(_Columns):
    us_aqi: list[_Amount] = []
    pm2_5: list[_Amount] = []
    pm10: list[_Amount] = []
    ozone: list[_Amount] = []
    nitrogen_dioxide: list[_Amount] = []


class AirReply(_Reply):
    """Of /v1/air-quality."""

    hourly: _Pollutants


def read(form: type[_Form], body: bytes) -> _Form:
    """Read a body as `form`.

    Raises:
        SourceError: it is not of that form; the detail names the first place.
    """
    try:
        return form.model_validate_json(body)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        raise SourceError("unreadable", f"{where}: {said}" if where else said) from exc
