"""MET Norway: the forecast of the whole world, air and alerts of Norway.

Made after its pages "Locationforecast", "General forecast JSON format", "MetAlerts GeoJSON format",
"Airqualityforecast" and "Terms of Service" at api.met.no: an identifying User-Agent, at most four decimals,
Expires and If-Modified-Since honoured (the fetch does that), MET Norway named. Its forecast is hourly for
some sixty hours and six-hourly after that.
"""

import datetime
from collections.abc import Iterator, Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

from tao_servers.weather.sources.days import Stretch, days_of
from tao_servers.weather.sources.metno_reply import (
    AirEntry,
    AirForecast,
    Concentration,
    Entry,
    Feature,
    Features,
    Forecast,
    Instant,
    Next,
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
from tao_servers.weather.values import Air, Alert, Hour, Report

__all__ = ["MetNo"]

_DAYS = 10
_NORWAY = frozenset({"NO", "SJ"})
_KMH = 3.6
_HOUR = datetime.timedelta(hours=1)
_MICROGRAMS = ("ug/m3", "µg/m3", "μg/m3", "µg/m³", "μg/m³")
# The terms of MetAlerts ask for no more than one request in ten minutes.
_KEEP = {"forecast": 30, "air": 60, "alerts": 10}
_MOST_ALERTS = 20


class MetNo:
    """The services under `url`; `user_agent` names Tao and a contact."""

    name = "met.no"
    attribution = "Data from MET Norway (met.no), CC BY 4.0"
    gives: frozenset[Wanted] = frozenset({"forecast", "air", "alerts"})

    def __init__(self, fetch: Fetch, *, url: str, user_agent: str) -> None:
        self._fetch = fetch
        self._url = url.rstrip("/")
        self._headers = {"User-Agent": user_agent}

    def covers(self, spot: Spot) -> bool:
        """The whole world has its forecast."""
        return True

    async def ask(self, spot: Spot, span: Span, wanted: Wanted) -> Report:
        """Get the forecast; or, in Norway, the air of the next two days or the alerts, in English.

        It has no felt temperature, and of six-hourly days no wind and gusts of the day.

        Raises:
            SourceError: it cannot say.
        """
        if wanted == "forecast":
            return await self._forecast(spot, span)
        if spot.country not in _NORWAY:
            raise SourceError("out of range", f"its {wanted} is for Norway only")
        return await (self._air(spot, span) if wanted == "air" else self._alerts(spot))

    async def _get(self, path: str, spot: Spot, wanted: Wanted, more: dict[str, str] | None = None) -> Reply:
        where = {"lat": coordinate(spot.latitude, 4), "lon": coordinate(spot.longitude, 4)}
        try:
            return await self._fetch(
                f"{self._url}/{path}",
                where | (more or {}),
                keep=datetime.timedelta(minutes=_KEEP[wanted]),
                headers=self._headers,
            )
        except SourceError as exc:
            if status_of(exc) == "422":
                raise SourceError("out of range", exc.detail) from exc
            if status_of(exc) == "403":
                raise SourceError(
                    "refused", f"{exc.detail}: it wants a contact, see TAO_WEATHER_CONTACT"
                ) from exc
            raise

    async def _forecast(self, spot: Spot, span: Span) -> Report:
        reject_past(span, _DAYS)
        reply = await self._get("locationforecast/2.0/complete", spot, "forecast")
        properties = read(Forecast, reply).properties
        entries = sorted(properties.timeseries, key=lambda entry: entry.time)
        days = days_of(_stretches(entries), spot, span)
        if not days:
            raise SourceError("out of range", "it has no whole day among those asked for")
        zone = ZoneInfo(spot.time_zone)
        hours = [_hour(entry, zone) for entry in entries]
        return report(self, spot, [reply]).model_copy(
            update={
                "issued": properties.meta.updated_at,
                "now": _now(hours, reply.fetched) if span.first <= span.today <= span.last else None,
                "hours": tuple(hour for hour in hours if span.first <= hour.time.date() <= span.last),
                "days": days,
            }
        )

    async def _air(self, spot: Spot, span: Span) -> Report:
        reply = await self._get("airqualityforecast/0.1/", spot, "air", {"areaclass": "grunnkrets"})
        zone = ZoneInfo(spot.time_zone)
        air = (_air(entry, zone) for entry in read(AirForecast, reply).data.time)
        found = tuple(one for one in air if span.first <= one.time.date() <= span.last)
        if not found:
            raise SourceError("out of range", "it has no air quality for those days")
        return report(self, spot, [reply]).model_copy(update={"air": found})

    async def _alerts(self, spot: Spot) -> Report:
        reply = await self._get("metalerts/2.0/current.json", spot, "alerts", {"lang": "en"})
        zone = ZoneInfo(spot.time_zone)
        features = read(Features, reply).features[:_MOST_ALERTS]
        return report(self, spot, [reply]).model_copy(
            update={"alerts": tuple(_alert(feature, zone) for feature in features)}
        )


def _stretches(entries: Sequence[Entry]) -> Iterator[Stretch]:
    for entry, after in pairwise([*entries, None]):
        if entry is None:
            continue
        start = entry.time.astimezone(datetime.UTC)
        following = entry.data.next_1_hours
        length = _HOUR
        if following is None or (after is not None and after.time - entry.time > _HOUR):
            following, length = entry.data.next_6_hours, 6 * _HOUR
        if following is not None:
            yield _stretch(entry.data.instant.details, following, start, start + length)


def _stretch(instant: Instant, following: Next, start: datetime.datetime, end: datetime.datetime) -> Stretch:
    return Stretch(
        start=start,
        end=end,
        code=following.code,
        temperature=instant.air_temperature,
        low=following.details.air_temperature_min,
        high=following.details.air_temperature_max,
        precipitation=following.details.precipitation_amount,
        probability=following.details.probability_of_precipitation,
        wind=scaled(instant.wind_speed, _KMH),
        gusts=scaled(instant.wind_speed_of_gust, _KMH),
    )


def _hour(entry: Entry, zone: ZoneInfo) -> Hour:
    instant = entry.data.instant.details
    # What is said of six hours is not said of the first of them.
    following = entry.data.next_1_hours or Next()
    return Hour(
        time=entry.time.astimezone(zone),
        code=following.code,
        temperature=instant.air_temperature,
        humidity=instant.relative_humidity,
        precipitation=following.details.precipitation_amount,
        precipitation_probability=following.details.probability_of_precipitation,
        wind=scaled(instant.wind_speed, _KMH),
        gusts=scaled(instant.wind_speed_of_gust, _KMH),
        wind_direction=instant.wind_from_direction,
    )


def _now(hours: Sequence[Hour], fetched: datetime.datetime) -> Hour | None:
    """The forecast for the hour in which the reply came: there is no measurement."""
    started = [hour for hour in hours if hour.time <= fetched < hour.time + _HOUR]
    return started[-1] if started else None


def _air(entry: AirEntry, zone: ZoneInfo) -> Air:
    # Its own index runs from 1 to 5, on a scale that no other source has: left out.
    variables = entry.variables
    return Air(
        time=entry.start.astimezone(zone),
        pm2_5=_micrograms(variables.pm25_concentration),
        pm10=_micrograms(variables.pm10_concentration),
        ozone=_micrograms(variables.o3_concentration),
        nitrogen_dioxide=_micrograms(variables.no2_concentration),
    )


def _micrograms(amount: Concentration) -> float | None:
    return amount.value if amount.units in _MICROGRAMS else None


def _alert(feature: Feature, zone: ZoneInfo) -> Alert:
    said = feature.properties
    times = [time.astimezone(zone) for time in feature.when.interval]
    texts = (said.description, said.consequences, said.instruction)
    return Alert(
        title=plain(said.event_awareness_name or said.title or said.event, 200) or "Weather alert",
        severity=plain(said.severity, 40).lower() or None,
        area=plain(said.area, 200) or None,
        issuer="MET Norway",
        starts=times[0] if times else None,
        ends=times[1] if len(times) > 1 else None,
        text=plain(" ".join(text for text in texts if text), 1_000),
    )
