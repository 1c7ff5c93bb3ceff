import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TextIO

import anyio
import pytest
from mcp import Client
from mcp.server import MCPServer, Server
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ListToolsResult, TextContent, Tool, ToolAnnotations

from tao.settings import AgentSettings
from tao.toolbox import Approval, ServerEntry, Servers, ToolListCache, ToolResult, ToolSpec
from tao.toolbox.connecting import connect as connect_for_real
from tao.toolbox.session import Connect

ENTRY = ServerEntry(type="stdio", command="somewhere")


def shop() -> MCPServer:
    server = MCPServer("shop", log_level="ERROR")

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def price(item: str) -> str:
        """Price of an item."""
        if item == "nothing":
            raise ToolError("There is no item 'nothing'. Try 'shoe'.")
        return f"{item}: 399"

    @server.tool()
    async def hang() -> str:
        """Never ends."""
        await anyio.sleep_forever()
        return ""

    return server


class Memory:
    """Connects to servers in memory, counts the connections, and fails where there is no server."""

    def __init__(self, **servers: MCPServer) -> None:
        self._servers = servers
        self.opened: list[str] = []

    def for_entry(
        self, entry: ServerEntry, environment: Mapping[str, str], stderr: TextIO
    ) -> AbstractAsyncContextManager[Client]:
        return self._open(entry.args[0], stderr)

    @asynccontextmanager
    async def _open(self, name: str, stderr: TextIO) -> AsyncGenerator[Client, None]:
        if name not in self._servers:
            stderr.write("ImportError: no module named everything\n")
            raise OSError("it ended")
        self.opened.append(name)
        async with Client(self._servers[name]) as client:
            yield client


def toolbox(
    names: list[str],
    connect: Connect,
    folder: Path,
    said: list[str] | None = None,
    **settings: float,
) -> Servers:
    return Servers(
        {name: ENTRY.model_copy(update={"args": (name,)}) for name in names},
        settings=AgentSettings.model_validate(settings),
        environ={},
        cache=ToolListCache(folder),
        notify=(said if said is not None else []).append,
        connect=connect,
    )


async def test_tools_carry_their_servers_name(tmp_path: Path) -> None:
    memory = Memory(shop=shop())
    with anyio.fail_after(5):
        async with toolbox(["shop"], memory.for_entry, tmp_path) as servers:
            await servers.load()
            assert [tool.name for tool in servers.tools] == ["shop__price", "shop__hang"]
            assert [tool.read_only for tool in servers.tools] == [True, False]
            result = await servers.call("shop__price", {"item": "鞋"})
    assert result.text == "鞋: 399"


async def test_a_known_server_starts_only_when_a_tool_of_it_is_called(tmp_path: Path) -> None:
    memory = Memory(shop=shop(), other=shop())
    with anyio.fail_after(5):
        async with toolbox(["shop", "other"], memory.for_entry, tmp_path) as servers:
            await servers.load()
        memory.opened.clear()
        async with toolbox(["shop", "other"], memory.for_entry, tmp_path) as servers:
            await servers.load()
            assert memory.opened == []
            assert len(servers.tools) == 4
            await servers.call("other__price", {"item": "x"})
            assert memory.opened == ["other"]


async def test_an_expected_server_is_ready_and_not_started_twice(tmp_path: Path) -> None:
    memory = Memory(shop=shop())
    with anyio.fail_after(5):
        async with toolbox(["shop"], memory.for_entry, tmp_path) as servers:
            await servers.load()
        memory.opened.clear()
        async with toolbox(["shop"], memory.for_entry, tmp_path) as servers:
            await servers.load()
            servers.expect("shop__price")
            servers.expect("shop__price")
            await servers.call("shop__price", {"item": "x"})
    assert memory.opened == ["shop"]


async def test_a_list_that_changed_is_replaced_in_the_cache(tmp_path: Path) -> None:
    changed = shop()
    with anyio.fail_after(5):
        async with toolbox(["shop"], Memory(shop=shop()).for_entry, tmp_path) as servers:
            await servers.load()
        changed.remove_tool("hang")
        memory = Memory(shop=changed)
        async with toolbox(["shop"], memory.for_entry, tmp_path) as servers:
            await servers.load()
            await servers.call("shop__price", {"item": "x"})
        async with toolbox(["shop"], memory.for_entry, tmp_path) as servers:
            await servers.load()
            assert [tool.name for tool in servers.tools] == ["shop__price"]


async def test_cancelling_a_call_cancels_it_on_the_server(tmp_path: Path) -> None:
    begun, stopped = anyio.Event(), anyio.Event()
    server = MCPServer("slow", log_level="ERROR")

    @server.tool()
    async def wait() -> str:
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()
        return ""

    with anyio.fail_after(5):
        async with toolbox(["slow"], Memory(slow=server).for_entry, tmp_path) as servers:
            await servers.load()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(servers.call, "slow__wait", {})
                await begun.wait()
                tasks.cancel_scope.cancel()
            await stopped.wait()


