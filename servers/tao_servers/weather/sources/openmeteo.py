"""Open-Meteo: forecasts and air quality for everywhere, without a key.

Parameters, fields and limits are those of its OpenAPI description (open-meteo/open-meteo on GitHub, openapi/
forecast.yml and air-quality.yml): 16 days ahead, 92 days back. It has no warnings.
"""

import datetime
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from tao_servers.weather.sources.openmeteo_reply import AirReply, Current, ForecastReply, read
from tao_servers.weather.sources.source import Fetch, Reply, SourceError, Span, Spot, Wanted
from tao_servers.weather.values import Air, Day, Hour, Report

__all__ = ["OpenMeteo"]

_DAY = datetime.timedelta(days=1)
_HOUR = 3_600  # seconds
_HALF_A_DAY = 12 * _HOUR
_AHEAD = 15  # days after today
_AIR_AHEAD = 4
# One less than it has: its first day counts in UTC, which may be a day ahead of the place.
_BACK = 91
_WEEK = 6
# Current conditions move each quarter of an hour, and the fastest models run each hour.
_KEEP = datetime.timedelta(minutes=15)
_KEEP_AIR = datetime.timedelta(hours=1)
_KEEP_PAST = datetime.timedelta(hours=6)
_SECRET = frozenset({"apikey"})
_UNITS = {"temperature_unit": "celsius", "wind_speed_unit": "kmh", "precipitation_unit": "mm"}
_NOW = (
    "temperature_2m,apparent_temperature,relative_humidity_2m,weather_code,wind_speed_10m,wind_gusts_10m,"
    "wind_direction_10m"
)
_HOURLY = f"{_NOW},precipitation,precipitation_probability"
_DAILY = (
    "weather_code,temperature_2m_max,temperature_2m_min,precipitation_sum,precipitation_probability_max,"
    "wind_speed_10m_max,wind_gusts_10m_max,sunrise,sunset"
)
_AIR = "us_aqi,pm2_5,pm10,ozone,nitrogen_dioxide"
_WITHOUT_WEATHER = {"time", "date", "sunrise", "sunset"}

_Query = dict[str, str | int | float]
_Window = tuple[datetime.date, datetime.date]


class OpenMeteo:
    """Open-Meteo.

    An hour's precipitation, its probability and gusts are those of the sixty minutes before its time. Days
    are 24 hours by the offset from UTC that the place has when it is asked, so that beyond a change of the
    clocks a day's highest and lowest values are those of a day shifted by an hour; times are always right.
    """

    name = "open-meteo"
    attribution = "Open-Meteo (https://open-meteo.com/), CC BY 4.0"
    gives: frozenset[Wanted] = frozenset({"forecast", "air"})

    def __init__(self, fetch: Fetch, *, forecast_url: str, air_quality_url: str) -> None:
        self._fetch = fetch
        self._forecast_url = forecast_url
        self._air_quality_url = air_quality_url

    def covers(self, spot: Spot) -> bool:
        """Everywhere."""
        return True

    async def ask(self, spot: Spot, span: Span, wanted: Wanted) -> Report:
        """Get the days, or the air by the hour; see `Source`.

        Raises:
            SourceError: it cannot say.
        """
        zone = _zone(spot)
        if wanted == "forecast":
            return await self._forecast(spot, span, zone)
        if wanted == "air":
            return await self._air(spot, span, zone)
        raise SourceError("out of range", "it has no warnings")

    async def _forecast(self, spot: Spot, span: Span, zone: ZoneInfo) -> Report:
        window = _window(span, _AHEAD)
        query = {"current": _NOW, "hourly": _HOURLY, "daily": _DAILY, **_UNITS}
        # Three decimals are a hundred metres, which in mountains still matters; neighbours share a reply.
        asked = _place(spot, 3) | query | _dates(window, span, zone)
        reply = await self._get(self._forecast_url, asked, _keep(window, span, _KEEP))
        form = read(ForecastReply, reply.body)
        _check_offset(form.utc_offset_seconds, window, reply, zone)
        hours = [_hour(row, zone) for row in form.hourly.rows()]
        all_days = [day for day in _days(form, zone) if _has_weather(day)]
        days = tuple(day for day in all_days if _lies_in(span, day.date))
        if all(day.temperature_max is None and day.temperature_min is None for day in all_days):
            raise SourceError("unreadable", "no temperature at all")
        if not days:
            raise SourceError("out of range", f"nothing for {span.first} to {span.last}")
        return self._report(
            spot,
            reply,
            now=_now(form.current, hours, zone) if _lies_in(span, span.today) else None,
            hours=tuple(hour for hour in hours if _lies_in(span, hour.time.date()) and _has_weather(hour)),
            days=days,
        )

    async def _air(self, spot: Spot, span: Span, zone: ZoneInfo) -> Report:
        window = _window(span, _AIR_AHEAD)
        asked = _place(spot, 2) | {"hourly": _AIR} | _dates(window, span, zone)
        reply = await self._get(self._air_quality_url, asked, _keep(window, span, _KEEP_AIR))
        form = read(AirReply, reply.body)
        _check_offset(form.utc_offset_seconds, window, reply, zone)
        all_air = [_air(row, zone) for row in form.hourly.rows()]
        air = tuple(one for one in all_air if one is not None and _lies_in(span, one.time.date()))
        if not air:
            raise SourceError("unreadable", "no air quality at all")
        # CAMS asks to be named beside Open-Meteo (open-meteo.com/en/docs/air-quality-api).
        attribution = f"CAMS (Copernicus Atmosphere Monitoring Service), {self.attribution}"
        return self._report(spot, reply, air=air, attribution=attribution)

    async def _get(self, url: str, query: _Query, keep: datetime.timedelta) -> Reply:
        try:
            return await self._fetch(url, query, keep=keep, secret=_SECRET)
        except SourceError as exc:
            if exc.failure == "refused" and "out of allowed range" in exc.detail:
                raise SourceError("out of range", exc.detail) from exc
            raise

    def _report(self, spot: Spot, reply: Reply, **found: Any) -> Report:
        return Report(
            source=self.name,
            time_zone=spot.time_zone,
            fetched=reply.fetched,
            expires=reply.expires,
            **{"attribution": self.attribution, **found},
        )


