"""How well place names are understood offline, how fast, and beside matching of names alone.

`python -m benchmarks.places [--rounds 20] [--json]`. The names, with the places expected, are
those of the test file. The peer is the rule of a geocoder such as Open-Meteo's, computed over the same
table: a name as it is written, compared whatever its case, accents and Traditional characters; the
exact name first, else names that begin with it; the most people first. It takes off no suffix and
understands no hint and no coordinates; that the table has short names such as 延边 at all helps it. Times
are of `candidates`, one name at a time in one thread, after the first round.
"""

import csv
import json
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import click

from tao_prompts import Language

_NAMES = Path(__file__).parent.parent / "tests" / "servers" / "weather" / "places" / "names.csv"
_LOADING = """
import time
import psutil
from tao_servers.weather import places
def held(): return psutil.Process().memory_info().rss / 1e6
before, begun = held(), time.perf_counter()
places.candidates("Oslo", "en")
plain, table = time.perf_counter() - begun, held() - before
places.candidates("北京", "zh")
han = time.perf_counter() - begun
for name in ("朝阳", "Springfield", "31.2,121.5", "Olso") * 50:
    places.candidates(name, "zh")
print(plain * 1000, han * 1000, table, held() - before)
"""

Row = dict[str, str]
Point = tuple[float, float]


@click.command()
@click.option(
    "--rounds", default=20, show_default=True, help="How often each name is looked up for the times."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(rounds: int, as_json: bool) -> None:
    """Measure the table of places."""
    with _NAMES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {"names": len(rows), "score": _score(rows, _ours), "name_matching": _score(rows, _by_name_alone)}
    found |= _times(rows, rounds) | _loading()
    if not as_json:
        for key, value in found.items():
            click.echo(f"{key}: {value}")
    else:
        click.echo(json.dumps(found, ensure_ascii=False))


def _score(rows: list[Row], answer: Callable[[Row], Point | str]) -> dict[str, Any]:
    right: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for row in rows:
        of[row["kind"]] += 1
        good = _is_right(row, answer(row))
        right[row["kind"]] += good
        if row["expected"] == "place":
            of["names of one place"] += 1
            right["names of one place"] += good
        if not good:
            click.echo(f"{answer.__name__} misses {row['name']} ({row['kind']})", err=True)
    total = sum(right[kind] for kind in {row["kind"] for row in rows})
    return {"right": total, "share": round(total / len(rows), 3)} | {
        kind: f"{right[kind]}/{of[kind]}" for kind in of
    }


def _is_right(row: Row, answer: Point | str) -> bool:
    from tao_servers.weather.places.table import distance

    if isinstance(answer, str):
        return answer == row["expected"]
    if row["expected"] != "place":
        return False
    return distance(*answer, float(row["latitude"]), float(row["longitude"])) <= float(row["km"])


def _ours(row: Row) -> Point | str:
    return anyio.run(_found, row["name"])


async def _found(name: str) -> Point | str:
    from tao.settings import WeatherSettings
    from tao_servers.weather.errors import WeatherError
    from tao_servers.weather.places import candidates, find_place
    from tao_servers.weather.sources.source import Reply, SourceError

    async def offline(*_: object, **__: object) -> Reply:
        raise SourceError("unreachable", "the benchmark has no network")

    language = _language(name)
    try:
        place = (await find_place(name, settings=WeatherSettings(), fetch=offline, language=language)).place
    except WeatherError:
        return "ambiguous" if candidates(name, language) else "unknown"
    return place.latitude, place.longitude


def _by_name_alone(row: Row) -> Point | str:
    from tao_servers.weather.places.keys import place_key

    key = place_key(row["name"])
    best = _most_people("n.key = ?", key) or _most_people("n.key BETWEEN ? AND ?", key, key + "\U0010ffff")
    return best or "unknown"


def _most_people(condition: str, *values: str) -> Point | None:
    from tao_servers.weather.places.table import TABLE

    query = (
        "SELECT p.latitude / 1e4, p.longitude / 1e4 FROM name n JOIN place p ON p.id = n.place "
        f"WHERE {condition} AND p.level NOT IN ('N', 'R') ORDER BY p.population DESC, p.id LIMIT 1"
    )
    with closing(sqlite3.connect(f"{TABLE.as_uri()}?mode=ro", uri=True)) as file:
        found: Point | None = file.execute(query, values).fetchone()
    return found


def _times(rows: list[Row], rounds: int) -> dict[str, float]:
    from tao_servers.weather.places import candidates

    wall, processor = [], []
    for number in range(rounds + 1):
        for row in rows:
            language = _language(row["name"])
            begun, worked = time.perf_counter(), time.thread_time()
            candidates(row["name"], language)
            if number:
                processor.append((time.thread_time() - worked) * 1000)
                wall.append((time.perf_counter() - begun) * 1000)
    cuts, worked_cuts = statistics.quantiles(wall, n=100), statistics.quantiles(processor, n=100)
    return {
        "lookup_p50_ms": round(cuts[49], 3),
        "lookup_p99_ms": round(cuts[98], 3),
        "lookup_max_ms": round(max(wall), 3),
        # What a busy machine does not lengthen.
        "lookup_p99_processor_ms": round(worked_cuts[98], 3),
    }


def _loading() -> dict[str, float]:
    """In a process of its own: the first look-up, and what it adds to the memory."""
    done = subprocess.run([sys.executable, "-c", _LOADING], capture_output=True, text=True, check=True)
    first, han, memory, whole = map(float, done.stdout.split())
    return {
        "first_lookup_ms": round(first, 1),
        "first_chinese_lookup_ms": round(han, 1),
        "memory_mb": round(memory, 1),
        "memory_with_opencc_mb": round(whole, 1),
    }


def _language(text: str) -> Language:
    return "zh" if any("\u3400" <= character <= "\u9fff" for character in text) else "en"


if __name__ == "__main__":
    main()
