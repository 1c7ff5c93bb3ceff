"""What a model's reply means, whichever dialect it was written in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tao.models.chat import ChatRequest, Completion, Message
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language

__all__ = ["ASK", "FINISH", "OWN_ACTIONS", "Call", "Dialect", "Glimpse", "Step", "UnreadableStep"]

FINISH = "finish"
ASK = ToolSpec(
    "ask_user",
    "Ask the user back when the question cannot be understood without them.",
    {
        "type": "object",
        "properties": {"question": {"type": "string"}},
        "required": ["question"],
        "additionalProperties": False,
    },
)
"""Asking back, described like a tool; it ends the run, and no toolbox has it."""
OWN_ACTIONS = frozenset({FINISH, ASK.name})


class UnreadableStep(ValueError):
    """A reply that is no step; the text is for the model: what was wrong, and what is expected.

    `prose` is what it says all the same: once something was observed, a small model often answers so.
    """

    def __init__(self, message: str, *, prose: str = "") -> None:
        super().__init__(message)
        self.prose = prose


@dataclass(frozen=True, slots=True)
class Call:
    """A tool and its arguments, as the model gave them.

    `id` is the endpoint's own, where the call came natively. `written` is the text of the arguments where
    they came as text: for whoever corrects the tool's name, since a bare text is only an argument once its
    tool is known.
    """

    tool: str
    arguments: Mapping[str, Any]
    written: str = field(default="", compare=False)
    id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """A thought and either calls or the answer; with an answer, `calls` is empty.

    With `asks`, the answer is a question back to the user.
    """

    thought: str
    calls: tuple[Call, ...] = ()
    answer: str | None = None
    asks: bool = False


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
        """`"tools"`, `"schema"` or `"text"`."""
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

    def read(self, completion: Completion, tools: Sequence[ToolSpec]) -> Step:
        """Read a whole reply.

        Raises:
            UnreadableStep: it is no step.
        """
        ...

    def recorded(self, completion: Completion) -> Message:
        """The reply as it enters the history: without anything that only a tool may say."""
        ...

    def written(self, step: Step) -> Message:
        """A step as this dialect would have had it written."""
        ...

    def observed(self, step: Step, results: Sequence[str]) -> Sequence[Message]:
        """The results of a step's calls, each framed already, as they enter the history."""
        ...
