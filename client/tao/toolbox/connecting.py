"""Connects to a server without making anybody wait for the MCP SDK to load before it is needed."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TextIO

import anyio.to_thread

from tao.toolbox.config import ServerEntry

if TYPE_CHECKING:
    from mcp import Client

__all__ = ["connect"]


@asynccontextmanager
async def connect(
    entry: ServerEntry, environment: Mapping[str, str], stderr: TextIO
) -> AsyncGenerator["Client", None]:
    """An open client of the server of `entry`; what a stdio server writes to its stderr goes to `stderr`."""
    # In a thread, so that a model that streams meanwhile is not held up.
    open_client = await anyio.to_thread.run_sync(_load, abandon_on_cancel=True)
    async with open_client(entry, environment, stderr) as client:
        yield client


def _load() -> Any:
    from tao.toolbox.transport import open_client

    return open_client
