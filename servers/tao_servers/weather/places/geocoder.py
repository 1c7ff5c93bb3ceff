"""Asks Open-Meteo's geocoder for names that the table does not know."""

import datetime
import math
import zoneinfo

from pydantic import BaseModel, Field, ValidationError

from tao_prompts import Language
from tao_servers.weather.places.keys import bare_english, bare_han, has_han, place_key
from tao_servers.weather.places.matching import pieces
from tao_servers.weather.places.place import Place
from tao_servers.weather.places.table import Row, Table
from tao_servers.weather.sources.source import Fetch, SourceError

__all__ = ["ask_geocoder"]

_KEEP = datetime.timedelta(days=30)
_COUNT = 10
_SEATS = {"PPLC": 2.0, "PPLA": 1.0, "PPLA2": 0.5, "PPLA3": 0.2}
_LARGE = 100_000


class _Answer(BaseModel):
    name: str = Field(min_length=1, max_length=200)
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    timezone: str | None = None
    country: str | None = None
    country_code: str | None = None
    admin1: str | None = None
    admin2: str | None = None
    admin3: str | None = None
    population: int | None = Field(default=None, ge=0)
    feature_code: str | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """What it lies in, from the narrowest outwards."""
        parts = (self.admin3, self.admin2, self.admin1, self.country)
        return tuple(dict.fromkeys(part[:80] for part in parts if part and part != self.name))

    @property
    def score(self) -> float:
        """How likely it is meant among others of its name."""
        return math.log10(max(self.population or 0, 1000)) + _SEATS.get(self.feature_code or "", 0.0)

    def is_called(self, name: str) -> bool:
        """Whether it bears that name, or is so large that the geocoder knows it by a foreign one."""
        own, wanted = _bare(place_key(self.name)), _bare(place_key(name))
        return own == wanted or (self.population or 0) >= _LARGE or (self.feature_code or "") in _SEATS


class _Reply(BaseModel):
    results: list[_Answer] | None = None


async def ask_geocoder(
    text: str, *, url: str, fetch: Fetch, language: Language, table: Table, hints: list[list[Row]]
) -> list[Place]:
    """The places that the geocoder knows under the name, the likeliest first.

    `text` is the name with what it lies in behind commas, as typed; `hints` are the rows of the table that
    the parts after the name stand for.

    Raises:
        SourceError: it did not answer, or not in its form.
    """
    name, *around = pieces(text)
    seen: dict[tuple[str, float, float], _Answer] = {}
    if not has_han(name):
        # In Chinese it would answer with a name in other letters, which nobody asked for.
        language = "en"
    for spelling in dict.fromkeys((name, _bare_name(name))):
        answers = await _ask(spelling, url, fetch, language)
        seen |= {(answer.name, answer.latitude, answer.longitude): answer for answer in answers}
        if any(answer.is_called(name) for answer in answers):
            break
    called = [
        answer for answer in seen.values() if answer.is_called(name) and _lies_in(answer, around, hints)
    ]
    return [_place(answer, table) for answer in sorted(called, key=lambda answer: -answer.score)]


async def _ask(name: str, url: str, fetch: Fetch, language: Language) -> list[_Answer]:
    params: dict[str, str | int | float] = {
        "name": name, "count": _COUNT, "language": language, "format": "json"
    }  # fmt: skip
    reply = await fetch(url, params, keep=_KEEP)
    try:
        return _Reply.model_validate_json(reply.body).results or []
    except ValidationError as exc:
        raise SourceError("unreadable", "the geocoder's reply is not of its form") from exc


def _lies_in(answer: _Answer, around: list[str], hints: list[list[Row]]) -> bool:
    known = {_bare(place_key(part)) for part in answer.path} | {(answer.country_code or "").casefold()}
    for text, rows in zip(around, hints, strict=True):
        spellings = {_bare(place_key(text))}
        for row in rows:
            spellings |= {_bare(place_key(row.en)), _bare(place_key(row.zh or row.en))}
            if row.level == "N":
                spellings.add(row.country.casefold())
        if not spellings & known:
            return False
    return True


def _place(answer: _Answer, table: Table) -> Place:
    zone = answer.timezone or ""
    if not _is_zone(zone):
        zone = table.nearest(answer.latitude, answer.longitude)[0].time_zone
    return Place(
        name=answer.name[:80],
        path=answer.path,
        latitude=answer.latitude,
        longitude=answer.longitude,
        time_zone=zone,
        country=(answer.country_code or "").upper()[:2],
        population=answer.population or 0,
    )


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


def _bare_name(name: str) -> str:
    # The geocoder knows 上海, and not 上海市.
    return bare_han(name) or name if has_han(name) else name


def _bare(key: str) -> str:
    return (bare_han(key) if has_han(key) else bare_english(key)) or key
