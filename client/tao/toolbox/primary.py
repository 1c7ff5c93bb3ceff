"""Shows a small model the tools that most questions need."""

from collections.abc import Sequence

from tao.toolbox.tool import ToolSpec
from tao.toolbox.wrapper import Wrapper

__all__ = ["Primary", "primary"]

_FEW = 8


class Primary(Wrapper):
    """A toolbox that lists the primary tools alone when there are many; any tool can still be called.

    Each tool in its prompt costs the embedded model about half a second, and makes the right one harder to
    choose.
    """

    @property
    def tools(self) -> Sequence[ToolSpec]:
        """The tools that a small model is shown."""
        return primary(self.inner.tools)


def primary(tools: Sequence[ToolSpec]) -> Sequence[ToolSpec]:
    """All of a few tools; of many, those that their server does not call secondary."""
    return tools if len(tools) <= _FEW else [tool for tool in tools if not tool.secondary]
