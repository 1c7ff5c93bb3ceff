"""QWeather 和风天气: forecast, air and alerts of the whole world, by a key and a host of one's own.

Made after its pages "实时天气", "每日天气预报", "逐小时天气预报", "实时空气质量", "实时天气预警",
"错误码" and "身份认证" at dev.qweather.com: the key goes into the header `X-QW-Api-Key`, coordinates have two
decimals, numbers come as text. The weather is of version 7, whose end is announced there; air and alerts are
of version 1. Errors come as an HTTP status, or with status 200 and another `code`.
"""

import datetime
from collections.abc import Mapping
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from tao_servers.weather.sources.qweather_reply import (
    AirReply,
    AlertsReply,
    Coded,
    Concentration,
    DailyReply,
    DaySaid,
    HourlyReply,
    HourSaid,
    Now,
    NowReply,
    Warned,
)
from tao_servers.weather.sources.reading import (
    coordinate,
    plain,
    read,
    reject_past,
    report,
    status_of,
)
from tao_servers.weather.sources.source import Failure, Fetch, Reply, SourceError, Span, Spot, Wanted
from tao_servers.weather.sources.symbols import wmo_code, worst
from tao_servers.weather.values import Air, Alert, Day, Hour, Report

__all__ = ["QWeather"]

_REACHES = (3, 7, 10, 15, 30)
_HOURS = ((1, 24), (3, 72), (7, 168))
_HEADER = "X-QW-Api-Key"
_MOST_ALERTS = 20
_MICROGRAMS = ("μg/m3", "µg/m3", "ug/m3", "μg/m³", "µg/m³")
_SCALES: Mapping[str, Literal["中国 AQI", "US AQI"]] = {"cn-mee": "中国 AQI", "us-epa": "US AQI"}
_FAILURES: Mapping[str, Failure] = {
    "204": "out of range",
    "401": "no key",
    "402": "busy",
    "403": "no key",
    "404": "out of range",
    "429": "busy",
    "500": "failing",
}


_SomeReply = TypeVar("_SomeReply", bound=Coded)


class QWeather:
    """The service at the host `url`, which QWeather gave with `key`."""

    name = "qweather"
    attribution = "Weather data from QWeather 和风天气 (qweather.com)"
    gives: frozenset[Wanted] = frozenset({"forecast", "air", "alerts"})

    def __init__(self, fetch: Fetch, *, url: str | None, key: str | None) -> None:
        self._fetch = fetch
        address = (url or "").rstrip("/")
        # The console shows the host by itself.
        self._url = address if "://" in address or not address else f"https://{address}"
        self._key = key

    def covers(self, spot: Spot) -> bool:
        """The whole world."""
        return True

    async def ask(self, spot: Spot, span: Span, wanted: Wanted) -> Report:
        """Get up to 30 days with a week of hours, the air of this hour, or the alerts in force.

        Raises:
            SourceError: it cannot say.
        """
        if wanted == "forecast":
            return await self._forecast(spot, span)
        return await (self._air(spot, span) if wanted == "air" else self._alerts(spot))

    async def _get(
        self, form: type[_SomeReply], path: str, params: Mapping[str, str], minutes: int
    ) -> tuple[Reply, _SomeReply]:
        if not (self._url and self._key):
            raise SourceError("no key", "it needs a key and the API host that belongs to it")
        try:
            reply = await self._fetch(
                f"{self._url}{path}",
                params,
                keep=datetime.timedelta(minutes=minutes),
                headers={_HEADER: self._key},
                secret=frozenset({_HEADER}),
            )
        except SourceError as exc:
            raise _explained(exc) from exc
        said = read(form, reply)
        if said.code not in (None, "200"):
            code = plain(said.code, 10)
            raise SourceError(_FAILURES.get(code, "refused"), f"code {code}")
        return reply, said

    async def _forecast(self, spot: Spot, span: Span) -> Report:
        reject_past(span, _REACHES[-1])
        place = {"location": f"{coordinate(spot.longitude, 2)},{coordinate(spot.latitude, 2)}"}
        needed = (span.last - span.today).days + 1
        reach = next((days for days in _REACHES if days >= needed), _REACHES[-1])
        first, daily = await self._get(DailyReply, f"/v7/weather/{reach}d", place, 60)
        zone = ZoneInfo(spot.time_zone)
        days = tuple(_day(day, zone) for day in daily.daily if span.first <= day.date <= span.last)
        if not daily.daily:
            raise SourceError("unreadable", "it has no days")
        if not days:
            raise SourceError("out of range", "it has none of the days asked for")
        replies, hours = [first], await self._hours(place, span)
        now = await self._now(place, zone) if span.first <= span.today <= span.last else None
        replies += [one[0] for one in (hours, now) if one]
        found = (_hour(hour, zone) for hour in (hours[1] if hours else ()))
        return report(self, spot, replies).model_copy(
            update={
                "issued": daily.issued,
                "now": now[1] if now else None,
                "hours": tuple(hour for hour in found if span.first <= hour.time.date() <= span.last),
                "days": days,
            }
        )

    async def _hours(self, place: Mapping[str, str], span: Span) -> tuple[Reply, tuple[HourSaid, ...]] | None:
        needed = (span.last - span.today).days + 1
        reach = next((hours for days, hours in _HOURS if days >= needed), _HOURS[-1][1])
        if (span.first - span.today).days >= _HOURS[-1][0]:
            return None
        try:
            reply, said = await self._get(HourlyReply, f"/v7/weather/{reach}h", place, 30)
        except SourceError:
            # The days are an answer by themselves, and not every subscription has all hours.
            return None
        return reply, said.hourly

    async def _now(self, place: Mapping[str, str], zone: ZoneInfo) -> tuple[Reply, Hour] | None:
        try:
            reply, said = await self._get(NowReply, "/v7/weather/now", place, 10)
        except SourceError:
            return None
        return (reply, _measured(said.now, zone)) if said.now else None

    async def _air(self, spot: Spot, span: Span) -> Report:
        if not span.first <= span.today <= span.last:
            raise SourceError("out of range", "it has the air of this hour only")
        reply, said = await self._get(AirReply, f"/airquality/v1/current/{_path(spot)}", {}, 30)
        amounts = {one.code: _micrograms(one.concentration) for one in said.pollutants}
        index = {one.code: one.aqi for one in said.indexes}
        scale = next((code for code in _SCALES if index.get(code) is not None), "us-epa")
        air = Air(
            # It says no time of its own.
            time=reply.fetched.astimezone(ZoneInfo(spot.time_zone)),
            pm2_5=amounts.get("pm2p5"),
            pm10=amounts.get("pm10"),
            ozone=amounts.get("o3"),
            nitrogen_dioxide=amounts.get("no2"),
            index=index.get(scale),
            scale=_SCALES[scale],
        )
        if air.index is None and not any(amount is not None for amount in amounts.values()):
            raise SourceError("out of range", "it has no air quality there")
        return report(self, spot, [reply]).model_copy(update={"air": (air,)})

    async def _alerts(self, spot: Spot) -> Report:
        path = f"/weatheralert/v1/current/{_path(spot)}"
        reply, said = await self._get(AlertsReply, path, {"localTime": "true"}, 10)
        if said.alerts is None and not said.metadata.zero:
            # No list must not read as: no danger.
            raise SourceError("unreadable", "it has no list of alerts")
        zone = ZoneInfo(spot.time_zone)
        valid = [one for one in said.alerts or () if one.message.code != "cancel"]
        return report(self, spot, [reply]).model_copy(
            update={"alerts": tuple(_alert(one, zone) for one in valid[:_MOST_ALERTS])}
        )


