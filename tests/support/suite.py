"""The tools of the four servers, in memory, under the names that the agent and its model use."""

from pathlib import Path

from mcp import Client

from tao.models.embeddings import BundledEmbedder
from tao.settings import WeatherSettings
from tao.toolbox import ServerEntry, ToolSpec
from tao.toolbox.replies import tool_spec
from tao_servers.get_info.profile import BUILT_IN, load_profile
from tao_servers.get_info.server import build_server as get_info
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.retrieving import Searcher
from tao_servers.knowledge.server import build_server as knowledge
from tao_servers.knowledge.tools import Library
from tao_servers.text2sql.server import build_server as text2sql
from tao_servers.text2sql.tools import Databases
from tao_servers.weather.server import build_server as weather

__all__ = ["default_suite"]


async def default_suite(folder: Path) -> list[ToolSpec]:
    """What `agent servers` lists for the repository's own server list; `folder` is an empty store."""
    embedder = BundledEmbedder()
    with Library(Place(folder), lambda place: Searcher(place, embedder)) as library:
        servers = {
            "knowledge": knowledge(library),
            "get_info": get_info(load_profile(BUILT_IN)),
            "text2sql": text2sql(Databases(())),
            "weather": weather(WeatherSettings()),
        }
        found = []
        for name, server in servers.items():
            async with Client(server) as client:
                for tool in (await client.list_tools()).tools:
                    found.append(tool_spec(name, tool, ServerEntry(type="stdio", command=name)))
        return found
