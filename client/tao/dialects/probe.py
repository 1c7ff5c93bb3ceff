"""Finds out, by two tiny requests, which dialect an endpoint and its model can hold."""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Literal

import anyio
import anyio.to_thread

from tao.errors import ModelError
from tao.models.chat import ChatModel, ChatRequest, Completion, Message

__all__ = ["probed"]

_Found = Literal["tools", "schema", "text"]
_KINDS: tuple[_Found, ...] = ("tools", "schema", "text")
_SECONDS = 60.0
# Nearly none for a model that does as it is told, and enough for one that thinks before.
_MAX_TOKENS = 1024
_REFUSED = (400, 404, 422, 500, 501)
_CALL = ChatRequest(
    [Message("user", "What is the weather in Paris? Call the function.")],
    tools=[
        {
            "type": "function",
            "function": {
                "name": "get_weather",
                "description": "Weather of a city.",
                "parameters": {
                    "type": "object",
                    "properties": {"city": {"type": "string"}},
                    "required": ["city"],
                },
            },
        }
    ],
    max_tokens=_MAX_TOKENS,
)
# A word that no model says by itself: it comes only where the schema is held.
_WORD = "chartreuse"
_SCHEMA = ChatRequest(
    [Message("user", "Say hello in JSON.")],
    response_format={
        "type": "json_schema",
        "json_schema": {
            "name": "probe",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {"word": {"const": _WORD}},
                "required": ["word"],
                "additionalProperties": False,
            },
        },
    },
    max_tokens=_MAX_TOKENS,
)


async def probed(model: ChatModel, base_url: str, memory: Path) -> _Found:
    """What the model at `base_url` can do: real calls, else a schema that is held, else neither.

    It is asked once, and `memory` remembers the finding. An endpoint that cannot be reached is not judged,
    and one that takes too long, perhaps since it still loads the model, gets the schema for this time.

    Raises:
        ModelError: the endpoint cannot be reached, or failed.
    """
    key = f"{base_url} {model.name}"
    known = (await anyio.to_thread.run_sync(_read, memory)).get(key)
    for one in _KINDS:
        if known == one:
            return one
    try:
        found = await _find(model)
    except TimeoutError:
        return "schema"
    await anyio.to_thread.run_sync(_remember, memory, key, found)
    return found


async def _find(model: ChatModel) -> _Found:
    called = await _ask(model, _CALL)
    if called is not None and any(_is_meant(call.name, call.arguments) for call in called.tool_calls):
        return "tools"
    held = await _ask(model, _SCHEMA)
    return "schema" if held is not None and _holds(held.text) else "text"


async def _ask(model: ChatModel, request: ChatRequest) -> Completion | None:
    """The reply; None when the endpoint refuses such a request.

    Raises:
        TimeoutError: it takes too long over it.
    """
    try:
        with anyio.fail_after(_SECONDS):
            async with aclosing(model.stream(request)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        return piece
    except ModelError as exc:
        if exc.status not in _REFUSED:
            raise
    return None


def _is_meant(name: str, arguments: str) -> bool:
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return False
    return name == "get_weather" and isinstance(value, dict) and "paris" in str(value.get("city")).casefold()


def _holds(text: str) -> bool:
    try:
        return bool(json.loads(text) == {"word": _WORD})
    except (ValueError, RecursionError):
        return False


def _read(memory: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(memory: Path, key: str, found: str) -> None:
    # What cannot be remembered is asked again next time.
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**_read(memory), key: found}, ensure_ascii=False, indent=1)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=memory.parent, delete=False) as file:
            file.write(text)
        os.replace(file.name, memory)
