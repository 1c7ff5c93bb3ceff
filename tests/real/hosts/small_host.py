"""A host to be killed: it starts the server of its arguments and calls `nap`, which never answers."""

import os
import sys

import anyio
from mcp import Client, StdioServerParameters


async def _run(marker: str, command: str, arguments: list[str]) -> None:
    parameters = StdioServerParameters(command=command, args=arguments, env=dict(os.environ))
    async with Client(parameters) as client:
        await client.call_tool("nap", {"marker": marker})


if __name__ == "__main__":
    anyio.run(_run, sys.argv[1], sys.argv[2], sys.argv[3:])
