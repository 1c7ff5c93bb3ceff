"""The MCP face of text2sql."""

from functools import partial

from anyio import Lock
from mcp.server import MCPServer

from tao.settings import ModelSettings
from tao_servers.serving.server import make_server
from tao_servers.text2sql.modelling import model_of
from tao_servers.text2sql.tools import Asking, Databases, add_resources, add_tools

__all__ = ["build_server"]


def build_server(databases: Databases, asking: Asking | None = None) -> MCPServer:
    """Make the server for these databases, which the caller closes.

    Without any, each tool tells how to name one. Without `asking`, questions go to the embedded model where
    that is running.
    """
    server = make_server(
        "text2sql",
        title="SQL database",
        instructions="The user's databases, read-only. Write the SQL yourself: list_tables, describe_table,"
        " find_values for texts to filter on, check_sql when unsure, then run_sql; or have ask_database write"
        " it. 查数据库，只读。",
    )
    add_tools(server, databases, asking or Asking(partial(model_of, ModelSettings(), turn=Lock())))
    add_resources(server, databases)
    return server
