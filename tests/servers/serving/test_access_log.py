"""One line for each call; in it what an audit needs, and nothing of what was asked."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client, MCPError
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, Implementation, RequestParamsMeta
from pydantic import BaseModel

from tao_servers.serving.access import digest
from tao_servers.serving.logs import log_handler
from tao_servers.serving.results import result
from tao_servers.serving.server import make_server

SECRET = "身份证 110101199003070000"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Found(BaseModel):
    passages: list[str]
    rows: list[list[int]]


def library(called: anyio.Event | None = None) -> MCPServer:
    server = make_server("library", title="Library", instructions="Books.")

    @server.tool()
    async def look_up(query: str) -> CallToolResult:
        """Look up."""
        if query == "fail":
            raise ToolError("No.")
        if query == "wait":
            assert called is not None
            called.set()
            await anyio.sleep_forever()
        return result("found", Found(passages=["a", "b"], rows=[[1], [2], [3]]))

    return server


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "access.log"
    ours = logging.getLogger("tao_servers")
    handler = log_handler("json", path)
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    yield path
    ours.removeHandler(handler)
    ours.setLevel(logging.NOTSET)
    handler.close()


def traced(parent: object) -> RequestParamsMeta:
    return cast(RequestParamsMeta, {"traceparent": parent})


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_a_call_leaves_one_line_with_its_counts_and_no_argument(log: Path) -> None:
    async with Client(library(), client_info=Implementation(name="codex", version="0.169")) as client:
        await client.list_tools()
        await client.call_tool("look_up", {"query": SECRET}, meta=traced(TRACE))
    (line,) = lines(log)
    assert SECRET not in json.dumps(line, ensure_ascii=False)
    assert (line["server"], line["tool"], line["client"]) == ("library", "look_up", "codex 0.169")
    assert (line["outcome"], line["passages"], line["rows"]) == ("ok", 2, 3)
    assert line["arguments"] == digest({"query": SECRET})
    assert line["trace"] == TRACE
    assert isinstance(line["seconds"], float)
    assert str(line["time"])[10] == "T"


async def test_failures_are_logged_as_such(log: Path) -> None:
    async with Client(library()) as client:
        await client.call_tool("look_up", {"query": "fail"})
        await client.call_tool("look_up", {"wrong": 1})
        with pytest.raises(MCPError):
            await client.call_tool("steal\nINFO call tool=look_up outcome=ok", {})
    assert [line["outcome"] for line in lines(log)] == ["error", "error", "error"]


async def test_a_cancelled_call_is_logged_as_cancelled(log: Path) -> None:
    called = anyio.Event()
    with anyio.fail_after(5):
        async with Client(library(called)) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "look_up", {"query": "wait"})
            await called.wait()
            tasks.cancel_scope.cancel()
    assert [line["outcome"] for line in lines(log)] == ["cancelled"]


async def test_at_the_level_warning_a_call_leaves_nothing(log: Path) -> None:
    logging.getLogger("tao_servers").setLevel(logging.WARNING)
    async with Client(library()) as client:
        await client.call_tool("look_up", {"query": "x"})
    assert lines(log) == []


@pytest.mark.parametrize("trace", ["", "x" * 10_000, TRACE + "\n", TRACE.upper(), 7, {"a": 1}])
async def test_a_trace_that_is_none_is_left_out(log: Path, trace: object) -> None:
    async with Client(library()) as client:
        await client.call_tool("look_up", {"query": "x"}, meta=traced(trace))
    (line,) = lines(log)
    assert "trace" not in line


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_client_is_known_in_both_eras(log: Path, mode: str) -> None:
    info = Implementation(name="c" * 500, version="1")
    async with Client(library(), client_info=info, mode=mode) as client:
        await client.call_tool("look_up", {"query": "x"})
    (line,) = lines(log)
    assert line["client"] == "c" * 80


def text_line(tmp_path: Path, message: str, **fields: object) -> str:
    path = tmp_path / "text.log"
    handler = log_handler("text", path)
    handler.emit(
        logging.makeLogRecord(
            {"name": "x", "msg": message, "levelno": 20, "levelname": "INFO", "fields": fields}
        )
    )
    handler.close()
    return path.read_text(encoding="utf-8")


def test_a_text_line_cannot_be_broken_by_what_is_in_it(tmp_path: Path) -> None:
    line = text_line(
        tmp_path, "Invalid Host: a\nb\x1b[2J", tool='a b="c"\n\x1b[31m', client="上海", rows=3, none=""
    )
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert r"Invalid Host: a\nb\x1b[2J" in line
    assert r'tool="a b=\"c\"\n\u001b[31m" client=上海 rows=3 none=""' in line


def test_a_log_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    log_handler("json", path).close()
    assert path.stat().st_mode & 0o077 == 0


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_the_digest_does_not_depend_on_the_order_of_arguments(arguments: dict[str, object]) -> None:
    assert digest(arguments) == digest(dict(reversed(arguments.items())))
    assert len(digest(arguments)) == 16


def test_a_digest_tells_arguments_apart_and_survives_what_is_no_json() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert digest({"a": 1}) != digest({"a": "1"})
    assert len(digest({"a": "\ud800"})) == 16
    assert digest({"a": b"x"}) == "-"
    assert digest(deep) == "-"