def _explained(error: SourceError) -> SourceError:
    status = status_of(error)
    # NO SUCH LOCATION or DATA NOT AVAILABLE: what is asked for has always the right form.
    failure = "out of range" if status == "400" else _FAILURES.get(status, error.failure)
    return SourceError(failure, error.detail)


def _path(spot: Spot) -> str:
    return f"{coordinate(spot.latitude, 2)}/{coordinate(spot.longitude, 2)}"


def _day(said: DaySaid, zone: ZoneInfo) -> Day:
    # The speeds of its wind are means of day and night, and no day's maximum.
    return Day(
        date=said.date,
        code=worst(wmo_code("qweather", icon) for icon in (said.icon_day, said.icon_night)),
        temperature_max=said.temperature_max,
        temperature_min=said.temperature_min,
        precipitation=said.precipitation,
        sunrise=_clock(said.date, said.sunrise, zone),
        sunset=_clock(said.date, said.sunset, zone),
    )


def _clock(date: datetime.date, text: str | None, zone: ZoneInfo) -> datetime.datetime | None:
    """A time of day at the place, such as `06:58`; it is empty where the sun does not rise or set."""
    try:
        return datetime.datetime.combine(date, datetime.time.fromisoformat(text or ""), zone)
    except ValueError:
        return None


def _hour(said: HourSaid, zone: ZoneInfo) -> Hour:
    return Hour(
        time=said.time.astimezone(zone),
        code=wmo_code("qweather", said.icon),
        temperature=said.temperature,
        humidity=said.humidity,
        precipitation=said.precipitation,
        precipitation_probability=said.probability,
        wind=said.wind,
        wind_direction=said.wind_direction,
    )


def _measured(said: Now, zone: ZoneInfo) -> Hour:
    return Hour(
        time=said.time.astimezone(zone),
        code=wmo_code("qweather", said.icon),
        temperature=said.temperature,
        feels_like=said.feels_like,
        humidity=said.humidity,
        precipitation=said.precipitation,
        wind=said.wind,
        wind_direction=said.wind_direction,
    )


def _micrograms(amount: Concentration) -> float | None:
    # Gases come in ppb under some countries' rules.
    return amount.value if amount.unit in _MICROGRAMS else None


def _alert(said: Warned, zone: ZoneInfo) -> Alert:
    starts = said.onset or said.effective
    severity = plain(said.severity, 40).lower()
    return Alert(
        title=plain(said.headline or said.event.name, 200) or "天气预警",
        severity=None if severity in ("", "unknown") else severity,
        issuer=plain(said.sender, 100) or None,
        starts=starts.astimezone(zone) if starts else None,
        ends=said.expires.astimezone(zone) if said.expires else None,
        text=plain(" ".join(text for text in (said.description, said.instruction) if text), 1_000),
    )
