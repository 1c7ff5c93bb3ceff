import base64

import pytest
from mcp import Client, MCPError
from mcp.server import MCPServer
from mcp.types import INVALID_PARAMS

from tao_servers.serving.server import make_server


def crowd(count: int) -> MCPServer:
    server = make_server("crowd", title="Crowd", instructions="Many.")

    def nothing() -> str:
        return ""

    for number in range(count):
        server.add_tool(nothing, name=f"tool_{number}", description="Nothing.")
    return server


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_long_list_comes_in_pages_in_its_order(mode: str) -> None:
    names: list[str] = []
    pages = 0
    cursor: str | None = None
    async with Client(crowd(120), mode=mode) as client:
        while cursor or not pages:
            page = await client.list_tools(cursor=cursor)
            names += [tool.name for tool in page.tools]
            cursor = page.next_cursor
            pages += 1
    assert names == [f"tool_{number}" for number in range(120)]
    assert pages == 3


@pytest.mark.parametrize("count", [0, 1, 50])
async def test_a_short_list_comes_whole(count: int) -> None:
    async with Client(crowd(count)) as client:
        page = await client.list_tools()
    assert len(page.tools) == count
    assert page.next_cursor is None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "上海",
        "9" * 10_000,
        base64.urlsafe_b64encode(b"tools/list:0").decode(),
        base64.urlsafe_b64encode(b"tools/list:51").decode(),
        base64.urlsafe_b64encode(b"tools/list:-50").decode(),
        base64.urlsafe_b64encode(b"tools/list:200").decode(),
        base64.urlsafe_b64encode(b"prompts/list:50").decode(),
        base64.urlsafe_b64encode(b"tools/list:\xff").decode(),
    ],
)
async def test_a_cursor_that_was_never_given_is_refused(cursor: str) -> None:
    async with Client(crowd(120)) as client:
        with pytest.raises(MCPError) as refused:
            await client.list_tools(cursor=cursor)
    assert refused.value.error.code == INVALID_PARAMS
    assert "without one" in refused.value.error.message
    assert len(refused.value.error.message) < 300


async def test_a_list_without_further_pages_knows_no_cursor() -> None:
    async with Client(crowd(1)) as client:
        with pytest.raises(MCPError):
            await client.list_resources(cursor="x")
