"""What the loop and the servers need of a chat model; every form of model meets this protocol."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

__all__ = ["ChatModel", "ChatRequest", "Completion", "Delta", "Message", "ToolCall", "Usage"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A native call: the function's name, and its arguments as the JSON text that the model wrote."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    One of the assistant may carry native calls; one of a tool names the call that it answers.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The message as the chat completions API takes it."""
        value: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            value["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in self.tool_calls
            ]
        if self.tool_call_id is not None:
            value["tool_call_id"] = self.tool_call_id
        return value


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked of a model in one request.

    `response_format` and `tools` are the OpenAI fields of those names; `stop` ends the reply before any of
    its texts.
    """

    messages: Sequence[Message]
    response_format: Mapping[str, Any] | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    stop: Sequence[str] = ()
    max_tokens: int | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply as it streams in; `tool` names a native call that has begun."""

    text: str = ""
    reasoning: str = ""
    tool: str = ""


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
    tool_calls: tuple[ToolCall, ...] = field(default=(), kw_only=True)
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
