"""What the conformance suite runs as the client: our toolbox's connection, which calls each tool listed.

The suite gives the address as the last argument, and the calls that it wants to see in the environment.
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import anyio
from mcp import MCPError
from mcp.types import Tool

from tao.toolbox.config import ServerEntry
from tao.toolbox.transport import open_client

_VALUES: dict[str, Any] = {"integer": 5, "number": 5, "boolean": True, "array": []}
_SECONDS = 20


async def main(url: str, wanted: list[dict[str, Any]]) -> None:
    """Connect, list, call, leave."""
    entry = ServerEntry(type="streamableHttp", url=url)
    with anyio.fail_after(_SECONDS):
        async with open_client(entry, {}, sys.stderr) as client:
            tools = (await client.list_tools()).tools
            for name, arguments in _calls(tools, wanted):
                try:
                    await client.call_tool(name, arguments)
                except MCPError as exc:
                    sys.stderr.write(f"{name}: {exc}\n")


def _calls(tools: list[Tool], wanted: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    if wanted:
        yield from ((call["name"], call["arguments"]) for call in wanted)
    else:
        # The suite's echo tool wants an object: the schema of the first tool, as it reached us.
        values = _VALUES | {"object": tools[0].input_schema} if tools else _VALUES
        yield from ((tool.name, _arguments(tool, values)) for tool in tools)


def _arguments(tool: Tool, values: dict[str, Any]) -> dict[str, Any]:
    properties = tool.input_schema.get("properties", {})
    required = tool.input_schema.get("required", [])
    return {name: values.get(properties[name].get("type"), "x") for name in required}


if __name__ == "__main__":
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    anyio.run(main, sys.argv[-1], context.get("toolCalls", []))
