"""Spares a run the calls that it has made already."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tao.toolbox.tool import Toolbox, ToolResult
from tao.toolbox.wrapper import Wrapper

__all__ = ["NoRepeats"]

_AGAIN = "(You made this very call before; its result stays the same. Use it, or do something else.)"
_PATIENCE = 3


@dataclass
class _Made:
    """A call that was made: its last result, and how often that came one after another."""

    result: ToolResult
    times: int = 1


class NoRepeats(Wrapper):
    """A toolbox for one run that tells the model when it calls for what it has.

    A reading, idempotent tool's result is given again from memory. Any other call is made anew, since its
    result may change; when it has given the very same result twice, it is not made a third time.
    """

    def __init__(self, inner: Toolbox) -> None:
        super().__init__(inner)
        self._made: dict[str, _Made] = {}
        self._told = 0
        self._told_now = False

    @property
    def stuck(self) -> bool:
        """Whether the model was told in three steps in a row, and goes on repeating itself."""
        return self._told >= _PATIENCE

    def next_step(self) -> None:
        """Take notice that the model has seen what it was told: within one step it is told but once."""
        self._told_now = False

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call, unless the result is known."""
        key = json.dumps([name, arguments], sort_keys=True, ensure_ascii=False, default=str)
        made = self._made.get(key)
        if made is not None and (made.times > 1 or (self._repeatable(name) and not made.result.is_error)):
            return self._again(made.result)
        result = await self.inner.call(name, arguments)
        if made is None or made.result.text != result.text:
            self._made[key] = _Made(result)
            self._told = 0
            return result
        made.times += 1
        return self._again(result)

    def _repeatable(self, name: str) -> bool:
        return any(tool.read_only and tool.idempotent for tool in self.tools if tool.name == name)

    def _again(self, result: ToolResult) -> ToolResult:
        self._told += not self._told_now
        self._told_now = True
        return replace(result, text=f"{_AGAIN}\n{result.text}", own=result.evidence)
