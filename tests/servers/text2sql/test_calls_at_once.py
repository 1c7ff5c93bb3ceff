"""Many calls at once, on one database and on several."""

from pathlib import Path

import anyio
from mcp import Client
from mcp.types import CallToolResult

from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.server import build_server
from tao_servers.text2sql.tools import Databases
from tests.support.sql_server import database_at, text_of

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


async def test_calls_are_stopped_however_many_wait_for_it(shop: Path) -> None:
    # More than the forty threads that a process shares.
    databases = Databases([database_at(shop, connections=45, limits=Limits(timeout=600.0))])
    with anyio.fail_after(60), databases:
        async with Client(build_server(databases)) as client:
            with anyio.move_on_after(1):
                async with anyio.create_task_group() as group:
                    for _ in range(45):
                        group.start_soon(client.call_tool, "run_sql", {"sql": ENDLESS})
            reply = await client.call_tool("run_sql", {"sql": "SELECT 1"})
    assert "1 row." in text_of(reply)


async def test_many_calls_of_every_kind_are_all_answered(shop: Path) -> None:
    calls = [
        ("list_tables", {}),
        ("describe_table", {"table": "orders"}),
        ("find_values", {"text": "上海"}),
        ("run_sql", {"sql": "SELECT count(*) FROM orders"}),
    ]
    replies: list[CallToolResult] = []
    databases = Databases([database_at(shop)])
    with anyio.fail_after(60), databases:
        async with Client(build_server(databases)) as client:

            async def ask(number: int) -> None:
                replies.append(await client.call_tool(*calls[number % len(calls)]))

            async with anyio.create_task_group() as group:
                for number in range(60):
                    group.start_soon(ask, number)
    assert [reply.is_error for reply in replies] == [False] * 60
