"""Spares a run the calls that it has made already."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tao.toolbox.tool import Toolbox, ToolResult
from tao.toolbox.wrapper import Wrapper

__all__ = ["NoRepeats"]


class NoRepeats(Wrapper):
    """A toolbox for one run that answers the very same call to a reading, idempotent tool from memory.

    The model is told so, since a small one repeats a call that failed until its steps run out.
    """

    def __init__(self, inner: Toolbox) -> None:
        super().__init__(inner)
        self._results: dict[str, ToolResult] = {}

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call, unless the result is known."""
        repeatable = any(tool.read_only and tool.idempotent for tool in self.tools if tool.name == name)
        if not repeatable:
            return await self.inner.call(name, arguments)
        key = json.dumps([name, arguments], sort_keys=True, ensure_ascii=False, default=str)
        known = self._results.get(key)
        if known is None:
            known = self._results[key] = await self.inner.call(name, arguments)
            return known
        note = "(You made this very call before; its result stays the same. Use it, or do something else.)"
        return replace(known, text=f"{note}\n{known.text}")
