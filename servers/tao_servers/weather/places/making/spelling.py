"""How Chinese place names are cut short and spelt in Latin letters."""

import re

from tao_servers.weather.places.keys import HAN_SUFFIXES
from tao_servers.weather.places.making.rows import read_csv

__all__ = ["english", "pinyin", "stem"]

_PEOPLES = {row["zh"]: row["en"] for row in read_csv("peoples.csv")}
_PEOPLE = re.compile("(?:(?:" + "|".join(sorted(_PEOPLES, key=len, reverse=True)) + ")(?:族)?)$")
_TYPES = {
    "特别行政区": "", "自治区": "", "自治州": "Autonomous Prefecture", "自治县": "Autonomous County",
    "自治旗": "Autonomous Banner", "地区": "Prefecture", "新区": "New Area", "林区": "Forestry District",
    "特区": "Special District", "行政区": "", "省": "", "市": "", "区": "District", "县": "County",
    "旗": "Banner", "盟": "League",
}  # fmt: skip
# Where the usual reading of a character is not that of the place.
_READINGS = {row["begins"]: row["reading"] for row in read_csv("readings.csv")}


def stem(name: str) -> str:
    """The name as people say it: 上海 for 上海市, 延边 for 延边朝鲜族自治州; two characters at least."""
    for suffix in HAN_SUFFIXES[:-5]:
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            return _without_peoples(name[: -len(suffix)], suffix)
    return name


def _without_peoples(name: str, suffix: str) -> str:
    if "自治" not in suffix:
        return name
    while (found := _PEOPLE.search(name)) and found.start() >= 2:
        name = name[: found.start()]
    return name.removesuffix("族") if len(name) > 2 else name


def pinyin(name: str) -> list[str]:
    """Its syllables without tones, ü as `yu` after l and n as in passports."""
    from pypinyin import Style, lazy_pinyin

    for known, reading in _READINGS.items():
        if name.startswith(known):
            return reading.split() + (pinyin(name[len(known) :]) if len(name) > len(known) else [])
    return [
        syllable.replace("v", "yu") for syllable in lazy_pinyin(name, style=Style.NORMAL, errors="ignore")
    ]


def english(name: str) -> str:
    """The English name: the stem in pinyin, then peoples and type in English."""
    short = stem(name)
    suffix = next((s for s in _TYPES if name.endswith(s) and len(name) > len(s)), "")
    if short == name:
        suffix = "" if len(name) > 2 else suffix
    words = [_joined(pinyin(short))]
    if "自治" in suffix and _TYPES[suffix]:
        words += _peoples(name.removesuffix(suffix)[len(short) :])
    if suffix and _TYPES[suffix] and (short != name or suffix in "县区"):
        words.append(_TYPES[suffix])
    if short == name and suffix:
        words[0] = _joined(pinyin(name)[:-1])
    return " ".join(words)


def _peoples(text: str) -> list[str]:
    found: list[str] = []
    while match := _PEOPLE.search(text):
        found.insert(0, _PEOPLES[match.group().removesuffix("族")])
        text = text[: match.start()]
    return found


def _joined(syllables: list[str]) -> str:
    parts = [f"'{s}" if number and s[0] in "aeo" else s for number, s in enumerate(syllables)]
    return "".join(parts).capitalize()
