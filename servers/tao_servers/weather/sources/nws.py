"""The US National Weather Service: hourly forecast and alerts of the United States and their territories.

Made after its page "API Web Service" and the OpenAPI description of api.weather.gov: a point names the cell
of a grid, which has the forecast; a User-Agent is required; values carry their WMO unit. The hourly forecast
has neither amounts of precipitation nor felt temperatures, and it begins now: today is without extremes.
"""

import datetime
import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from tao_servers.weather.sources.days import Stretch, days_of
from tao_servers.weather.sources.nws_reply import (
    Features,
    Hourly,
    Period,
    PointReply,
    Quantity,
    Warned,
)
from tao_servers.weather.sources.reading import (
    coordinate,
    plain,
    read,
    reject_past,
    report,
    scaled,
    status_of,
)
from tao_servers.weather.sources.source import Fetch, Reply, SourceError, Span, Spot, Wanted
from tao_servers.weather.sources.symbols import wmo_code, worst
from tao_servers.weather.values import Alert, Hour, Report

__all__ = ["Nws"]

_DAYS = 8
_COUNTRIES = frozenset({"US", "PR", "VI", "GU", "AS", "MP", "UM", "FM", "MH", "PW"})
_POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
_SPEED = re.compile(r"(\d+(?:\.\d+)?) (mph|km/h)")
_KMH = {"km_h-1": 1.0, "m_s-1": 3.6, "mph": 1.609344, "km/h": 1.0}
_MOST_ALERTS = 20


class Nws:
    """The service under `url`; `user_agent` names Tao and a contact."""

    name = "nws"
    attribution = "Data from the US National Weather Service (weather.gov), public domain"
    gives: frozenset[Wanted] = frozenset({"forecast", "alerts"})

    def __init__(self, fetch: Fetch, *, url: str, user_agent: str) -> None:
        self._fetch = fetch
        self._url = url.rstrip("/")
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "application/geo+json",
            # Values as numbers with their units, where the default still is text such as "10 mph".
            "Feature-Flags": "forecast_temperature_qv,forecast_wind_speed_qv",
        }

    def covers(self, spot: Spot) -> bool:
        """The United States and what belongs to them; where the country is not known, the box round it."""
        if spot.country:
            return spot.country in _COUNTRIES
        return -15 <= spot.latitude <= 72 and (spot.longitude <= -64 or spot.longitude >= 130)

    async def ask(self, spot: Spot, span: Span, wanted: Wanted) -> Report:
        """Get the forecast of a week, or the alerts in force.

        Raises:
            SourceError: it cannot say.
        """
        if wanted == "air":
            raise SourceError("out of range", "it has no air quality")
        if not self.covers(spot):
            raise SourceError("out of range", "it knows the United States only")
        return await (self._forecast(spot, span) if wanted == "forecast" else self._alerts(spot))

    async def _get(self, path: str, minutes: int, params: dict[str, str]) -> Reply:
        try:
            return await self._fetch(
                f"{self._url}/{path}",
                params,
                keep=datetime.timedelta(minutes=minutes),
                headers=self._headers,
            )
        except SourceError as exc:
            if status_of(exc) == "403":
                raise SourceError(
                    "refused", f"{exc.detail}: it wants a contact, see TAO_WEATHER_CONTACT"
                ) from exc
            raise

    async def _grid(self, spot: Spot) -> str:
        """The path of the hourly forecast of the cell in which the spot lies."""
        try:
            reply = await self._get(f"points/{_where(spot)}", 24 * 60, {})
        except SourceError as exc:
            # "Data Unavailable For Requested Point": outside of the grid.
            if status_of(exc) == "404":
                raise SourceError("out of range", exc.detail) from exc
            raise
        return read(PointReply, reply).path

    async def _forecast(self, spot: Spot, span: Span) -> Report:
        reject_past(span, _DAYS)
        reply = await self._get(await self._grid(spot), 30, {"units": "si"})
        hourly = read(Hourly, reply).properties
        days = days_of((_stretch(period) for period in hourly.periods), spot, span)
        if not days:
            raise SourceError("out of range", "it has no whole day among those asked for")
        zone = ZoneInfo(spot.time_zone)
        hours = [_hour(period, zone) for period in hourly.periods]
        return report(self, spot, [reply]).model_copy(
            update={
                "issued": hourly.issued,
                "now": _now(hourly.periods, reply.fetched, zone)
                if span.first <= span.today <= span.last
                else None,
                "hours": tuple(hour for hour in hours if span.first <= hour.time.date() <= span.last),
                "days": days,
            }
        )

    async def _alerts(self, spot: Spot) -> Report:
        if not spot.country:
            # For a place abroad it has no alerts either, which must not read as: no danger.
            await self._grid(spot)
        try:
            reply = await self._get("alerts/active", 5, {"point": _where(spot)})
        except SourceError as exc:
            if status_of(exc) in ("400", "404"):
                raise SourceError("out of range", exc.detail) from exc
            raise
        zone = ZoneInfo(spot.time_zone)
        said = (feature.properties for feature in read(Features, reply).features)
        # Tests and exercises are sent along with the real ones.
        real = [one for one in said if one.status in (None, "Actual") and one.message_type != "Cancel"]
        return report(self, spot, [reply]).model_copy(
            update={"alerts": tuple(_alert(one, zone) for one in real[:_MOST_ALERTS])}
        )


