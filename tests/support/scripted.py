"""One scripted model and one scripted toolbox, for every test that needs them."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio.lowlevel

from tao.models.chat import ChatRequest, Completion, Delta, Usage
from tao.toolbox import ToolResult, ToolSpec

__all__ = ["ScriptedModel", "ScriptedToolbox", "tool"]


class ScriptedModel:
    """Gives its replies one after another, a few characters at a time, and keeps what it was asked."""

    name = "scripted"

    def __init__(self, *replies: str | Completion | Exception) -> None:
        self._replies = list(replies)
        self.requests: list[ChatRequest] = []
        self.left_early = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        self.requests.append(request)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, str):
            reply = Completion(reply, finish_reason="stop", usage=Usage(100, len(reply), 50))
        done = False
        try:
            for start in range(0, len(reply.text), 3):
                await anyio.lowlevel.checkpoint()
                yield Delta(text=reply.text[start : start + 3])
            yield reply
            done = True
        finally:
            self.left_early += not done


def tool(name: str, *parameters: str, read_only: bool = True, description: str = "Does things.") -> ToolSpec:
    """A tool whose parameters are all required strings."""
    schema = {
        "type": "object",
        "properties": {parameter: {"type": "string"} for parameter in parameters},
        "required": list(parameters),
    }
    return ToolSpec(name, description, schema, read_only=read_only, idempotent=read_only)


class ScriptedToolbox:
    """Tools that are Python functions."""

    def __init__(self, *tools: tuple[ToolSpec, Callable[[Mapping[str, Any]], Awaitable[ToolResult]]]) -> None:
        self.tools: Sequence[ToolSpec] = [spec for spec, _ in tools]
        self._handlers = {spec.name: handler for spec, handler in tools}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.expected: list[str] = []

    def expect(self, name: str) -> None:
        self.expected.append(name)

    async def current(self, name: str) -> ToolSpec | None:
        return next((tool for tool in self.tools if tool.name == name), None)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        self.calls.append((name, dict(arguments)))
        if name not in self._handlers:
            return ToolResult(f"There is no tool {name!r}.", is_error=True)
        return await self._handlers[name](arguments)
