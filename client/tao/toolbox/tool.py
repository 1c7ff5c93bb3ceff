"""What the loop knows of a tool, of its result, and of whatever holds the tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Passage", "ToolResult", "ToolSpec", "Toolbox", "said_by"]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool, under the name `server__tool` by which the model calls it.

    A `secondary` one is not shown to a model that can only be shown a few; `secondary_parameters` are left
    out of the line that shows it.
    """

    name: str
    description: str
    input_schema: Mapping[str, Any]
    read_only: bool = False
    idempotent: bool = False
    auto_approve: bool = False
    secondary: bool = False
    secondary_parameters: tuple[str, ...] = ()

    @property
    def server(self) -> str:
        """The part of the name before the first `__`."""
        return self.name.split("__", 1)[0]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a result that can be cited by itself."""

    id: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call gave; an error is a result too, and `text` says what to do next.

    `own` is what the tool itself said, where `text` has a word of ours to the model beside it.
    """

    text: str
    is_error: bool = False
    passages: tuple[Passage, ...] = ()
    own: str | None = None

    @property
    def evidence(self) -> str:
        """What an answer may rest on: the tool's own words."""
        return self.text if self.own is None else self.own


def said_by(tool: str, arguments: Mapping[str, Any]) -> str:
    """What to call a result that has no sources of its own: the call that gave it."""
    return f"{tool}({'; '.join(map(str, arguments.values()))})"


class Toolbox(Protocol):
    """Something that holds tools and calls them: the servers, or a wrapper round another toolbox."""

    @property
    def tools(self) -> Sequence[ToolSpec]:
        """The tools in a fixed order."""
        ...

    def expect(self, name: str) -> None:
        """Take notice that the tool `name` is likely to be called next."""
        ...

    async def current(self, name: str) -> ToolSpec | None:
        """The tool as its server describes it now, which `tools` may not know yet; None without one."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a tool. Whatever goes wrong inside is a result with `is_error`."""
        ...
