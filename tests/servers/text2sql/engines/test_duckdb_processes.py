"""The processes that DuckDB runs in."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.duckdb import DuckdbEngine
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.stopping import Stop

WORKER = [sys.executable, "-m", "tao_servers.text2sql.engines.duckdb.worker"]
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS a")
    return tmp_path / "a.duckdb"


@pytest.mark.real
def test_a_process_whose_server_was_killed_ends_in_the_middle_of_a_statement(path: Path) -> None:
    limits = {"max_rows": 1, "timeout": 3_600.0, "max_cell": 10, "max_bytes": 100, "max_scan": 1e9}
    request = {"do": "read", "path": str(path), "sql": ENDLESS, "limits": limits}
    with subprocess.Popen(WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert json.loads(worker.stdout.readline()) == {"value": "ready"}
        try:
            # It closes stdin, as the system does for whoever is killed.
            rest, _ = worker.communicate(json.dumps(request).encode() + b"\n", timeout=30)
        finally:
            worker.kill()
    assert rest == b""
    assert worker.returncode == 0


def test_no_module_of_the_current_folder_is_loaded(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A host may start the server in a folder that the user only looked into.
    for module in ("json", "duckdb", "contextlib"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('not mine')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with closing(DuckdbEngine(Database("a", str(path)))) as engine:
        assert engine.run("SELECT a FROM t", Limits(), Stop()).rows == [[7]]
