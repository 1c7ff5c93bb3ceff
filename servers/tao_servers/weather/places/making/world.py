"""Countries, their first-level divisions and their cities."""

from collections import defaultdict
from typing import Any

from tao_servers.chinese import simplified
from tao_servers.weather.places.keys import SHINJITAI, place_key
from tao_servers.weather.places.making.geonames import City
from tao_servers.weather.places.making.rows import (
    ALTERNATE,
    NAME,
    SPELLING,
    Row,
    distance,
    read_csv,
    simplest,
    weight,
)

__all__ = ["cities_abroad", "countries_of", "regions_of", "sights"]

_COUNTRY_PEOPLE, _REGION_PEOPLE, _CAPITAL_FACTOR = 5e6, 1e6, 5
_MANY_NAMES = 50_000
_SIGHT_PEOPLE = 1e5
# Spoken of as often as places of three times their people.
_WELL_KNOWN, _WELL_KNOWN_PEOPLE = 0.5, 3e5
_ALSO = {
    "US": ("USA", "U.S.A.", "America", "United States of America", "美利坚合众国"),
    "GB": ("UK", "Great Britain", "Britain", "大不列颠", "联合王国"),
    "CN": ("PRC", "People's Republic of China", "中华人民共和国"),
    "HK": ("香港", "香港特别行政区", "Hong Kong", "HK"),
    "MO": ("澳门", "澳门特别行政区", "Macao", "Macau"),
    "TW": ("台湾", "台湾省", "Taiwan"),
    "AE": ("UAE", "阿联酋"),
    "KR": ("South Korea", "Korea", "大韩民国"),
    "KP": ("North Korea", "北朝鲜"),
    "RU": ("俄国", "俄罗斯联邦"),
    "CZ": ("Czech Republic", "捷克共和国"),
    "MM": ("Burma",),
    "NL": ("Holland",),
    "TR": ("Turkey",),
    "CI": ("Ivory Coast", "科特迪瓦"),
    "CD": ("DR Congo", "刚果金"),
    "CG": ("刚果布",),
    "SA": ("沙特",),
    "PG": ("巴新",),
}
# As the capitals are spelt among the cities, where the list of countries spells them otherwise.
_CAPITALS = {
    "AG": "Saint John’s", "BR": "Brasília", "CM": "Yaoundé", "CO": "Bogotá", "CR": "San José",
    "CW": "Willemstad", "GD": "Saint George's", "IS": "Reykjavík", "KZ": "Astana", "MN": "Ulan Bator",
    "MO": "Macau", "NC": "Nouméa", "PY": "Asunción", "ST": "São Tomé", "TG": "Lomé",
    "TO": "Nuku‘alofa", "VU": "Port-Vila", "FO": "Tórshavn", "GU": "Hagåtña", "WF": "Mata-Utu",
    "GG": "Saint Peter Port", "CN": "Beijing",
}  # fmt: skip


def countries_of(known: dict[str, dict[str, Any]]) -> dict[str, Row]:
    """A row a country, named as CLDR names it; points and zones come with the cities."""
    from babel import Locale

    zh, en = Locale("zh").territories, Locale("en").territories
    rows = {}
    for code in sorted(known):
        if code not in zh:
            continue
        row = Row("country", zh[code], en[code], 0.0, 0.0, "", code, weight(_COUNTRY_PEOPLE))
        row.code = _CAPITALS.get(code, known[code]["capital"])
        row.population = known[code]["population"]
        row.named(NAME, row.zh, row.en, known[code]["name"], *_ALSO.get(code, ()))
        row.named(ALTERNATE, code, known[code]["iso3"])
        rows[code] = row
    return rows


def regions_of(known: dict[str, str], countries: dict[str, Row]) -> dict[str, Row]:
    """A row a first-level division outside China."""
    ours = {row["code"]: row for row in read_csv("world_regions.csv")}
    rows = {}
    for code, name in known.items():
        country = countries.get(code.partition(".")[0])
        if country is None or country.country in ("CN", "TW", "HK", "MO"):
            continue
        own = ours.get(code, {"zh": "", "en": "", "also": ""})
        en = own["en"] or name
        row = Row("region", own["zh"] or en, en, 0.0, 0.0, "", country.country, weight(_REGION_PEOPLE))
        row.parent = country
        row.named(NAME, row.zh, en, name)
        row.named(NAME, *(row.zh[:-2] for end in ("大区", "地区") if row.zh.endswith(end)))
        row.named(NAME, *(row.zh[:-1] for end in "州省邦县府岛" if row.zh.endswith(end) and len(row.zh) > 2))
        row.named(ALTERNATE, *own["also"].split(";"))
        rows[code] = row
    return rows


