"""Cuts long lists into pages, with a cursor that any replica understands."""

import base64
import binascii
from typing import Any

from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.types import INVALID_PARAMS

__all__ = ["Pages"]

_LISTS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}


class Pages:
    """SDK middleware: at most `size` items of a list in one reply.

    The SDK answers every list whole and takes any cursor for the first page, which a client that follows
    cursors would read for ever.
    """

    def __init__(self, size: int = 50) -> None:
        self._size = size

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        result = await call_next(ctx)
        key = _LISTS.get(ctx.method)
        if key is None or not isinstance(result, dict):
            return result
        cursor = (ctx.params or {}).get("cursor")
        items = result[key]
        start = 0 if cursor is None else self._start(ctx.method, cursor, len(items))
        end = start + self._size
        page = result | {key: items[start:end]}
        return page | {"nextCursor": _cursor(ctx.method, end)} if end < len(items) else page

    def _start(self, method: str, cursor: str, count: int) -> int:
        try:
            listed, _, number = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
            start = int(number)
        except (ValueError, binascii.Error):
            listed, start = "", 0
        if listed != method or start not in range(self._size, count, self._size):
            raise MCPError(
                code=INVALID_PARAMS,
                message=f"{cursor[:60]!r} is no cursor of this list. Ask for it without one, then page on.",
            )
        return start


def _cursor(method: str, start: int) -> str:
    return base64.urlsafe_b64encode(f"{method}:{start}".encode()).decode()
