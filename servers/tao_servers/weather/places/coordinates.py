"""Reads points that are written as numbers: `31.2,121.5`, `31.2N 121.5E`, `北纬31度12分 东经121.5度`."""

import re
import unicodedata

__all__ = ["OutOfRange", "read_point"]

_NUMBER = re.compile(
    r"(?P<before>[NSEW]|北纬|南纬|东经|西经|纬度|经度)?:?"
    r"(?P<sign>[-+])?(?P<degrees>\d{1,3}(?:\.\d{1,12})?)[°度]?"
    r"(?:(?P<minutes>\d{1,2}(?:\.\d{1,12})?)['′分])?(?:(?P<seconds>\d{1,2}(?:\.\d{1,12})?)(?:[\"秒]|['′]{2}))?"
    r"(?P<after>[NSEW](?![A-Z]))?"
)
_SPACES = re.compile(r"(?<![\d.])\s+|\s+(?![\d.+-])")
_AXES = {"N": 1, "S": 1, "E": 2, "W": 2, "北纬": 1, "南纬": 1, "纬度": 1, "东经": 2, "西经": 2, "经度": 2}
_NEGATIVE = {"S", "W", "南纬", "西经"}


class OutOfRange(ValueError):
    """The numbers are no latitude and longitude."""


def read_point(text: str) -> tuple[float, float] | None:
    """The latitude and longitude that the text says, None where it says a name.

    Raises:
        OutOfRange: a latitude beyond 90 or a longitude beyond 180 degrees.
    """
    if len(text) > 100 or not any(character.isdigit() for character in text):
        return None
    plain = unicodedata.normalize("NFKC", text).upper().replace("，", ",").strip(" ()[]")
    plain = _SPACES.sub("", plain)
    first = _NUMBER.match(plain)
    if first is None:
        return None
    rest = plain[first.end() :]
    between = re.match(r"[,;、/\s]*", rest)
    rest = rest[between.end() :] if between else rest
    second = _NUMBER.fullmatch(rest)
    if second is None or not ((between and between.group()) or second["before"] or first["after"]):
        return None
    return _point(first, second)


def _point(first: re.Match[str], second: re.Match[str]) -> tuple[float, float] | None:
    axes = _axis(first), _axis(second)
    if axes[0] and axes[0] == axes[1]:
        return None
    latitude, longitude = _degrees(first), _degrees(second)
    if 2 in axes[:1] or axes[1] == 1:
        latitude, longitude = longitude, latitude
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise OutOfRange(f"{latitude:g},{longitude:g}")
    return latitude, longitude


def _axis(part: re.Match[str]) -> int:
    return _AXES.get(part["before"] or part["after"] or "", 0)


def _degrees(part: re.Match[str]) -> float:
    value = float(part["degrees"]) + float(part["minutes"] or 0) / 60 + float(part["seconds"] or 0) / 3600
    negative = part["sign"] == "-" or part["before"] in _NEGATIVE or part["after"] in _NEGATIVE
    return -value if negative else value
