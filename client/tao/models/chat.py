"""What the loop and the servers need of a chat model; every form of model meets this protocol."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

__all__ = ["ChatModel", "ChatRequest", "Completion", "Delta", "Message", "Usage"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked of a model in one request.

    `response_format` is the OpenAI field of that name; `stop` ends the reply before any of its texts.
    """

    messages: Sequence[Message]
    response_format: Mapping[str, Any] | None = None
    stop: Sequence[str] = ()
    max_tokens: int | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply as it streams in."""

    text: str = ""
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or several requests."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole reply.

    `text` has no `<think>` block: that is in `reasoning`. `first_token_seconds` and `seconds` count from
    the moment at which the request that succeeded was sent.
    """

    text: str
    reasoning: str = ""
    finish_reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    first_token_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def seconds_per_token(self) -> float:
        """Seconds between two tokens, after the first one."""
        return (self.seconds - self.first_token_seconds) / max(1, self.usage.completion_tokens - 1)


class ChatModel(Protocol):
    """A model that streams chat replies."""

    @property
    def name(self) -> str:
        """The model's name, as the endpoint knows it."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        """Yield the reply piece by piece, then, last, the whole as a `Completion`.

        Close the generator (`contextlib.aclosing`) to stop the model.

        Raises:
            ModelError: with one line that says what was wrong and what to do.
        """
        ...
