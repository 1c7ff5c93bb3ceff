"""What day and time it is at a place."""

import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from tao_servers.get_info.errors import InfoError
from tao_servers.get_info.lunar import chinese_day, public_holiday
from tao_servers.get_info.zones import Zone, find_zone, machine_zone

__all__ = ["Moment", "moment_at"]

_ZH = "一二三四五六日"
_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# What models put where a place may be left out.
_NO_PLACE = frozenset(
    {"now", "here", "today", "local", "current", "none", "null"}
    | {"现在", "今天", "这里", "本地", "当地", "当前"}
)
# Those of the IANA zones that keep mainland China's holidays.
_CHINA = frozenset({"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "Asia/Kashgar", "PRC"})


class Moment(BaseModel):
    """A date and time at a place."""

    place: str
    time_zone: str
    utc_offset: str
    date: str
    time: str
    weekday: str
    lunar_date: str
    zodiac: str
    ganzhi: str
    solar_term: str
    festivals: list[str] = Field(default_factory=list)
    public_holiday: str = Field(description="Mainland China only")
    note: str | None = None


def moment_at(place: str | None, *, home: str | None, now: datetime.datetime) -> Moment:
    """The moment `now` (with a zone) at `place`, else at `home`, else where this machine is.

    Raises:
        InfoError: `place` is not known.
    """
    zone, note = _zone(place, home)
    local = now.astimezone(zone.tzinfo)
    day = chinese_day(local.date())
    offset = local.strftime("%z")
    return Moment(
        place=zone.place,
        time_zone=zone.name,
        utc_offset=f"{offset[:3]}:{offset[3:5]}",
        date=local.date().isoformat(),
        time=local.strftime("%H:%M:%S"),
        weekday=f"星期{_ZH[local.weekday()]} {_EN[local.weekday()]}",
        lunar_date=day.date,
        zodiac=day.animal,
        ganzhi=day.pillars,
        solar_term=day.solar_term,
        festivals=list(day.festivals),
        public_holiday=_holiday(zone, local.date()),
        note=note,
    )


def _zone(place: str | None, home: str | None) -> tuple[Zone, str | None]:
    if place and place.strip() and place.strip().casefold() not in _NO_PLACE:
        return find_zone(place), None
    if home and home.strip():
        try:
            return find_zone(home), "未给地点，用所设置的地点。 No place given: the configured one."
        except InfoError:
            return machine_zone(), (
                f"设置的地点 {home[:60]!r} 无法识别，用本机时区。"
                " The configured place is not known: this machine's zone."
            )
    return machine_zone(), "未给地点，用本机时区。 No place given: this machine's zone."


def _holiday(zone: Zone, day: datetime.date) -> str:
    if isinstance(zone.tzinfo, ZoneInfo) and zone.tzinfo.key in _CHINA:
        return public_holiday(day)
    return "不知道：只有中国大陆的 (not known here, only for mainland China)"