def _lies_in(span: Span, date: datetime.date) -> bool:
    return span.first <= date <= span.last


def _zone(spot: Spot) -> ZoneInfo:
    try:
        return ZoneInfo(spot.time_zone)
    except (ValueError, OSError, KeyError) as exc:
        raise SourceError("out of range", f"no time zone is called {spot.time_zone!r} here") from exc


def _keep(window: _Window, span: Span, keep: datetime.timedelta) -> datetime.timedelta:
    return keep if window[1] >= span.today else _KEEP_PAST


def _place(spot: Spot, decimals: int) -> _Query:
    return {
        "latitude": round(spot.latitude, decimals),
        "longitude": round(spot.longitude, decimals),
        "timezone": spot.time_zone,
    }


def _window(span: Span, ahead: int) -> _Window:
    """The days to ask for: a week or all that there is from today on, so that questions share a reply.

    Raises:
        SourceError: none of the days of the span can be had.
    """
    earliest, latest = span.today - _BACK * _DAY, span.today + ahead * _DAY
    if span.last < earliest or span.first > latest:
        raise SourceError("out of range", f"it has {earliest} to {latest}")
    if span.first < span.today:
        return max(span.first, earliest), min(span.last, latest)
    week = min(span.today + _WEEK * _DAY, latest)
    return span.today, week if span.last <= week else latest


def _dates(window: _Window, span: Span, zone: ZoneInfo) -> _Query:
    """The dates to ask for; a day more at each end where the clocks change, since days there are shifted."""
    first, last = window
    if len({_midnight(day, zone).utcoffset() for day in (first, last + _DAY, span.today + _DAY)}) > 1:
        first = max(first - _DAY, span.today - _BACK * _DAY)
        last = min(last + _DAY, span.today + _AHEAD * _DAY)
    return {"timeformat": "unixtime", "start_date": first.isoformat(), "end_date": last.isoformat()}


def _midnight(day: datetime.date, zone: ZoneInfo) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), zone)


def _check_offset(seconds: int, window: _Window, reply: Reply, zone: ZoneInfo) -> None:
    """Days of another zone would be other days; its own name for the zone may differ from ours."""
    times = (reply.fetched.astimezone(zone), *(_midnight(day, zone) for day in window))
    if datetime.timedelta(seconds=seconds) not in {time.utcoffset() for time in times}:
        raise SourceError("unreadable", f"its times are {seconds} s from UTC, which is not {zone.key}")


def _at(seconds: int, zone: ZoneInfo) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, zone)


def _hour(row: dict[str, Any], zone: ZoneInfo) -> Hour:
    return Hour(
        time=_at(row["time"], zone),
        code=row["weather_code"],
        temperature=row["temperature_2m"],
        feels_like=row["apparent_temperature"],
        humidity=row["relative_humidity_2m"],
        precipitation=row["precipitation"],
        precipitation_probability=row["precipitation_probability"],
        wind=row["wind_speed_10m"],
        gusts=row["wind_gusts_10m"],
        wind_direction=row["wind_direction_10m"],
    )


def _now(current: Current | None, hours: list[Hour], zone: ZoneInfo) -> Hour | None:
    if current is None or current.temperature_2m is None:
        return None
    row = current.model_dump() | {"precipitation": None, "precipitation_probability": None}
    now = _hour(row, zone)
    # Its own current precipitation is that of a quarter of an hour; the hour that now lies in has a full one.
    # Compared as seconds: two times of one zone are compared by the clock on the wall, which runs twice.
    at = now.time.timestamp()
    around = next((hour for hour in hours if 0 <= hour.time.timestamp() - at < _HOUR), None)
    if around is None:
        return now
    rain = {name: getattr(around, name) for name in ("precipitation", "precipitation_probability")}
    return now.model_copy(update=rain)


def _days(form: ForecastReply, zone: ZoneInfo) -> Iterator[Day]:
    for row in form.daily.rows():
        # Noon: the midnight that it means may be an hour off, beyond a change of the clocks.
        date = _at(row["time"] + _HALF_A_DAY, zone).date()
        yield Day(
            date=date,
            code=row["weather_code"],
            temperature_max=row["temperature_2m_max"],
            temperature_min=row["temperature_2m_min"],
            precipitation=row["precipitation_sum"],
            precipitation_probability=row["precipitation_probability_max"],
            wind_max=row["wind_speed_10m_max"],
            gusts_max=row["wind_gusts_10m_max"],
            sunrise=_sun(row["sunrise"], date, zone),
            sunset=_sun(row["sunset"], date, zone),
        )


def _sun(seconds: int | None, date: datetime.date, zone: ZoneInfo) -> datetime.datetime | None:
    # In polar day and night it sends 0; near them the sun may set after midnight.
    time = _at(seconds or 0, zone)
    return time if abs(time.date() - date) <= _DAY else None


def _has_weather(value: Hour | Day) -> bool:
    return any(known is not None for name, known in value if name not in _WITHOUT_WEATHER)


def _air(row: dict[str, Any], zone: ZoneInfo) -> Air | None:
    found = {name: value for name, value in row.items() if name != "time" and value is not None}
    if not found:
        return None
    index = found.pop("us_aqi", None)
    return Air(time=_at(row["time"], zone), index=index, scale="US AQI", **found)
