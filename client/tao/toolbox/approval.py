"""Asks before a call that may change something."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tao.toolbox.tool import Toolbox, ToolResult, ToolSpec
from tao.toolbox.wrapper import Wrapper

__all__ = ["Approval", "Approver"]

Approver = Callable[[ToolSpec, Mapping[str, Any]], Awaitable[bool]]


class Approval(Wrapper):
    """A toolbox that lets a tool without `read_only` run only when `approve` says so.

    A tool on the `autoApprove` list of its server's entry is not asked about.
    """

    def __init__(self, inner: Toolbox, approve: Approver) -> None:
        super().__init__(inner)
        self._approve = approve

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Ask where it must, then call."""
        tool = await self.inner.current(name)
        if tool is None or tool.read_only or tool.auto_approve or await self._approve(tool, arguments):
            return await self.inner.call(name, arguments)
        return ToolResult(
            f"The user did not approve {name}, which may change something. Go on without it.", is_error=True
        )
