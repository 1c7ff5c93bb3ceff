"""Finds the time zone of a place: a name, a zone or an offset."""

import csv
import datetime
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tao_servers.chinese import name_key
from tao_servers.get_info.errors import InfoError
from tao_servers.get_info.nearest import by_likeness

__all__ = ["Zone", "find_zone", "machine_zone"]

_LONGEST = 100
_OFFSET = re.compile(r"(?:UTC|GMT|Z)?(?:([+-])(\d{1,2})(?::?([0-5]\d))?)?", re.IGNORECASE)
_CHINESE_OFFSET = re.compile(r"([东西])(十[一二]|[一二三四五六七八九十])区|([零中])时区")
_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九十", 1)} | {"十一": 11, "十二": 12}
_PARTS = re.compile(r"[,，;；、]")
# 杭州市西湖区 lies where 杭州 does.
_INSIDE_CHINA = re.compile(r".*[区县市州镇乡旗盟村]")
_CHINA = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone, the place it was found for, and its name: an IANA one, or `UTC+05:30`."""

    place: str
    name: str
    tzinfo: datetime.tzinfo


def find_zone(place: str) -> Zone:
    """The zone of an IANA name, an offset from UTC, or a city or country in Chinese or English.

    Raises:
        InfoError: there is none, or a country has several.
    """
    name = unicodedata.normalize("NFKC", place).strip()
    if len(name) > _LONGEST:
        raise _unknown(place)
    if (offset := _offset(name)) is not None:
        return _fixed(offset)
    found = _zones_of(name)
    if len(found) > 1:
        raise InfoError(
            f"{place[:60]!r} 有几个时区：{'、'.join(found[:8])}。请给出城市。"
            " (It has several time zones; name a city or one of these.)"
        )
    if not found:
        raise _unknown(place)
    return Zone(name, found[0], ZoneInfo(found[0]))


def machine_zone() -> Zone:
    """The zone that this machine is set to."""
    import warnings

    import tzlocal

    try:
        with warnings.catch_warnings():
            # It warns of a machine without any setting, which is at UTC as far as anybody can tell.
            warnings.simplefilter("ignore")
            name = tzlocal.get_localzone_name()
        return Zone("本机 this machine", name, ZoneInfo(name))
    except (LookupError, OSError, ValueError, TypeError):
        offset = datetime.datetime.now().astimezone().utcoffset()
        fixed = _fixed(offset or datetime.timedelta())
        return Zone("本机 this machine", fixed.name, fixed.tzinfo)


def _zones_of(name: str) -> list[str]:
    """The zones that all parts of a name, such as "Paris, France", have in common."""
    parts = [part for part in _PARTS.split(name) if part.strip()]
    if len(parts) > 1 and not (whole := _zones_of_part(name)):
        sets = [_zones_of_part(part) for part in parts]
        return [zone for zone in sets[0] if all(zone in other for other in sets[1:])]
    return whole if len(parts) > 1 else _zones_of_part(name)


def _zones_of_part(name: str) -> list[str]:
    zones = _iana().get(name.strip().replace(" ", "_").casefold())
    if zones and "/" in zones:
        return [zones]
    key = name_key(name)
    for shorter in (key, key.removesuffix("时间"), key.removesuffix("time"), _bare(key)):
        if found := _places().get(shorter):
            return found
    if zones:
        return [zones]
    return [_CHINA] if _is_inside_china(key) else []


def _bare(key: str) -> str:
    return key[:-1] if len(key) > 2 and key[-1] in "市省县国州" else key


def _is_inside_china(key: str) -> bool:
    if not _INSIDE_CHINA.fullmatch(key):
        return False
    return any(_places().get(key[:length]) == [_CHINA] for length in range(len(key) - 2, 1, -1))


def _offset(name: str) -> datetime.timedelta | None:
    compact = name.replace(" ", "").replace("−", "-")
    if chinese := _CHINESE_OFFSET.fullmatch(compact):
        hours = _DIGITS.get(chinese[2] or "", 0)
        return datetime.timedelta(hours=-hours if chinese[1] == "西" else hours)
    matched = _OFFSET.fullmatch(compact) if compact else None
    if matched is None:
        return None
    offset = datetime.timedelta(hours=int(matched[2] or 0), minutes=int(matched[3] or 0))
    if offset > datetime.timedelta(hours=14):
        return None
    return -offset if matched[1] == "-" else offset


def _fixed(offset: datetime.timedelta) -> Zone:
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    name = f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return Zone(name, name, datetime.timezone(offset))


def _unknown(place: str) -> InfoError:
    near = "、".join(by_likeness(place, {name: (name,) for name in _place_names()})[:5])
    return InfoError(
        f"不知道 {place[:60]!r} 的时区。{f'最接近的：{near}。' if near else ''}"
        "请给出较大的城市或国家、IANA 时区（Asia/Shanghai）或 UTC 偏移（UTC+8）。"
        " (Time zone not known; give a larger city, a country, an IANA zone or a UTC offset.)"
    )


@cache
def _iana() -> dict[str, str]:
    zones = {zone.casefold(): zone for zone in available_timezones()}
    if not zones:
        raise ZoneInfoNotFoundError("There is no time zone database here; install the package tzdata.")
    return zones


@cache
def _rows() -> tuple[tuple[list[str], list[str]], ...]:
    path = Path(__file__).with_name("places.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            (row["zones"].split("|"), [*row["zh"].split("|"), *row["en"].split("|")])
            for row in csv.DictReader(file)
        )


def _place_names() -> list[str]:
    return [name for _, names in _rows() for name in names]


@cache
def _places() -> dict[str, list[str]]:
    # The last part of a zone's name is a city too; our own rows know better where both have one.
    known = {name_key(zone.rpartition("/")[2]): [zone] for zone in sorted(_iana().values()) if "/" in zone}
    return known | {name_key(name): zones for zones, names in _rows() for name in names}
