"""AMap 高德开放平台: the weather now and of four days in China, by a key.

Made after its pages "天气查询", "地理/逆地理编码", "错误码说明" and "天气对照表" at lbs.amap.com: a point has
to be turned into the code of its district first; every value is text, an empty one an empty list; errors come
with status 200, `status` 0 and an `infocode`. Coordinates should be in GCJ-02, which is off by some hundred
metres: nothing to a district. Wind is a range of Beaufort degrees ("≤3"), which is no speed, and is left out.
"""

import datetime
from collections.abc import Mapping
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field

from tao_servers.weather.sources.reading import (
    Celsius,
    Form,
    Percent,
    Text,
    coordinate,
    plain,
    read,
    reject_past,
    report,
)
from tao_servers.weather.sources.source import Failure, Fetch, Reply, SourceError, Span, Spot, Wanted
from tao_servers.weather.sources.sun import sun_times
from tao_servers.weather.sources.symbols import wmo_code, worst
from tao_servers.weather.values import Day, Hour, Report

__all__ = ["AMap"]

_DAYS = 4
_COUNTRIES = frozenset({"CN", "HK", "MO", "TW"})
_BEIJING = ZoneInfo("Asia/Shanghai")
_KEEP_DISTRICT = 30 * 24 * 60
_DIRECTIONS = {"北": 0, "东北": 45, "东": 90, "东南": 135, "南": 180, "西南": 225, "西": 270, "西北": 315}
_INFOCODES: Mapping[Failure, str] = {
    "no key": "10001 10002 10005 10006 10007 10008 10009 10011 10012 10013 10026 10041 40002",
    "busy": "10003 10004 10010 10014 10019 10020 10021 10029 10044 10045 40000 40003",
    "failing": "10015 10016 10017 20003",
    "out of range": "20011 20012",
}
_FAILURES = {code: failure for failure, codes in _INFOCODES.items() for code in codes.split()}


class _Reply(Form):
    status: str
    info: Text = None
    infocode: Text = None


class _Component(Form):
    adcode: Text = None


class _Place(Form):
    component: _Component = Field(alias="addressComponent")


class _PlaceReply(_Reply):
    place: _Place | None = Field(default=None, alias="regeocode")


class _Live(Form):
    weather: Text = None
    temperature: Celsius = None
    humidity: Percent = None
    wind_direction: Text = Field(default=None, alias="winddirection")
    reported: datetime.datetime | None = Field(default=None, alias="reporttime")


class _LiveReply(_Reply):
    lives: tuple[_Live, ...] = ()


class _Cast(Form):
    date: datetime.date
    day: Text = Field(default=None, alias="dayweather")
    night: Text = Field(default=None, alias="nightweather")
    temperature_day: Celsius = Field(default=None, alias="daytemp")
    temperature_night: Celsius = Field(default=None, alias="nighttemp")


class _Forecast(Form):
    reported: datetime.datetime | None = Field(default=None, alias="reporttime")
    casts: tuple[_Cast, ...] = ()


class _ForecastReply(_Reply):
    forecasts: tuple[_Forecast, ...] = ()


_SomeReply = TypeVar("_SomeReply", bound=_Reply)


