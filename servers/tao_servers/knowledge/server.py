"""The MCP face of knowledge."""

from mcp.server import MCPServer

from tao_servers.knowledge.tools import (
    Desk,
    Library,
    add_answer_prompt,
    add_list_sources,
    add_read_source,
    add_resources,
    add_search_knowledge,
)
from tao_servers.serving.server import make_server

__all__ = ["build_server"]


def build_server(
    library: Library, *, desk: Desk | None = None, ingest_command: str = "tao-knowledge ingest PATH..."
) -> MCPServer:
    """Make the server over the collections of one store.

    With a `desk` documents can be added and removed, else only read. `ingest_command` is what fills the
    store.
    """
    server = make_server(
        "knowledge",
        title="Private documents",
        instructions="Search in the user's own documents, with file and line. 查用户自己的资料。",
    )
    add_search_knowledge(server, library, ingest_command=ingest_command)
    add_read_source(server, library)
    add_list_sources(server, library)
    if desk is not None:
        # What takes documents in is imported only for those who may do so.
        from tao_servers.knowledge.tools.writing import add_writing_tools

        add_writing_tools(server, library, desk)
    add_resources(server, library)
    add_answer_prompt(server, library, ingest_command=ingest_command)
    return server