def _where(spot: Spot) -> str:
    # More decimals than four, or zeros at the end, are answered with a redirection.
    return f"{coordinate(spot.latitude, 4)},{coordinate(spot.longitude, 4)}"


def _stretch(period: Period) -> Stretch:
    return Stretch(
        start=period.start.astimezone(datetime.UTC),
        end=period.end.astimezone(datetime.UTC),
        code=_code(period.icon),
        temperature=_celsius(period),
        probability=_percent(period.probability),
        wind=_kmh(period.wind),
        gusts=_kmh(period.gusts),
    )


def _hour(period: Period, zone: ZoneInfo) -> Hour:
    direction = period.wind_direction
    return Hour(
        time=period.start.astimezone(zone),
        code=_code(period.icon),
        temperature=_celsius(period),
        humidity=_percent(period.humidity),
        precipitation_probability=_percent(period.probability),
        wind=_kmh(period.wind),
        gusts=_kmh(period.gusts),
        wind_direction=_POINTS.index(direction) * 22.5 if direction in _POINTS else None,
    )


def _now(periods: list[Period], fetched: datetime.datetime, zone: ZoneInfo) -> Hour | None:
    """The forecast for the hour in which the reply came: there is no measurement."""
    current = [period for period in periods if period.start <= fetched < period.end]
    return _hour(current[0], zone) if current else None


def _celsius(period: Period) -> float | None:
    if isinstance(period.temperature, Quantity):
        unit, value = period.temperature.in_unit
    else:
        unit, value = f"deg{period.temperature_unit}", period.temperature
    if value is None or unit not in ("degC", "degF"):
        return None
    return value if unit == "degC" else round((value - 32) * 5 / 9, 2)


def _percent(quantity: Quantity | None) -> float | None:
    return quantity.value if quantity is not None and quantity.in_unit[0] == "percent" else None


def _kmh(speed: Quantity | str | None) -> float | None:
    if isinstance(speed, Quantity):
        unit, value = speed.in_unit
        return scaled(value, _KMH[unit]) if unit in _KMH else None
    # A range, "5 to 10 mph", is no speed of that hour.
    found = _SPEED.fullmatch(speed or "")
    return scaled(float(found[1]), _KMH[found[2]]) if found else None


def _code(icon: str | None) -> int | None:
    """The code of an icon such as `.../icons/land/night/tsra_sct,40/rain_showers,20?size=small`."""
    path = re.split("/(?:day|night)/", urlsplit(icon or "").path)
    if len(path) != 2:
        return None
    return worst(wmo_code("nws", part.partition(",")[0]) for part in path[1].split("/"))


def _alert(said: Warned, zone: ZoneInfo) -> Alert:
    starts, ends = said.onset or said.effective, said.ends or said.expires
    severity = plain(said.severity, 40).lower()
    return Alert(
        title=plain(said.event or said.headline, 200) or "Weather alert",
        severity=None if severity in ("", "unknown") else severity,
        area=plain(said.area, 200) or None,
        issuer=plain(said.sender, 100) or None,
        starts=starts.astimezone(zone) if starts else None,
        ends=ends.astimezone(zone) if ends else None,
        text=plain(" ".join(text for text in (said.description, said.instruction) if text), 1_000),
    )