class AMap:
    """The web service under `url`, for the owner of `key`."""

    name = "amap"
    attribution = "Weather data from AMap 高德开放平台 (lbs.amap.com)"
    gives: frozenset[Wanted] = frozenset({"forecast"})

    def __init__(self, fetch: Fetch, *, url: str, key: str | None) -> None:
        self._fetch = fetch
        self._url = url.rstrip("/")
        self._key = key

    def covers(self, spot: Spot) -> bool:
        """China; where the country is not known, the box round it, and the district decides."""
        if spot.country:
            return spot.country in _COUNTRIES
        return 3 <= spot.latitude <= 54 and 73 <= spot.longitude <= 136

    async def ask(self, spot: Spot, span: Span, wanted: Wanted) -> Report:
        """Get four days, today among them, and the weather now; no hours, no amounts, no wind speeds.

        Raises:
            SourceError: it cannot say.
        """
        if wanted != "forecast":
            raise SourceError("out of range", f"it has no {wanted}")
        if not self.covers(spot):
            raise SourceError("out of range", "it knows China only")
        reject_past(span, _DAYS)
        place, district = await self._district(spot)
        reply, said = await self._get(
            _ForecastReply, "/v3/weather/weatherInfo", {"city": district, "extensions": "all"}, 60
        )
        if not said.forecasts or not said.forecasts[0].casts:
            raise SourceError("unreadable", "it has no days")
        forecast = said.forecasts[0]
        days = tuple(_day(cast, spot) for cast in forecast.casts if span.first <= cast.date <= span.last)
        if not days:
            raise SourceError("out of range", "it has none of the days asked for")
        live = await self._live(district, spot) if span.first <= span.today <= span.last else None
        return report(self, spot, [place, reply, *([live[0]] if live else [])]).model_copy(
            update={"issued": _beijing(forecast.reported), "now": live[1] if live else None, "days": days}
        )

    async def _get(
        self, form: type[_SomeReply], path: str, params: Mapping[str, str], minutes: int
    ) -> tuple[Reply, _SomeReply]:
        if not self._key:
            raise SourceError("no key", "it needs a key")
        reply = await self._fetch(
            f"{self._url}{path}",
            {**params, "key": self._key},
            keep=datetime.timedelta(minutes=minutes),
            secret=frozenset({"key"}),
        )
        said = read(form, reply)
        if said.status != "1":
            raise _failure(said)
        return reply, said

    async def _district(self, spot: Spot) -> tuple[Reply, str]:
        # Two decimals, a kilometre: neighbours share a cached reply.
        where = f"{coordinate(spot.longitude, 2)},{coordinate(spot.latitude, 2)}"
        reply, said = await self._get(_PlaceReply, "/v3/geocode/regeo", {"location": where}, _KEEP_DISTRICT)
        code = said.place.component.adcode if said.place else None
        if not code:
            raise SourceError("out of range", "it knows no Chinese district there")
        return reply, code

    async def _live(self, district: str, spot: Spot) -> tuple[Reply, Hour] | None:
        try:
            reply, said = await self._get(
                _LiveReply, "/v3/weather/weatherInfo", {"city": district, "extensions": "base"}, 10
            )
        except SourceError:
            # The days are an answer by themselves.
            return None
        reported = _beijing(said.lives[0].reported) if said.lives else None
        if reported is None:
            return None
        live = said.lives[0]
        return reply, Hour(
            time=reported.astimezone(ZoneInfo(spot.time_zone)),
            code=wmo_code("amap", live.weather),
            temperature=live.temperature,
            humidity=live.humidity,
            wind_direction=_DIRECTIONS.get(live.wind_direction or ""),
        )


def _failure(said: _Reply) -> SourceError:
    code = plain(said.infocode, 10)
    # 3xxxx: its engine failed.
    otherwise: Failure = "failing" if code.startswith("3") else "refused"
    return SourceError(_FAILURES.get(code, otherwise), f"{code} {plain(said.info, 100)}".strip())


def _day(cast: _Cast, spot: Spot) -> Day:
    # Those of daytime and night are the highest and the lowest, but for a cold front at noon.
    known = [one for one in (cast.temperature_day, cast.temperature_night) if one is not None]
    both = known if len(known) == 2 else []
    sunrise, sunset = sun_times(spot, cast.date)
    return Day(
        date=cast.date,
        code=worst(wmo_code("amap", text) for text in (cast.day, cast.night)),
        temperature_max=max(both, default=None),
        temperature_min=min(both, default=None),
        sunrise=sunrise,
        sunset=sunset,
    )


def _beijing(time: datetime.datetime | None) -> datetime.datetime | None:
    """A time that is written without a zone, and is Beijing's."""
    return time.replace(tzinfo=_BEIJING) if time and 1900 <= time.year <= 2200 else None
