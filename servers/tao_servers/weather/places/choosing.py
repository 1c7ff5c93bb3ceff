"""Turns rows into places, and decides whether one of them is meant."""

from tao_prompts import Language
from tao_servers.weather.places.place import Place
from tao_servers.weather.places.table import AREAS, Row, Table, distance

__all__ = ["area_note", "as_place", "others", "rivals", "settled"]

# Thousandths of a power of ten: a place that is three times as weighty is meant. Barcelona (Spain) is 3.8
# times its namesake, Birmingham 5; the Springfields, and the two Cambridges, lie closer together.
_CLEARLY = 470
_SAME_SPOT_KM = 30
_LARGE = 5_000
_BY_NAME = 2_500  # less than what an alternative name costs


def as_place(table: Table, row: Row, language: Language) -> Place:
    """The row in a language; names that Chinese lacks stay English."""
    name = _name(row, language)
    path = [_name(outer, language) for outer in table.around(row) if outer.en != row.en or outer.zh]
    return Place(
        name=name,
        path=tuple(part for part in dict.fromkeys(path) if part != name),
        latitude=row.latitude,
        longitude=row.longitude,
        time_zone=row.time_zone,
        country=row.country,
        population=row.population,
    )


def settled(table: Table, rows: list[Row]) -> list[Row]:
    """The rows, with a city before the province or country that it shares name and point with, or lies in."""
    first = rows[0]
    if first.level not in AREAS:
        return rows
    for row in rows:
        held = row.weight >= _LARGE and any(outer.id == first.id for outer in table.around(row))
        if row.level not in AREAS and row.score > first.score - _BY_NAME and (held or _close(row, first)):
            city = row._replace(score=max(row.score, first.score))
            return [city, *(other for other in rows if other.id != row.id)]
    return rows


def rivals(rows: list[Row]) -> list[Row]:
    """Those of the others that may as well be meant as the first."""
    first = rows[0]
    return [
        row
        for row in rows[1:]
        if row.score > first.score - _CLEARLY
        and not _close(row, first)
        # 吉林 is the city: a province has no weather of its own.
        and not (row.level in AREAS and first.level not in AREAS)
    ]


def others(rows: list[Row]) -> list[Row]:
    """Those of the others that lie elsewhere."""
    return [row for row in rows[1:] if not _close(row, rows[0])]


def area_note(table: Table, row: Row, language: Language) -> str | None:
    """What the reader of a province's or a country's weather must know."""
    if row.level not in AREAS or row.seat is None:
        return None
    name, seat = _name(row, language), _name(table.row(row.seat), language)
    role = _role(row)[language]
    if language == "zh":
        return f"{name}范围很大，以下取其{role}{seat}的位置；可以改问其中某个城市。"
    return f"{name} is large: the point of {seat}, {role}, stands for it. Ask for a city in it to be exact."


def _role(row: Row) -> dict[Language, str]:
    if row.country in ("HK", "MO", "TW") or (row.level == "R" and row.country != "CN"):
        return {"zh": "最大的城市", "en": "the largest city"}
    if row.level == "N":
        return {"zh": "首都", "en": "the capital"}
    return {"zh": "首府" if (row.zh or "").endswith("自治区") else "省会", "en": "the capital"}


def _name(row: Row, language: Language) -> str:
    return row.zh or row.en if language == "zh" else row.en


def _close(row: Row, other: Row) -> bool:
    return distance(row.latitude, row.longitude, other.latitude, other.longitude) < _SAME_SPOT_KM
