"""Asks a chat model for a JSON object and reads it back."""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from tao.errors import ModelError, PromptTooLongError
from tao.models.chat import ChatModel, ChatRequest, Completion, Message

__all__ = ["JsonModel"]

# What an endpoint answers that cannot hold a schema.
_REFUSED = (400, 404, 422, 500, 501)
_REPLY_CHARS = 20_000
_REPLY_TOKENS = 512
_OBJECT_CHARS = 4000


class JsonModel:
    """A chat model that is held to a schema where its endpoint can do that."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self._holds_schemas = True

    async def ask(self, prompt: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The object that it replies with, mended where it is broken, whose form is not checked.

        Raises:
            ModelError: the model does not answer.
            ValueError: it wrote no object, or does not come to an end.
        """
        form = {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": schema}}
        if self._holds_schemas:
            try:
                return _read_object(await self._text(prompt, form))
            except ModelError as exc:
                if exc.status not in _REFUSED or isinstance(exc, PromptTooLongError):
                    raise
        text = await self._text(prompt, None)
        # It answers without one: so the schema was what it refused.
        self._holds_schemas = False
        return _read_object(text)

    async def _text(self, prompt: str, form: Mapping[str, Any] | None) -> str:
        request = ChatRequest([Message("user", prompt)], response_format=form, max_tokens=_REPLY_TOKENS)
        chars = 0
        async with aclosing(self._model.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    return piece.text
                chars += len(piece.text) + len(piece.reasoning)
                if chars > _REPLY_CHARS:
                    raise ValueError(f"its reply is longer than {_REPLY_CHARS:,} characters")
        raise ModelError(f"The model {self._model.name!r} broke off its reply.")


def _read_object(text: str) -> dict[str, Any]:
    import json_repair

    start = text.find("{")
    try:
        # Mending takes as long as the square of the length, and nothing else goes on meanwhile.
        value = json_repair.loads(text[start : start + _OBJECT_CHARS]) if start >= 0 else None
    except RecursionError as exc:
        raise ValueError("it wrote JSON that is nested too deeply") from exc
    if not isinstance(value, dict):
        raise ValueError(f"it wrote no JSON object but {text[:80]!r}")
    return value
