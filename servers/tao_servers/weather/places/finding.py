"""Finds the place that a question names, or says why it cannot."""

import anyio

from tao.settings import WeatherSettings
from tao_prompts import Language
from tao_servers.weather.errors import WeatherError
from tao_servers.weather.places import saying
from tao_servers.weather.places.choosing import area_note, as_place, others, rivals, settled
from tao_servers.weather.places.coordinates import OutOfRange, read_point
from tao_servers.weather.places.geocoder import ask_geocoder
from tao_servers.weather.places.keys import place_key
from tao_servers.weather.places.matching import LONGEST, container, matches, pieces
from tao_servers.weather.places.nearness import near_rows
from tao_servers.weather.places.place import Found, Place
from tao_servers.weather.places.table import Row, Table, table
from tao_servers.weather.sources.source import Fetch, SourceError

__all__ = ["candidates", "find_place", "near_names", "place_dict"]

_SAME_NAMES = 3
_FAR_KM = 300


def candidates(text: str, language: Language, *, limit: int = 10) -> list[Place]:
    """The places that a text can mean, the likeliest first; none where the table knows no such name.

    Raises:
        WeatherError: the text has coordinates that are out of range.
    """
    known = table()
    if point := _point(text, language):
        return [_at(known, point, language)]
    rows = matches(known, text)
    places = [as_place(known, row, language) for row in (settled(known, rows) if rows else [])]
    return list({place.label: place for place in reversed(places)}.values())[::-1][:limit]


def near_names(text: str, language: Language) -> list[str]:
    """Up to three names that sound or look like the text, for one that no place has."""
    known = table()
    return list(dict.fromkeys(as_place(known, row, language).name for row in near_rows(known, text)))


def place_dict(place: Place) -> dict[str, object]:
    """The place as JSON can carry it."""
    return {
        "name": place.name,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "admin": list(place.path),
        "population": place.population,
        "country": place.country,
        "time_zone": place.time_zone,
    }


async def find_place(text: str, *, settings: WeatherSettings, fetch: Fetch, language: Language) -> Found:
    """Find the one place that the text means: in the table, else with the geocoder.

    Raises:
        WeatherError: there is none, or there are several; the text names near or possible ones.
    """
    if len(text.strip()) > LONGEST:
        raise WeatherError(saying.too_long(text, language))
    found = await anyio.to_thread.run_sync(_in_table, text, language)
    if found is not None:
        return found
    return await _elsewhere(text, settings, fetch, language)


def _in_table(text: str, language: Language) -> Found | None:
    # Here, in a thread: the first Chinese name waits for the dictionaries.
    if not place_key(text):
        raise WeatherError(saying.empty(text, language))
    known = table()
    if point := _point(text, language):
        return Found(_at(known, point, language))
    if not (rows := matches(known, text)):
        return None
    rows = settled(known, rows)
    if also := rivals(rows):
        also += [row for row in others(rows) if row not in also]
        places = [as_place(known, row, language) for row in [rows[0], *also]]
        raise WeatherError(saying.ambiguous(text, places, language))
    same = tuple(as_place(known, row, language) for row in others(rows)[:_SAME_NAMES])
    return Found(as_place(known, rows[0], language), same, area_note(known, rows[0], language))


async def _elsewhere(text: str, settings: WeatherSettings, fetch: Fetch, language: Language) -> Found:
    failure: SourceError | None = None
    known = table()
    name, hints = await anyio.to_thread.run_sync(_ordered, known, text)
    try:
        places = await ask_geocoder(
            name, url=settings.geocoding_url, fetch=fetch, language=language, table=known, hints=hints
        )
        if places:
            return Found(places[0], tuple(places[1 : 1 + _SAME_NAMES]))
    except SourceError as exc:
        failure = exc
    return await anyio.to_thread.run_sync(_around_or_unknown, known, text, failure, language)


def _ordered(known: Table, text: str) -> tuple[str, list[list[Row]]]:
    """The parts with the one that the table does not know first, and what the others stand for."""
    parts = pieces(text)
    rows = [matches(known, part) for part in parts]
    name = next((number for number, found in enumerate(rows) if not found), 0)
    order = [name, *(number for number in range(len(parts)) if number != name)]
    return ",".join(parts[number] for number in order), [rows[number] for number in order[1:]]


def _around_or_unknown(known: Table, text: str, failure: SourceError | None, language: Language) -> Found:
    outer = container(known, text)
    if outer is not None:
        place = as_place(known, outer, language)
        return Found(place, note=saying.around(text, place, language))
    near = [as_place(known, row, language) for row in near_rows(known, text)]
    raise WeatherError(saying.unknown(text, near, failure, language)) from failure


def _point(text: str, language: Language) -> tuple[float, float] | None:
    try:
        return read_point(text)
    except OutOfRange as exc:
        raise WeatherError(saying.out_of_range(text, language)) from exc


def _at(known: Table, point: tuple[float, float], language: Language) -> Place:
    latitude, longitude = point
    name = f"{latitude:g}, {longitude:g}"
    row, away = known.nearest(latitude, longitude)
    if away > _FAR_KM:
        # At sea. Etc/GMT-8 is eight hours ahead of Greenwich.
        hours = round(longitude / 15)
        return Place(name, (), latitude, longitude, f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT")
    label = as_place(known, row, language).label
    near = {"zh": f"{label}附近", "en": f"near {label}"}[language]
    return Place(name, (near,), latitude, longitude, row.time_zone, row.country)
