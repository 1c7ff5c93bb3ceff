"""Opens the connection that an entry names. Imported late: the MCP SDK takes most of a second to load."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TextIO

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from tao.toolbox.config import ServerEntry

__all__ = ["open_client"]

_HTTP_TIMEOUT = httpx2.Timeout(30.0, read=300.0)


@asynccontextmanager
async def open_client(
    entry: ServerEntry, environment: Mapping[str, str], stderr: TextIO
) -> AsyncGenerator[Client, None]:
    """Connect to the server of `entry`; what a stdio server writes to its stderr goes to `stderr`."""
    if entry.type == "stdio":
        parameters = StdioServerParameters(
            command=entry.command or "", args=list(entry.args), env=dict(environment), cwd=entry.cwd
        )
        async with Client(stdio_client(parameters, errlog=stderr)) as client:
            yield client
    elif entry.type == "sse":
        async with Client(sse_client(entry.url or "", headers=dict(entry.headers))) as client:
            yield client
    else:
        async with (
            httpx2.AsyncClient(headers=entry.headers, timeout=_HTTP_TIMEOUT) as http,
            Client(streamable_http_client(entry.url or "", http_client=http)) as client,
        ):
            yield client
