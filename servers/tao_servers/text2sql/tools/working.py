"""Runs a tool's blocking work; what goes wrong is told to the model."""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter
from mcp.server.mcpserver.exceptions import ToolError

from tao_servers.text2sql.errors import Text2sqlError
from tao_servers.text2sql.stopping import Stop
from tao_servers.text2sql.threads import in_place

__all__ = ["in_thread"]

_Value = TypeVar("_Value")


async def in_thread(work: Callable[[Stop], _Value], places: CapacityLimiter) -> _Value:
    """What `work` gives, once a place is free for it; a cancelled call stops the work.

    Raises:
        ToolError: with the text of what went wrong.
    """
    try:
        return await in_place(work, places)
    except Text2sqlError as exc:
        raise ToolError(str(exc)) from exc
