"""Finds the place that a text names: coordinates, a well-known city, or what the geocoder knows."""

import re
from dataclasses import dataclass

from pydantic import BaseModel, Field

from tao_prompts import Language
from tao_servers.weather.gazetteer import Place, city, containing_city, near_names
from tao_servers.weather.names import bare, key, pieces
from tao_servers.weather.openmeteo import Source, WeatherError
from tao_servers.weather.wording import shorten

__all__ = ["Match", "Place", "find_place"]

_LONGEST_NAME = 100
_COORDINATES = re.compile(r"\(?\s*([-+]?\d{1,3}(?:\.\d+)?)\s*[,，\s]\s*([-+]?\d{1,3}(?:\.\d+)?)\s*\)?")
_LEVELS = {"PPLC": 0, "PPLA": 1, "PPLA2": 2, "PPLA3": 3, "PPLA4": 4, "PPLA5": 5}
_LARGE = 100_000


@dataclass(frozen=True, slots=True)
class Match:
    """A place, others of the same name, and what the reader must know of the choice."""

    place: Place
    same_name: tuple[str, ...] = ()
    note: str | None = None


class _Candidate(BaseModel):
    name: str
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    feature_code: str | None = None
    population: int | None = None
    timezone: str | None = None
    country: str | None = None
    country_code: str | None = None
    admin1: str | None = None
    admin2: str | None = None
    admin3: str | None = None

    @property
    def place(self) -> Place:
        region = ", ".join(dict.fromkeys(part for part in (self.admin1, self.country) if part))
        zone = self.timezone or "auto"
        return Place(shorten(self.name, 60), shorten(region, 80), self.latitude, self.longitude, zone)

    def lies_in(self, within: tuple[str, ...]) -> bool:
        around = {key(bare(part)) for part in (self.country, self.admin1, self.admin2, self.admin3) if part}
        return all(key(bare(part)) in around | {key(self.country_code or "")} for part in within)


class _Reply(BaseModel):
    results: list[_Candidate] | None = None


async def find_place(text: str, geocoder: Source) -> Match:
    """Find the place that `text` names.

    Raises:
        WeatherError: there is none; the text has near names or candidates.
    """
    language = geocoder.language
    name = _cleaned(text, language)
    if place := _coordinates(name, language) or city(name, language):
        return Match(place)
    parts = _parts(name)
    missing: WeatherError | None = None
    for count in range(len(parts), 0, -1):
        inner, within = parts[count - 1], tuple(parts[: count - 1])
        # A place inside a Chinese city that nobody knows gets that city's forecast, and the reader is told.
        if missing is not None and not (language == "zh" and (inner.endswith("市") or city(inner, "zh"))):
            continue
        try:
            match = await _named(inner, within, geocoder)
        except _Unknown as exc:
            missing = missing or exc
            continue
        note = f"没有找到 {name!r}，以下是 {match.place.label} 的预报。" if missing else None
        return Match(match.place, match.same_name, note)
    raise missing or _unknown(name, [], language)


class _Unknown(WeatherError):
    """No place of that name: a wider one may be tried."""


async def _named(name: str, within: tuple[str, ...], geocoder: Source) -> Match:
    if place := city(name, geocoder.language, within=within):
        return Match(place)
    seen: list[_Candidate] = []
    for variant in _variants(name):
        reply = await geocoder.get(
            _Reply, {"name": variant, "count": 10, "language": geocoder.language, "format": "json"}
        )
        seen += reply.results or []
        ranked = sorted(
            (found for found in reply.results or [] if found.lies_in(within)),
            key=lambda found: _rank(found, name),
        )
        if ranked and _is_meant(ranked[0], name):
            return Match(ranked[0].place, _same_name(ranked, name))
    raise _unknown(", ".join((name, *within[::-1])), seen, geocoder.language)


def _cleaned(text: str, language: Language) -> str:
    if len(text.strip()) > _LONGEST_NAME:
        raise WeatherError(
            {
                "zh": f"地名太长（{len(text)} 个字符）。请只写城市名，例如“上海”。",
                "en": f"The place is too long ({len(text)} characters). Give the name of a city only, "
                "such as 'Oslo'.",
            }[language]
        )
    name = shorten(text, _LONGEST_NAME)
    if not key(name):
        raise WeatherError(
            f"No place was named ({name!r}). Give a city, such as '上海' or 'Oslo', or coordinates such as "
            "'31.2,121.5'. 请给出城市名或“纬度,经度”。"
        )
    return name


def _coordinates(name: str, language: Language) -> Place | None:
    found = _COORDINATES.fullmatch(name)
    if found is None:
        return None
    latitude, longitude = map(float, found.groups())
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise WeatherError(
            {
                "zh": f"坐标 {name!r} 超出范围。请先写纬度（-90 到 90），再写经度（-180 到 180）。",
                "en": f"The coordinates {name!r} are out of range. Give the latitude (-90 to 90) first, then "
                "the longitude (-180 to 180), such as '31.2,121.5'.",
            }[language]
        )
    return Place(f"{latitude:g}, {longitude:g}", "", latitude, longitude, "auto")


def _parts(name: str) -> list[str]:
    parts = pieces(name)
    if len(parts) == 1 and (outer := containing_city(parts[0])):
        return [outer, parts[0].removeprefix(outer)]
    return parts


def _variants(name: str) -> list[str]:
    # 朝阳区 and 朝阳 are different places, 上海市 and 上海 are not.
    both = [name, bare(name)] if name.endswith(("区", "县")) else [bare(name), name]
    return list(dict.fromkeys(both))


def _rank(found: _Candidate, name: str) -> tuple[int, int, int]:
    """Sort key: the exact name first, then the seat of the highest administration, then the largest."""
    suffixed = bare(name) != name
    if key(found.name) == key(name) or (not suffixed and key(bare(found.name)) == key(name)):
        exactness = 0
    else:
        exactness = 1 if key(bare(found.name)) == key(bare(name)) else 2
    return exactness, _LEVELS.get(found.feature_code or "", 9), -(found.population or 0)


def _is_meant(found: _Candidate, name: str) -> bool:
    # The geocoder also knows foreign names (Köln is Cologne); a village that it shows for one is a guess.
    exactness, level, population = _rank(found, name)
    return exactness < 2 or level < 9 or -population >= _LARGE


def _same_name(ranked: list[_Candidate], name: str) -> tuple[str, ...]:
    labels = dict.fromkeys(found.place.label for found in ranked if _rank(found, name)[0] < 2)
    return tuple(label for label in labels if label != ranked[0].place.label)[:3]


def _unknown(name: str, seen: list[_Candidate], language: Language) -> _Unknown:
    candidates = [
        f"{found.place.label} ({found.latitude:g},{found.longitude:g})"
        for found in sorted(seen, key=lambda found: _rank(found, name))[:4]
    ]
    near = "; ".join(dict.fromkeys([*candidates, *near_names(name, language)]))
    if language == "zh":
        hint = f"是不是：{near}？" if near else ""
        return _Unknown(f"没有找到地点 {name!r}。{hint}请换一个城市名，或给出“纬度,经度”，例如 31.2,121.5。")
    hint = f"Did you mean: {near}? " if near else ""
    return _Unknown(
        f"No place named {name!r} was found. {hint}Give another city, or its 'latitude,longitude', such as "
        "31.2,121.5."
    )