async def test_a_server_whose_code_has_changed_is_asked_for_its_tools_again(tmp_path: Path) -> None:
    code = tmp_path / "my" / "server.py"
    code.parent.mkdir()
    entry = ENTRY.model_copy(update={"env": {"PYTHONPATH": str(tmp_path)}})
    cache = ToolListCache(tmp_path / "cache")
    tools = (ToolSpec("my__tool", "Does things.", {}),)
    code.write_text("old = 1", encoding="utf-8")
    cache.write("my", entry, {}, tools)
    assert cache.read("my", entry, {}) == tools
    code.write_text("changed = 12", encoding="utf-8")
    assert cache.read("my", entry, {}) is None


def damage(folder: Path) -> None:
    for file in folder.iterdir():
        file.write_bytes(b'[{"name": 1, "x": \xff')


async def test_a_damaged_cache_file_counts_as_none(tmp_path: Path) -> None:
    memory = Memory(shop=shop())
    with anyio.fail_after(5):
        async with toolbox(["shop"], memory.for_entry, tmp_path) as servers:
            await servers.load()
        damage(tmp_path)
        async with toolbox(["shop"], memory.for_entry, tmp_path) as servers:
            await servers.load()
            assert len(servers.tools) == 2
    assert memory.opened == ["shop", "shop"]


