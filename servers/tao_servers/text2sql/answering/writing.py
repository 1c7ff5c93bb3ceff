"""Has a model write statements, and counts what that takes."""

from collections.abc import Sequence
from contextlib import aclosing

from tao.errors import ModelError
from tao.models.chat import ChatModel, ChatRequest, Completion, Message, Usage

__all__ = ["Writer"]

_MOST_TOKENS = 500
_MOST_CHARS = 6_000


class Writer:
    """One model at work on one question; `usage` and `requests` grow with each reply."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.usage = Usage()
        self.requests = 0

    @property
    def name(self) -> str:
        """The name of the model."""
        return self._model.name

    async def write(self, messages: Sequence[Message], temperature: float) -> str:
        """What the model replies; broken off where it does not come to an end.

        Raises:
            ModelError: the model does not answer.
        """
        request = ChatRequest(messages, max_tokens=_MOST_TOKENS, temperature=temperature)
        text, read, whole = "", 0, None
        self.requests += 1
        async with aclosing(self._model.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    whole = piece
                    break
                text += piece.text
                read += len(piece.text) + len(piece.reasoning)
                if read > _MOST_CHARS:
                    return text
        if whole is None:
            raise ModelError(f"The model {self._model.name!r} broke off its reply.")
        self.count(whole.usage)
        return whole.text

    def count(self, usage: Usage) -> None:
        """Add the tokens of a reply."""
        self.usage = Usage(
            self.usage.prompt_tokens + usage.prompt_tokens,
            self.usage.completion_tokens + usage.completion_tokens,
            self.usage.cached_tokens + usage.cached_tokens,
        )
