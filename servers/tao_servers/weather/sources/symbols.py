"""The providers' weather symbols and words as WMO 4677 codes, from `symbols.csv`.

The table was made after the providers' lists: "WeatherIcon 2.0" of MET Norway, the icons of the NWS API,
"天气现象" of QWeather, "天气对照表" of AMap. Where a symbol tells no strength, it has the middle code of
three, else the lighter of two. Wind, heat and cold are no weather of table 4677, and have no row.
"""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path

__all__ = ["wmo_code", "worst"]

_TABLE = Path(__file__).with_name("symbols.csv")


def wmo_code(provider: str, symbol: str | None) -> int | None:
    """The code of a symbol; None for one that the table does not have."""
    return None if symbol is None else _codes().get((provider, symbol.strip()))


def worst(codes: Iterable[int | None]) -> int | None:
    """The code of the gravest weather among several, as Open-Meteo has it for a day: the highest."""
    return max((code for code in codes if code is not None), default=None)


@cache
def _codes() -> dict[tuple[str, str], int]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["provider"], row["symbol"]): int(row["code"]) for row in csv.DictReader(file)}
