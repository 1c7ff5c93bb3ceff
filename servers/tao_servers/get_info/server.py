"""The MCP face of get_info."""

from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from tao_servers.get_info.profile import Page, Profile
from tao_servers.serving.results import result
from tao_servers.serving.server import make_server

__all__ = ["build_server"]


def build_server(profile: Profile) -> MCPServer:
    """Make the server for one profile."""
    server = make_server(
        "get_info",
        title="Public pages",
        instructions="Public pages of one person, by channel. 个人主页、账号的网址。",
    )
    names = "、".join(profile.channels)

    @server.tool(
        description=f"Address of {profile.name}'s public page on one channel: {names}. "
        f"查个人主页、账号的网址。 Use it for any question about {profile.name}'s site, account or "
        "profile page.",
        annotations=ToolAnnotations(
            title="Public pages", read_only_hint=True, idempotent_hint=True, open_world_hint=False
        ),
    )
    async def get_my_info(
        channel: Annotated[str, Field(description=f"One of: {names}")],
    ) -> Annotated[CallToolResult, Page]:
        page = profile.find(channel)
        if page is None:
            raise ToolError(
                f"无效的渠道名称：{channel[:60]!r}。请使用以下之一：{names}。"
                " (There is no such channel; use one of these.)"
            )
        return result(f"{page.name} · {page.channel}: {page.url}", page)

    return server
