"""The rows of the table while it is being made."""

import csv
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from tao_servers.weather.places.keys import place_key

__all__ = ["ALTERNATE", "NAME", "SPELLING", "Level", "Row", "distance", "read_csv", "simplest", "weight"]

Level = str
NAME, SPELLING, ALTERNATE = 0, 1, 2

_HAN = re.compile(r"[\u3400-\u9fff·]{2,}")


@dataclass(eq=False, slots=True)
class Row:
    """A place: its names, point, zone, and how strongly its name alone stands for it."""

    level: Level
    zh: str
    en: str
    latitude: float
    longitude: float
    zone: str
    country: str
    weight: float
    population: int = 0
    parent: "Row | None" = None
    seat: "Row | None" = None
    keys: dict[str, int] = field(default_factory=dict)
    code: str = ""

    def named(self, tier: int, *names: str) -> None:
        """Make the place known under these names too; the best tier of a name counts."""
        for name in names:
            key = place_key(name)
            if key:
                self.keys[key] = min(tier, self.keys.get(key, tier))


def weight(people: float) -> float:
    """What counts in the comparison of two places: the logarithm of the people there."""
    return round(math.log10(max(people, 1000)), 3)


def distance(a: Row, latitude: float, longitude: float) -> float:
    """Kilometres, near enough for places less than some hundred kilometres apart."""
    across = (a.longitude - longitude) * math.cos(math.radians(latitude))
    return 111.2 * math.hypot(a.latitude - latitude, across)


def read_csv(name: str) -> list[dict[str, str]]:
    """A table that was written by hand and lies beside this module."""
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def simplest(names: list[str], simplify: "dict[str, str]") -> str:
    """Of the Han names, the one that most spellings share, Simplified already, and short."""
    found = [name for name in names if _HAN.fullmatch(name)]
    count: dict[str, int] = {}
    for name in found:
        count[simplify[name]] = count.get(simplify[name], 0) + 1
    return min(count, key=lambda name: (-count[name], name not in found, len(name), name), default="")
