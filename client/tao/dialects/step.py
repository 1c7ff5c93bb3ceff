"""What a model's reply means, whichever dialect it was written in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tao.models.chat import ChatRequest, Message
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language

__all__ = ["FINISH", "Call", "Dialect", "Glimpse", "Step", "UnreadableStep"]

FINISH = "finish"


class UnreadableStep(ValueError):
    """A reply that is no step; the text is for the model: what was wrong, and what is expected.

    `prose` is what it says all the same: once something was observed, a small model often answers so.
    """

    def __init__(self, message: str, *, prose: str = "") -> None:
        super().__init__(message)
        self.prose = prose


@dataclass(frozen=True, slots=True)
class Call:
    """A tool and its arguments, as the model gave them."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A thought and either calls or the answer; with an answer, `calls` is empty."""

    thought: str
    calls: tuple[Call, ...] = ()
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What can be told of a reply that is still being written; each field only grows."""

    thought: str = ""
    tools: tuple[str, ...] = ()
    answer: str = ""


class Dialect(Protocol):
    """One way to ask for a step and to read it back."""

    @property
    def name(self) -> str:
        """`"schema"` or `"text"`."""
        ...

    def opening(self, tools: Sequence[ToolSpec], language: Language, now: str) -> list[Message]:
        """The messages before the question: the same for the same tools, language and day (`now`)."""
        ...

    def request(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> ChatRequest:
        """The request for one step."""
        ...

    def glimpse(self, text: str) -> Glimpse:
        """Read a reply so far; never raises."""
        ...

    def read(self, text: str, tools: Sequence[ToolSpec]) -> Step:
        """Read a whole reply.

        Raises:
            UnreadableStep: it is no step.
        """
        ...

    def recorded(self, text: str) -> str:
        """The reply as it enters the history: without anything that only a tool may say."""
        ...
