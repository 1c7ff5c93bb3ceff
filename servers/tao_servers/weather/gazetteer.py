"""A small built-in table of well-known cities, read from cities.csv."""

import csv
import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tao_prompts import Language
from tao_servers.weather.names import bare, key

__all__ = ["Place", "city", "containing_city", "near_names"]

_CITIES = Path(__file__).with_name("cities.csv")


@dataclass(frozen=True, slots=True)
class Place:
    """A point with a name; `time_zone` is an IANA name or `auto`."""

    name: str
    region: str
    latitude: float
    longitude: float
    time_zone: str

    @property
    def label(self) -> str:
        """The name and what it lies in."""
        return f"{self.name}, {self.region}" if self.region else self.name


@cache
def _table() -> dict[str, dict[str, str]]:
    with _CITIES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        key(name): row for row in rows for name in (row["zh"], row["en"], *row["aliases"].split(";")) if name
    }


def city(name: str, language: Language, *, within: tuple[str, ...] = ()) -> Place | None:
    """The well-known city of that name, if it lies in everything that `within` names."""
    # 省, 区 and 县 stay: a province or a district is not the city that shares its name.
    row = _table().get(key(bare(name) if name.endswith(("市", "州", "特别行政区")) else name))
    if row is None:
        return None
    around = {key(part) for side in (row["where_zh"], row["where_en"]) for part in side.split(", ")}
    if not all(key(bare(part)) in around for part in within):
        return None
    return Place(
        name=row[language],
        region=row[f"where_{language}"],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        time_zone=row["time_zone"],
    )


def containing_city(text: str) -> str | None:
    """The well-known city that begins a Chinese text, when more follows: 北京 of 北京朝阳."""
    for length in range(len(text) - 2, 1, -1):
        row = _table().get(text[:length])
        if row is not None and row["zh"] == text[:length]:
            return row["zh"]
    return None


def near_names(name: str, language: Language) -> list[str]:
    """Names in the table that look like `name`, at most three."""
    rows = {key(row[language]): row[language] for row in _table().values()}
    close = difflib.get_close_matches(key(bare(name)), rows, n=3, cutoff=0.5 if language == "zh" else 0.7)
    return [rows[found] for found in close]
