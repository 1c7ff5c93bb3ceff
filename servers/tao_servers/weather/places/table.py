"""The table of places: one read-only SQLite file, of which nothing is loaded before it is asked for."""

import atexit
import math
import sqlite3
from collections.abc import Iterable, Sized
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from tao_servers.weather.places.keys import has_han

__all__ = ["AREAS", "GREATER_CHINA", "TABLE", "Row", "Table", "distance", "table"]

TABLE = Path(__file__).with_name("places.sqlite")
AREAS = "NR"
"""The levels that have a size rather than a point: countries, provinces and states."""
GREATER_CHINA = frozenset({"CN", "HK", "MO", "TW"})
"""The country codes of places whose own names are Chinese."""

_ROW = (
    "p.id, p.level, p.zh, p.en, p.latitude, p.longitude, z.name, p.country, p.population, p.weight, "
    "p.parent, p.seat"
)
_JOIN = "place p JOIN zone z ON z.id = p.zone"
# By the straight line on a map whose degrees of longitude are as short as they are at that latitude.
_NEAREST = f"""
SELECT {_ROW}, abs(p.latitude - point.north) AS up, abs(p.longitude - point.east) AS along
FROM {_JOIN}, (SELECT ? AS north, ? AS east, ? AS squeeze) AS point
WHERE {{}} p.level NOT IN ('N', 'R')
ORDER BY up * up + min(along, 3600000 - along) * min(along, 3600000 - along) * point.squeeze LIMIT 1
"""
# By how a name stands for a place: its own, another spelling, a foreign or old one. In thousandths of a power
# of ten of people.
_TIER_COSTS = (0, 300, 1000)
_TIER_COSTS_BESIDE_EXACT = (0, 300, 4000)
_ABROAD_COST = 500  # 三河市 is in Hebei, although Trois-Rivières is called so too


class Row(NamedTuple):
    """A place as it is stored; `score` says how strongly the name that was looked up stands for it."""

    id: int
    level: str
    zh: str | None
    en: str
    latitude: float
    longitude: float
    time_zone: str
    country: str
    population: int
    weight: int
    parent: int | None
    seat: int | None
    score: int = 0


class Table:
    """Looks names and points up; may be used from several threads."""

    def __init__(self, path: Path) -> None:
        # One for all threads: those of a pool never end, and neither would their connections.
        self._file = sqlite3.connect(
            f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._lock = Lock()
        self.row = lru_cache(maxsize=2048)(self._row)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def named(self, key: str) -> list[Row]:
        """The places of that name, the likeliest first."""
        found = self._ask(
            f"SELECT {_ROW}, n.tier FROM name n JOIN {_JOIN} WHERE p.id = n.place AND n.key = ?", key
        )
        # Hong Kong was Victoria once; whoever says Victoria means one of those that are.
        cost = _TIER_COSTS if all(values[12] == 2 for values in found) else _TIER_COSTS_BESIDE_EXACT
        home = has_han(key) and any(values[7] in GREATER_CHINA and values[12] == 0 for values in found)
        rows = []
        for values in found:
            abroad = _ABROAD_COST if home and values[7] not in GREATER_CHINA else 0
            rows.append(_made(values, values[9] - cost[values[12]] - abroad))
        return sorted(rows, key=lambda row: (-row.score, -row.population, row.id))

    def around(self, row: Row) -> list[Row]:
        """What the place lies in, from the narrowest outwards."""
        found = []
        while row.parent is not None:
            row = self.row(row.parent)
            found.append(row)
        return found

    def nearest(self, latitude: float, longitude: float) -> tuple[Row, float]:
        """The place that is nearest to a point, and how far it is in kilometres."""
        squeeze = math.cos(math.radians(latitude)) ** 2
        point = (round(latitude * 1e4), round(longitude * 1e4), squeeze)
        for reach in (1, 3, 10):
            cells = sorted(_cells(latitude, longitude, reach))
            found = self._ask(_NEAREST.format(f"p.cell IN ({_marks(cells)}) AND"), *point, *cells)
            if found:
                break
        else:
            found = self._ask(_NEAREST.format(""), *point)
        best = _made(found[0], 0)
        return best, distance(best.latitude, best.longitude, latitude, longitude)

    def keys(self, shortest: int, longest: int) -> list[tuple[str, int, int]]:
        """The names of that many letters, with the place that each is of and its weight."""
        return self._ask(
            "SELECT n.key, n.place, p.weight FROM name n JOIN place p ON p.id = n.place "
            "WHERE n.tier = 0 AND length(n.key) BETWEEN ? AND ?",
            shortest,
            longest,
        )

    def readings(self, characters: str) -> dict[str, str]:
        """The reading, in pinyin, of each character that has one."""
        query = f"SELECT character, pinyin FROM syllable WHERE character IN ({_marks(characters)})"
        return dict(self._ask(query, *characters))

    def sources(self) -> dict[str, tuple[str, int]]:
        """What the table was made of: version and number of rows."""
        return {
            name: (version, rows)
            for name, version, rows in self._ask("SELECT name, version, rows FROM source")
        }

    def size(self) -> tuple[int, int]:
        """How many places and names there are."""
        (places,), (names,) = self._ask("SELECT count(*) FROM place UNION ALL SELECT count(*) FROM name")
        return places, names

    def _row(self, number: int) -> Row:
        return _made(self._ask(f"SELECT {_ROW} FROM {_JOIN} WHERE p.id = ?", number)[0], 0)

    def _ask(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._file.execute(query, values).fetchall()


@cache
def table() -> Table:
    """The table that ships with the package, opened once."""
    opened = Table(TABLE)
    atexit.register(opened.close)
    return opened


def distance(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Kilometres between two points on a sphere of the Earth's mean radius."""
    north, south = math.radians(latitude), math.radians(other_latitude)
    half = math.sin((north - south) / 2) ** 2
    half += math.cos(north) * math.cos(south) * math.sin(math.radians(longitude - other_longitude) / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(min(1.0, half)))


def _made(values: tuple[Any, ...], score: int) -> Row:
    return Row._make((*values[:4], values[4] / 1e4, values[5] / 1e4, *values[6:12], score))


def _marks(values: Sized) -> str:
    return ", ".join("?" * len(values))


def _cells(latitude: float, longitude: float, reach: int) -> Iterable[int]:
    # A degree of longitude is shorter away from the equator.
    wide = min(180, math.ceil(reach / max(0.05, math.cos(math.radians(latitude)))))
    for north in range(math.floor(latitude) - reach, math.floor(latitude) + reach + 1):
        if -90 <= north <= 90:
            for east in range(math.floor(longitude) - wide, math.floor(longitude) + wide + 1):
                yield (north + 90) * 360 + (east + 180) % 360
