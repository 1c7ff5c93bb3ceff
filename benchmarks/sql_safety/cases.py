"""The statements to try, as they were published, and DuckDB's own."""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from tao_servers.text2sql.schema import Dialect

__all__ = ["Case", "DuckdbCases", "Expectation", "read_cases", "read_duckdb_cases", "read_extra_cases"]

Expectation = Literal["allow", "block", "invalid"]

_DUCKDB_CASES = Path(__file__).with_name("duckdb_cases.toml")


@dataclass(frozen=True, slots=True)
class Case:
    """One statement and what its source expects of it; `note` is the name of the source's test."""

    id: str
    dialect: Dialect
    expect: Expectation
    sql: str
    note: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class DuckdbCases:
    """Statements over tables that `setup` makes."""

    setup: str
    cases: tuple[Case, ...]


def read_cases(folder: Path) -> tuple[list[Case], dict[str, int]]:
    """The cases of `cases.jsonl` in `folder`, and how many were left out by dialect.

    Raises:
        ValueError: a case expects something that is not known here.
    """
    cases: list[Case] = []
    left_out: dict[str, int] = {}
    for line in (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        row = json.loads(line)
        if row["dialect"] not in get_args(Dialect):
            left_out[row["dialect"]] = left_out.get(row["dialect"], 0) + 1
            continue
        cases.append(
            Case(
                id=row["id"],
                dialect=row["dialect"],
                expect=_expectation(row["expect"]),
                sql=row["sql"],
                note=row.get("note") or "",
                source=row.get("source") or "",
            )
        )
    return cases, left_out


def read_duckdb_cases(path: Path = _DUCKDB_CASES) -> DuckdbCases | None:
    """DuckDB's cases; None where there is no such file."""
    if not path.is_file():
        return None
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    cases = (
        Case(f"duckdb_{number}", "duckdb", _expectation(row["expect"]), row["sql"], row.get("why", ""), "own")
        for number, row in enumerate(table["case"], 1)
    )
    return DuckdbCases(table["setup"], tuple(cases))


def read_extra_cases(path: Path) -> list[Case]:
    """Attacks of one's own: a table for each dialect with a list `attacks`."""
    return [
        Case(f"{dialect}_extra_{number}", cast(Dialect, dialect), "block", sql, source="own")
        for dialect, table in tomllib.loads(path.read_text(encoding="utf-8")).items()
        if dialect in get_args(Dialect)
        for number, sql in enumerate(table.get("attacks", []), 1)
    ]


def _expectation(value: str) -> Expectation:
    if value not in get_args(Expectation):
        raise ValueError(f"A case expects {value!r}; known are {', '.join(get_args(Expectation))}.")
    return cast(Expectation, value)
