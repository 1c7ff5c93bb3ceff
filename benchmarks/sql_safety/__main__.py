"""How many published attacks are refused, how many honest statements pass, and does anything change?

`python -m benchmarks.sql_safety --data DIR [--gold DIR] [--engines sqlite,duckdb,postgres,mariadb]
[--limit N] [--extra FILE] [--json]`. DIR holds `cases.jsonl`: statements with the dialect they are for and
what their source expects of them. Those of each dialect run on a real database that is made for this run from
what the statements speak of; DuckDB has cases of its own beside this file, and T-SQL is left out.

An attack is sent to the rules alone and to the engine alone; `refused` is what users meet, the two together.
An engine has refused what it calls a refusal and what it cannot parse; one that fails otherwise, runs out of
time or runs counts as let through. `honest` counts what both let through, and lists what then did not run for
another reason (an unknown function, say). A case on which products may differ in good faith stands in
`policy_differences` with its reason, and in neither count. `--gold` has text-to-SQL sets with SQLite files.
"""

import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import click

from benchmarks.sql_safety.cases import Case, read_cases, read_duckdb_cases, read_extra_cases
from benchmarks.sql_safety.gold import Gold, score_gold
from benchmarks.sql_safety.scoring import Score, score
from benchmarks.sql_safety.summing import summed
from benchmarks.sql_safety.target import Target
from tao_servers.text2sql.errors import SetupError

_SHOWN = ("attacks", "honest", "invalid", "gold", "databases_changed")
_ENGINES = {"sqlite": "sqlite", "duckdb": "duckdb", "postgres": "postgres", "mariadb": "mysql"}


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--gold", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None)
@click.option("--engines", default=",".join(_ENGINES), show_default=True, help="Which, with commas.")
@click.option(
    "--limit", default=None, type=click.IntRange(min=1), help="Cases of an engine, questions of a set."
)
@click.option(
    "--extra",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Attacks of your own, as TOML.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(
    data: Path, gold: Path | None, engines: str, limit: int | None, extra: Path | None, as_json: bool
) -> None:
    """Attack databases, and say what got through."""
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    cases, left_out = read_cases(data)
    cases += read_extra_cases(extra) if extra else []
    scores: list[Score] = []
    skipped: dict[str, str] = {}
    for name in _wanted(engines):
        own = [case for case in cases if case.dialect == _ENGINES[name]]
        try:
            scores.append(_scored(name, own, limit))
        except (_Missing, ModuleNotFoundError, SetupError) as exc:
            skipped[name] = str(exc)
            click.echo(f"{name}: skipped: {exc}", err=True)
    found = score_gold(gold, limit, _note) if gold else Gold()
    summary = summed(scores, found, skipped, left_out)
    shown = summary if as_json else {key: summary[key] for key in _SHOWN}
    # Statements hold line separators that some readers of the last line would break it at.
    click.echo(json.dumps(shown))


class _Missing(Exception):
    """An engine cannot be had here; the text says why."""


def _wanted(engines: str) -> list[str]:
    names = [name.strip() for name in engines.split(",") if name.strip()]
    unknown = [name for name in names if name not in _ENGINES]
    if unknown:
        raise click.UsageError(f"No engine {unknown[0]!r}; known are {', '.join(_ENGINES)}.")
    return names


def _note(text: str) -> None:
    click.echo(text, err=True)


def _scored(name: str, cases: list[Case], limit: int | None) -> Score:
    _note(f"{name}: ...")
    with (
        tempfile.TemporaryDirectory(prefix="tao-attacks-") as folder,
        _TARGETS[name](cases, Path(folder)) as made,
    ):
        target, own = made
        found = score(target, own[:limit], _note)
    refused = sum(outcome.rules is not None or outcome.by_engine for outcome in found.attacks)
    _note(f"{name}: {refused} of {len(found.attacks)} attacks refused; changed: {found.changed or 'nothing'}")
    return found


_Made = tuple[Target, list[Case]]


@contextmanager
def _sqlite(cases: list[Case], folder: Path) -> Iterator[_Made]:
    from benchmarks.sql_safety.sqlite_target import sqlite_target

    with sqlite_target(cases, folder) as target:
        yield target, cases


@contextmanager
def _duckdb(cases: list[Case], folder: Path) -> Iterator[_Made]:
    own = read_duckdb_cases()
    if own is None:
        raise _Missing("There is no file of DuckDB cases.")
    from benchmarks.sql_safety.duckdb_target import duckdb_target

    cases = [*own.cases, *cases]
    with duckdb_target(own.setup, cases, folder) as target:
        yield target, cases


@contextmanager
def _postgres(cases: list[Case], folder: Path) -> Iterator[_Made]:
    from benchmarks.sql_safety.postgres_target import postgres_target

    with postgres_target(cases, folder) as target:
        yield target, cases


@contextmanager
def _mariadb(cases: list[Case], folder: Path) -> Iterator[_Made]:
    from benchmarks.sql_safety.mariadb_target import mariadb_target

    with mariadb_target(cases, folder) as target:
        yield target, cases


_TARGETS: dict[str, Callable[[list[Case], Path], AbstractContextManager[_Made]]] = {
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "postgres": _postgres,
    "mariadb": _mariadb,
}


if __name__ == "__main__":
    main()
