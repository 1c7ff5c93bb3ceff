"""What is put round a toolbox to change how it calls."""

from collections.abc import Mapping, Sequence
from typing import Any

from tao.toolbox.tool import Toolbox, ToolResult, ToolSpec

__all__ = ["Wrapper"]


class Wrapper:
    """A toolbox that passes everything on; a subclass changes one thing."""

    def __init__(self, inner: Toolbox) -> None:
        self.inner = inner

    @property
    def tools(self) -> Sequence[ToolSpec]:
        """The tools of the toolbox inside."""
        return self.inner.tools

    def expect(self, name: str) -> None:
        """Let the toolbox inside prepare."""
        self.inner.expect(name)

    async def current(self, name: str) -> ToolSpec | None:
        """The tool as the toolbox inside has it now."""
        return await self.inner.current(name)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call."""
        return await self.inner.call(name, arguments)
