"""Keeps an observation short enough for a model to read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tao.toolbox.tool import Toolbox, ToolResult
from tao.toolbox.wrapper import Wrapper

__all__ = ["Cut"]


class Cut(Wrapper):
    """A toolbox whose results have about `limit` characters at most; the head and the tail are kept."""

    def __init__(self, inner: Toolbox, limit: int) -> None:
        super().__init__(inner)
        self._limit = limit

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call, then cut."""
        result = await self.inner.call(name, arguments)
        if len(result.text) <= self._limit:
            return result
        head, tail = self._limit * 3 // 4, self._limit // 4
        left_out = len(result.text) - head - tail
        text = f"{result.text[:head]}\n[... {left_out} characters left out ...]\n{result.text[-tail:]}"
        return replace(result, text=text)
