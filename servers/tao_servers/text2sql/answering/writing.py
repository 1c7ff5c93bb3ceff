"""Has a model write statements, and counts what that takes."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from tao.errors import ModelError
from tao.models.chat import ChatModel, ChatRequest, Completion, Message, Usage

__all__ = ["Reply", "Writer"]

_MOST_TOKENS = 500
# For a model that thinks before it writes.
_MOST_WITH_THOUGHTS = 4_000
_CHARS_A_TOKEN = 12


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model wrote, and whether it came to an end by itself."""

    text: str
    is_whole: bool

    @property
    def is_cut_off(self) -> bool:
        """Whether the statement in it may be without its end; what is said after it does not matter."""
        if self.is_whole:
            return False
        before, end, _ = self.text.partition(";")
        is_ended = bool(end) and before.count("'") % 2 == 0
        return not is_ended and self.text.count("```") < 2


class Writer:
    """One model at work on one question; `usage` and `requests` grow with each reply."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.usage = Usage()
        self.requests = 0
        self._room = _MOST_TOKENS

    async def write(self, messages: Sequence[Message], temperature: float) -> Reply:
        """What the model replies; broken off where it does not come to an end.

        Raises:
            ModelError: the model does not answer.
        """
        reply = await self._reply(messages, temperature)
        if reply.is_whole or reply.text.strip() or self._room == _MOST_WITH_THOUGHTS:
            return reply
        # It had no room to write after its thoughts.
        self._room = _MOST_WITH_THOUGHTS
        return await self._reply(messages, temperature)

    async def _reply(self, messages: Sequence[Message], temperature: float) -> Reply:
        request = ChatRequest(messages, max_tokens=self._room, temperature=temperature)
        text, read, whole = "", 0, None
        self.requests += 1
        async with aclosing(self._model.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    whole = piece
                    break
                text += piece.text
                read += len(piece.text) + len(piece.reasoning)
                if read > _CHARS_A_TOKEN * self._room:
                    return Reply(text, is_whole=False)
        if whole is None:
            raise ModelError(f"The model {self._model.name!r} broke off its reply.")
        self.count(whole.usage)
        return Reply(whole.text, whole.finish_reason != "length")

    def count(self, usage: Usage) -> None:
        """Add the tokens of a reply."""
        self.usage = Usage(
            self.usage.prompt_tokens + usage.prompt_tokens,
            self.usage.completion_tokens + usage.completion_tokens,
            self.usage.cached_tokens + usage.cached_tokens,
        )
