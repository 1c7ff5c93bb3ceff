"""The MCP face of text2sql."""

from mcp.server import MCPServer

from tao_servers.serving.server import make_server
from tao_servers.text2sql.tools import Databases, add_tools

__all__ = ["build_server"]


def build_server(databases: Databases) -> MCPServer:
    """Make the server for these databases, which the caller closes.

    Without any, each tool tells how to name one.
    """
    server = make_server(
        "text2sql",
        title="SQL database",
        instructions="The user's databases, read-only. Write the SQL yourself: list_tables, describe_table,"
        " find_values for texts to filter on, check_sql when unsure, then run_sql. 查数据库，只读。",
    )
    add_tools(server, databases)
    return server
