"""The MCP face of weather."""

from typing import TYPE_CHECKING, Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from tao.settings import WeatherSettings
from tao_prompts import language_of
from tao_servers.serving.results import result
from tao_servers.serving.server import make_server
from tao_servers.weather.forecast import get_forecast
from tao_servers.weather.openmeteo import WeatherError
from tao_servers.weather.report import Forecast
from tao_servers.weather.wording import describe

if TYPE_CHECKING:
    import httpx

__all__ = ["build_server"]


def build_server(
    settings: WeatherSettings, *, transport: "httpx.AsyncBaseTransport | None" = None
) -> MCPServer:
    """Make the server; `transport` takes the place of the network."""
    server = make_server(
        "weather",
        title="Weather",
        instructions="Weather of a place, now and by day. 查天气。",
    )

    @server.tool(
        name="get_forecast",
        description="Weather at a place, now and by day. 查天气：气温、降水、风。 Only for weather.",
        annotations=ToolAnnotations(
            title="Weather forecast", read_only_hint=True, idempotent_hint=True, open_world_hint=True
        ),
    )
    async def forecast(
        place: Annotated[
            str,
            Field(description="City, in Chinese or English (上海; Paris, Texas), or 'latitude,longitude'"),
        ],
        days: Annotated[int, Field(ge=1, le=16, description="From today on; tomorrow is always there")] = 3,
    ) -> Annotated[CallToolResult, Forecast]:
        try:
            found = await get_forecast(place, max(2, days), settings=settings, transport=transport)
        except WeatherError as exc:
            raise ToolError(str(exc)) from exc
        return result(describe(found, language_of(place)), found)

    return server
