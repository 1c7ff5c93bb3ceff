"""Calls the tools of text2sql in memory."""

import json
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.types import CallToolResult

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.server import build_server
from tao_servers.text2sql.tools import Databases

__all__ = ["called", "data_of", "database_at", "size_of", "text_of"]


def database_at(path: Path, **options: Any) -> Database:
    """The database of a file, called after it."""
    return Database(path.stem, str(path), **options)


async def called(databases: Databases, tool: str, **arguments: Any) -> CallToolResult:
    """What a tool gives; the databases are closed afterwards."""
    with databases:
        async with Client(build_server(databases)) as client:
            return await client.call_tool(tool, arguments)


def text_of(reply: CallToolResult) -> str:
    """The text of a result."""
    return "".join(part.text for part in reply.content if part.type == "text")


def data_of(reply: CallToolResult) -> dict[str, Any]:
    """The structured content of a result that is no error."""
    assert not reply.is_error, text_of(reply)
    found: dict[str, Any] | None = reply.structured_content
    assert found is not None
    return found


def size_of(reply: CallToolResult) -> int:
    """Characters of both forms together."""
    return len(text_of(reply)) + len(json.dumps(reply.structured_content, ensure_ascii=False))