def cities_abroad(
    large: list[City], all_cities: list[City], countries: dict[str, Row], regions: dict[str, Row]
) -> list[Row]:
    """The cities outside the mainland, with the small ones that have a Chinese name of ours."""
    ours: dict[tuple[str, str], str] = {
        (r["country"], r["name"]): r["zh"] for r in read_csv("world_cities.csv")
    }
    well_known = {(row["country"], row["name"]) for row in read_csv("well_known.csv")}
    exemplars = _exemplars()
    here = {city.number for city in large}
    capitals = {(row.country, row.code) for row in countries.values()}
    wanted = set(ours) | capitals
    small = _largest(c for c in all_cities if c.number not in here and (c.country, c.name) in wanted)
    largest = {city.number for city in _largest([*large, *small])}
    rows = []
    for city in [*large, *small]:
        country = countries.get(city.country)
        if city.country == "CN" or country is None:
            continue
        first = city.number in largest
        zh = ours.get((city.country, city.name), "") if first else ""
        row = _city(city, zh or exemplars.get((city.zone, place_key(city.name)), ""))
        row.parent = regions.get(city.region, country)
        if first and (city.country, city.name) in capitals:
            row.weight = weight(max(city.population, 1000) * _CAPITAL_FACTOR)
            _seat(country, row)
        if first and (city.country, city.name) in well_known:
            row.weight = max(row.weight + _WELL_KNOWN, weight(_WELL_KNOWN_PEOPLE))
        rows.append(row)
    _seats([*rows], countries, regions)
    return rows


def sights(rows: list[Row], countries: dict[str, Row]) -> list[Row]:
    """Landmarks and quarters that people ask the weather of; each lies in what the nearest place lies in."""
    found = []
    for sight in read_csv("sights.csv"):
        latitude, longitude = float(sight["latitude"]), float(sight["longitude"])
        country = countries[sight["country"]]
        near = [
            row for row in rows if row.country == country.country and row.level in ("city", "county", "town")
        ]
        host = min(near, key=lambda row: distance(row, latitude, longitude))
        row = Row(
            "town", sight["zh"], sight["en"], latitude, longitude, host.zone, host.country,
            weight(_SIGHT_PEOPLE), 0, host if host.level == "county" else host.parent,
        )  # fmt: skip
        row.named(NAME, row.zh, row.en, *filter(None, sight["also"].split(";")))
        found.append(row)
    return found


def _largest(cities: Any) -> list[City]:
    found: dict[tuple[str, str], City] = {}
    for city in cities:
        before = found.get((city.country, city.name))
        if before is None or before.population < city.population:
            found[city.country, city.name] = city
    return list(found.values())


def _city(city: City, zh: str) -> Row:
    simplify = {name: simplified(name) for name in city.han}
    name = zh or simplest(list(city.han), simplify)
    if city.country == "JP":
        name = name.translate(SHINJITAI)
    row = Row(
        "city", name or city.name, city.name, city.latitude, city.longitude, city.zone, city.country,
        weight(city.population), city.population,
    )  # fmt: skip
    row.named(NAME, city.name, row.zh)
    row.named(SPELLING, *city.han)
    if city.population >= _MANY_NAMES:
        row.named(ALTERNATE, *city.others)
    return row


def _exemplars() -> dict[tuple[str, str], str]:
    """CLDR's Chinese names of the cities that time zones are named after."""
    from babel import Locale

    zones = Locale("zh").time_zones
    return {
        (zone, place_key(zone.rpartition("/")[2])): names["city"]
        for zone, names in zones.items()
        if "city" in names
    }


def _seat(area: Row, city: Row) -> None:
    area.seat, area.latitude, area.longitude, area.zone = city, city.latitude, city.longitude, city.zone


def _seats(rows: list[Row], countries: dict[str, Row], regions: dict[str, Row]) -> None:
    """A division's point is its largest city; a country's, where the capital is not known, likewise."""
    inside: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        inside[id(row.parent)].append(row)
        inside[id(countries[row.country])].append(row)
    for area in [*regions.values(), *countries.values()]:
        if area.seat is None and (cities := inside[id(area)]):
            _seat(area, max(cities, key=lambda row: row.population))
        if area.level == "region":
            area.weight = weight(min(_REGION_PEOPLE, sum(row.population for row in inside[id(area)])))
