"""What holds for all servers, through the face that hosts see."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mcp import Client, MCPError
from mcp.server import MCPServer
from mcp.types import INVALID_PARAMS

from tao.models.embeddings import BundledEmbedder
from tao.settings import WeatherSettings
from tao_servers.get_info.profile import BUILT_IN, load_profile
from tao_servers.get_info.server import build_server as build_get_info
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.retrieving import Searcher
from tao_servers.knowledge.server import build_server as build_knowledge
from tao_servers.knowledge.tools import Library
from tao_servers.text2sql.server import build_server as build_text2sql
from tao_servers.text2sql.tools import Databases
from tao_servers.weather.server import build_server as build_weather

BUILDERS: dict[str, Callable[[Path], MCPServer]] = {
    "get_info": lambda _: build_get_info(load_profile(BUILT_IN)),
    "knowledge": lambda folder: build_knowledge(
        Library(Place(folder), lambda place: Searcher(place, BundledEmbedder()))
    ),
    "text2sql": lambda _: build_text2sql(Databases(())),
    "weather": lambda _: build_weather(WeatherSettings()),
}
each_server = pytest.mark.parametrize("name", BUILDERS)
each_era = pytest.mark.parametrize("mode", ["legacy", "auto"])


@each_server
async def test_every_server_says_what_it_is_for(name: str, tmp_path: Path) -> None:
    async with Client(BUILDERS[name](tmp_path)) as client:
        assert client.instructions
        assert client.server_info is not None
        assert (client.server_info.name, bool(client.server_info.title)) == (name, True)


@each_server
@each_era
async def test_tools_are_listed_alike_each_time(name: str, mode: str, tmp_path: Path) -> None:
    async with Client(BUILDERS[name](tmp_path), mode=mode) as client:
        first = await client.list_tools()
    async with Client(BUILDERS[name](tmp_path), mode=mode) as client:
        second = await client.list_tools()
    assert first.tools == second.tools
    assert first.tools


@each_server
async def test_every_parameter_is_described_and_every_tool_honest(name: str, tmp_path: Path) -> None:
    async with Client(BUILDERS[name](tmp_path)) as client:
        tools = (await client.list_tools()).tools
    for tool in tools:
        assert tool.description
        assert tool.output_schema
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.title
        for parameter in tool.input_schema["properties"].values():
            assert parameter["description"]


@each_server
@each_era
async def test_an_unknown_tool_is_a_protocol_error(name: str, mode: str, tmp_path: Path) -> None:
    async with Client(BUILDERS[name](tmp_path), mode=mode) as client:
        known = (await client.list_tools()).tools[0].name
        for wrong in ("", known.upper(), "x" * 100_000):
            with pytest.raises(MCPError) as refused:
                await client.call_tool(wrong, {})
            assert refused.value.error.code == INVALID_PARAMS
            assert known in refused.value.error.message
            assert len(refused.value.error.message) < 300


@each_server
async def test_lists_say_how_long_they_stay_fresh(name: str, tmp_path: Path) -> None:
    async with Client(BUILDERS[name](tmp_path)) as client:
        tools = await client.list_tools()
        prompts = await client.list_prompts()
    assert (tools.ttl_ms, tools.cache_scope) == (300_000, "public")
    assert (prompts.ttl_ms, prompts.cache_scope) == (300_000, "public")


@each_server
@each_era
async def test_a_resource_that_there_is_not_is_a_protocol_error(name: str, mode: str, tmp_path: Path) -> None:
    async with Client(BUILDERS[name](tmp_path), mode=mode) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource("tao://nothing")
    assert refused.value.error.code == INVALID_PARAMS
