"""The attack and honest cases of the benchmark, against the engine alone."""

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.duckdb import DuckdbEngine
from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.stopping import Stop

_FILE = Path(__file__).parents[3] / "benchmarks" / "sql_safety" / "duckdb_cases.toml"
_CASES = tomllib.loads(_FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cases") / "cases.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(_CASES["setup"])
    return path


@pytest.fixture(scope="module")
def engine(path: Path) -> Iterator[DuckdbEngine]:
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    engine = DuckdbEngine(Database("cases", str(path)))
    yield engine
    engine.close()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [p.name for p in path.parent.iterdir()] == ["cases.duckdb"]


def _cases(expect: str) -> list[Any]:
    return [
        pytest.param(case["sql"], id=case["sql"][:60]) for case in _CASES["case"] if case["expect"] == expect
    ]


@pytest.mark.parametrize("sql", _cases("block"))
def test_the_engine_alone_refuses_an_attack(engine: DuckdbEngine, sql: str) -> None:
    with pytest.raises((QueryRefused, QueryFailed)) as caught:
        engine.run(sql, Limits(), Stop())
    # A time limit or a crash would be no refusal.
    assert "stopped" not in str(caught.value)
    assert "ended without an answer" not in str(caught.value)


@pytest.mark.parametrize("sql", _cases("allow"))
def test_the_engine_runs_an_honest_statement(engine: DuckdbEngine, sql: str) -> None:
    assert engine.run(sql, Limits(), Stop()).columns
