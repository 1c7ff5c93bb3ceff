"""Keeps an observation short enough for a model to read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tao.toolbox.tool import Toolbox, ToolResult
from tao.toolbox.wrapper import Wrapper

__all__ = ["Cut"]

_NOTE = "\n[... {} characters left out ...]\n"


class Cut(Wrapper):
    """A toolbox whose results have at most `limit` characters; the head and the tail are kept."""

    def __init__(self, inner: Toolbox, limit: int) -> None:
        super().__init__(inner)
        self._limit = limit

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call, then cut."""
        result = await self.inner.call(name, arguments)
        if len(result.text) <= self._limit:
            return result
        whole = len(result.text)
        kept = max(0, self._limit - len(_NOTE.format(whole)))
        head = kept * 3 // 4
        tail = result.text[whole - kept + head :]
        return replace(result, text=result.text[:head] + _NOTE.format(whole - kept) + tail)
