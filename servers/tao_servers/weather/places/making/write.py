"""Writes the rows into one SQLite file, the same bytes for the same rows."""

import math
import sqlite3
from contextlib import closing
from pathlib import Path

from tao_servers.weather.places.making.rows import Row

__all__ = ["write"]

_TABLES = """
PRAGMA page_size = 4096;
CREATE TABLE zone (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE place (
    id INTEGER PRIMARY KEY, level TEXT NOT NULL, zh TEXT, en TEXT NOT NULL, latitude INTEGER NOT NULL,
    longitude INTEGER NOT NULL, cell INTEGER NOT NULL, zone INTEGER NOT NULL, country TEXT NOT NULL,
    population INTEGER NOT NULL, weight INTEGER NOT NULL, parent INTEGER, seat INTEGER
);
CREATE TABLE name (key TEXT NOT NULL, place INTEGER NOT NULL, tier INTEGER NOT NULL, PRIMARY KEY (key, place))
    WITHOUT ROWID;
CREATE TABLE syllable (character TEXT PRIMARY KEY, pinyin TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (name TEXT PRIMARY KEY, version TEXT NOT NULL, rows INTEGER NOT NULL) WITHOUT ROWID;
"""
_LETTERS = {"country": "N", "region": "R", "prefecture": "P", "county": "C", "city": "W", "town": "T"}


def write(
    path: Path, rows: list[Row], syllables: dict[str, str], sources: dict[str, tuple[str, int]]
) -> None:
    """Replace the file at `path`."""
    path.unlink(missing_ok=True)
    zones = {name: number for number, name in enumerate(sorted({row.zone for row in rows}))}
    ids = {id(row): number for number, row in enumerate(rows, 1)}
    with closing(sqlite3.connect(path)) as file, file:
        file.executescript(_TABLES)
        file.executemany("INSERT INTO zone VALUES (?, ?)", [(n, name) for name, n in zones.items()])
        file.executemany(
            f"INSERT INTO place VALUES ({', '.join('?' * 13)})", [_values(row, ids, zones) for row in rows]
        )
        names = sorted((key, ids[id(row)], tier) for row in rows for key, tier in row.keys.items())
        file.executemany("INSERT INTO name VALUES (?, ?, ?)", names)
        file.execute("CREATE INDEX place_cell ON place (cell)")
        file.executemany("INSERT INTO syllable VALUES (?, ?)", sorted(syllables.items()))
        counts = sources | {"table": ("1", len(rows)), "names": ("1", len(names))}
        file.executemany(
            "INSERT INTO source VALUES (?, ?, ?)", [(n, v, c) for n, (v, c) in sorted(counts.items())]
        )
    with closing(sqlite3.connect(path)) as file:
        file.execute("VACUUM")


def _values(row: Row, ids: dict[int, int], zones: dict[str, int]) -> tuple[object, ...]:
    return (
        ids[id(row)],
        _LETTERS[row.level],
        None if row.zh == row.en else row.zh,
        row.en,
        round(row.latitude * 1e4),
        round(row.longitude * 1e4),
        (math.floor(row.latitude) + 90) * 360 + math.floor(row.longitude) + 180,
        zones[row.zone],
        row.country,
        row.population,
        round(row.weight * 1000),
        ids.get(id(row.parent)),
        ids.get(id(row.seat)),
    )