async def test_a_server_that_does_not_start_is_named_with_its_stderr_and_the_rest_go_on(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    with anyio.fail_after(5):
        async with toolbox(["broken", "shop"], Memory(shop=shop()).for_entry, tmp_path, said) as servers:
            await servers.load()
            assert [tool.server for tool in servers.tools] == ["shop", "shop"]
    (text,) = said
    assert "'broken' did not start: it ended" in text
    assert "no module named everything" in text


async def test_a_silent_server_is_given_up_at_the_limit(tmp_path: Path) -> None:
    @asynccontextmanager
    async def silent(
        entry: ServerEntry, environment: Mapping[str, str], stderr: TextIO
    ) -> AsyncGenerator[Client, None]:
        await anyio.sleep_forever()
        yield Client(shop())

    said: list[str] = []
    with anyio.fail_after(5):
        async with toolbox(["mute"], silent, tmp_path, said, connect_timeout=0.05) as servers:
            await servers.load()
    assert "no answer within 0.05 s" in said[0]


async def test_a_tools_error_is_a_result_in_the_servers_own_words(tmp_path: Path) -> None:
    with anyio.fail_after(5):
        async with toolbox(["shop"], Memory(shop=shop()).for_entry, tmp_path) as servers:
            await servers.load()
            result = await servers.call("shop__price", {"item": "nothing"})
            wrong = await servers.call("shop__price", {"itme": "shoe"})
    assert (result.is_error, result.text) == (True, "There is no item 'nothing'. Try 'shoe'.")
    assert wrong.is_error
    assert "item" in wrong.text


async def test_a_call_that_hangs_ends_at_its_limit_and_the_server_lives_on(tmp_path: Path) -> None:
    with anyio.fail_after(5):
        async with toolbox(["shop"], Memory(shop=shop()).for_entry, tmp_path, tool_timeout=0.1) as servers:
            await servers.load()
            hung = await servers.call("shop__hang", {})
            again = await servers.call("shop__price", {"item": "x"})
    assert "no result within 0.1 s" in hung.text
    assert again.text == "x: 399"


async def test_an_unknown_tool_names_the_known_ones(tmp_path: Path) -> None:
    with anyio.fail_after(5):
        async with toolbox(["shop"], Memory(shop=shop()).for_entry, tmp_path) as servers:
            await servers.load()
            result = await servers.call("shop__nothing", {})
    assert result.is_error
    assert "shop__price" in result.text


@pytest.mark.real
async def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    said: list[str] = []
    entry = ServerEntry(type="stdio", command=str(tmp_path / "nowhere"))
    await _load({"gone": entry}, tmp_path, said)
    assert "nowhere" in said[0]
    assert "does not exist" in said[0]


@pytest.mark.real
async def test_a_program_that_dies_at_once_is_named_with_what_it_said(tmp_path: Path) -> None:
    said: list[str] = []
    code = "import sys; sys.stderr.write('我不干了\\n'); sys.exit(3)"
    await _load(
        {"dies": ServerEntry(type="stdio", command=sys.executable, args=("-c", code))}, tmp_path, said
    )
    assert "'dies' did not start" in said[0]
    assert "我不干了" in said[0]


@pytest.mark.real
async def test_an_address_where_nobody_answers_is_reported(tmp_path: Path) -> None:
    said: list[str] = []
    entries = {
        "http": ServerEntry(type="streamableHttp", url="http://127.0.0.1:9/mcp"),
        "sse": ServerEntry(type="sse", url="http://127.0.0.1:9/sse"),
    }
    await _load(entries, tmp_path, said)
    assert sorted(text.split("'")[1] for text in said) == ["http", "sse"]


async def _load(entries: dict[str, ServerEntry], folder: Path, said: list[str]) -> None:
    with anyio.fail_after(20):
        async with Servers(
            entries,
            settings=AgentSettings(connect_timeout=10),
            environ={},
            cache=ToolListCache(folder),
            notify=said.append,
            connect=connect_for_real,
        ) as servers:
            await servers.load()
            assert list(servers.tools) == []


async def refuse(tool: ToolSpec, arguments: Mapping[str, object]) -> bool:
    return False


def writing_shop() -> MCPServer:
    server = MCPServer("shop", log_level="ERROR")

    @server.tool()
    def price(item: str) -> str:
        """Sets a price."""
        return "written"

    return server


async def test_a_tool_that_has_begun_to_write_needs_approval_at_once(tmp_path: Path) -> None:
    with anyio.fail_after(5):
        async with toolbox(["shop"], Memory(shop=shop()).for_entry, tmp_path) as servers:
            await servers.load()
        async with toolbox(["shop"], Memory(shop=writing_shop()).for_entry, tmp_path) as servers:
            await servers.load()
            assert [tool.read_only for tool in servers.tools if tool.name == "shop__price"] == [True]
            result = await Approval(servers, refuse).call("shop__price", {"item": "x"})
    assert result.is_error
    assert "did not approve" in result.text


def odd_server() -> Server[Any]:
    """Breaks its promise about what a tool returns."""

    async def list_tools(context: Any, parameters: Any) -> ListToolsResult:
        promise = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        return ListToolsResult(
            tools=[
                Tool(name="bad", input_schema={"type": "object"}, output_schema=promise),
                Tool(name="slow", input_schema={"type": "object"}),
            ]
        )

    async def call_tool(context: Any, parameters: Any) -> CallToolResult:
        if parameters.name == "slow":
            await called.wait()
            return CallToolResult(content=[TextContent(type="text", text="slow and fine")])
        called.set()
        return CallToolResult(content=[], structured_content={"n": "no number"})

    called = anyio.Event()
    return Server("odd", on_list_tools=list_tools, on_call_tool=call_tool)


async def test_a_reply_that_breaks_its_schema_harms_no_other_call(tmp_path: Path) -> None:
    results: dict[str, ToolResult] = {}

    @asynccontextmanager
    async def connect(
        entry: ServerEntry, environment: Mapping[str, str], stderr: TextIO
    ) -> AsyncGenerator[Client, None]:
        async with Client(odd_server()) as client:
            yield client

    async def call(servers: Servers, name: str) -> None:
        results[name] = await servers.call(name, {})

    with anyio.fail_after(5):
        async with toolbox(["odd"], connect, tmp_path) as servers:
            await servers.load()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call, servers, "odd__slow")
                tasks.start_soon(call, servers, "odd__bad")
    assert results["odd__bad"].is_error
    assert "The call failed" in results["odd__bad"].text
    assert results["odd__slow"].text == "slow and fine"


async def test_a_server_that_fails_is_tried_once_however_many_wait_for_it(tmp_path: Path) -> None:
    said: list[str] = []
    with anyio.fail_after(5):
        async with toolbox(["shop"], Memory(shop=shop()).for_entry, tmp_path) as servers:
            await servers.load()
            await servers.call("shop__price", {"item": "x"})
        attempts: list[str] = []

        @asynccontextmanager
        async def fail(
            entry: ServerEntry, environment: Mapping[str, str], stderr: TextIO
        ) -> AsyncGenerator[Client, None]:
            attempts.append(entry.args[0])
            raise OSError("it ended")
            yield Client(shop())

        async with toolbox(["shop"], fail, tmp_path, said) as servers:
            await servers.load()
            servers.expect("shop__price")
            results = [await servers.call("shop__price", {"item": "x"}) for _ in range(2)]
    assert all(result.is_error for result in results)
    assert attempts == ["shop"]
    assert len(said) == 1


async def test_a_cache_folder_that_cannot_be_written_is_said_once_and_nothing_fails(tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "file"
    folder.touch()
    with anyio.fail_after(5):
        async with toolbox(["shop"], Memory(shop=shop()).for_entry, folder, said) as servers:
            await servers.load()
            result = await servers.call("shop__price", {"item": "x"})
    assert result.text == "x: 399"
    assert len(said) == 1
    assert "cache folder" in said[0]
