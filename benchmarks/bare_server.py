"""The measure of start-up: an SDK server with one empty tool and nothing of Tao."""

from mcp.server import MCPServer

server = MCPServer("bare")


@server.tool()
def nothing() -> None:
    """Do nothing."""


if __name__ == "__main__":
    server.run()
