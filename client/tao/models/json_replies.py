"""Asks a chat model for a JSON object and reads it back."""

import json
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from tao.errors import ModelError, PromptTooLongError
from tao.models.chat import ChatModel, ChatRequest, Completion, Message

__all__ = ["JsonModel", "read_object"]

# What an endpoint answers that cannot hold a schema.
_REFUSED = (400, 404, 422, 500, 501)
# Mending takes as long as the square of the length, and nothing else goes on meanwhile.
_MENDED_CHARS = 4000


class JsonModel:
    """A chat model that is held to a schema where its endpoint can do that.

    A reply of more than `most_chars`, reasoning included, is broken off; `max_tokens` goes to the endpoint.
    """

    def __init__(self, model: ChatModel, *, most_chars: int, max_tokens: int | None = None) -> None:
        self._model = model
        self._most_chars = most_chars
        self._max_tokens = max_tokens
        self._holds_schemas = True

    async def reply(self, prompt: str, schema: Mapping[str, Any]) -> Completion:
        """What it replies, which is JSON of that form only where the endpoint saw to that.

        Raises:
            ModelError: the model does not answer.
            ValueError: it does not come to an end.
        """
        form = {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": schema}}
        if self._holds_schemas:
            try:
                return await self._whole(prompt, form)
            except ModelError as exc:
                if exc.status not in _REFUSED or isinstance(exc, PromptTooLongError):
                    raise
        whole = await self._whole(prompt, None)
        # It answers without one: so the schema was what it refused.
        self._holds_schemas = False
        return whole

    async def ask(self, prompt: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The object that it replies with, with the errors of `reply` and of `read_object`."""
        return read_object((await self.reply(prompt, schema)).text)

    async def _whole(self, prompt: str, form: Mapping[str, Any] | None) -> Completion:
        request = ChatRequest([Message("user", prompt)], response_format=form, max_tokens=self._max_tokens)
        chars = 0
        whole: Completion | None = None
        async with aclosing(self._model.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    whole = piece
                    continue
                chars += len(piece.text) + len(piece.reasoning)
                if chars > self._most_chars:
                    raise ValueError(f"its reply is longer than {self._most_chars:,} characters")
        if whole is None:
            raise ModelError(f"The model {self._model.name!r} broke off its reply.")
        return whole


def read_object(text: str) -> dict[str, Any]:
    """The JSON object in a reply, mended where it is broken; its form is not checked.

    Raises:
        ValueError: there is none, or it is nested too deeply.
    """
    import json_repair

    start = text.find("{")
    if start < 0:
        raise ValueError(f"it wrote no JSON object but {text[:80]!r}")
    try:
        try:
            value = json.loads(text[start:])
        except ValueError:
            value = json_repair.loads(text[start : start + _MENDED_CHARS])
    except RecursionError as exc:
        raise ValueError("it wrote JSON that is nested too deeply") from exc
    if not isinstance(value, dict):
        raise ValueError(f"it wrote no JSON object but {text[:80]!r}")
    return value
