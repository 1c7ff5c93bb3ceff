"""The same model with its replies bounded by a grammar, one for each grammar."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr

from benchmarks.model_cache import Replies
from benchmarks.text2sql.identifiers import Bound
from benchmarks.text2sql.opening import Endpoint
from tao.models.chat import ChatModel
from tao.models.openai import OpenAIChat
from tao.settings import ModelSettings

__all__ = ["bounding", "grammar_fields"]


def grammar_fields(grammar: str) -> dict[str, Any]:
    """The request's fields for a grammar: llama.cpp reads the first, vLLM (from 0.12) the second.

    Each passes over the other's.
    """
    return {"grammar": grammar, "structured_outputs": {"grammar": grammar}}


@asynccontextmanager
async def bounding(
    there: Endpoint,
    settings: ModelSettings,
    replies: Callable[[ModelSettings], Replies],
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncGenerator[Bound, None]:
    """What opens the model of `there` for a grammar; the `replies` depend on that, too."""
    opened: dict[str, tuple[ChatModel, Replies]] = {}

    async with AsyncExitStack() as stack:

        async def bound(grammar: str) -> tuple[ChatModel, Replies]:
            if grammar not in opened:
                own = settings.model_copy(
                    update={"extra_body": settings.extra_body | grammar_fields(grammar)}
                )
                where: dict[str, Any] = {"base_url": there.base_url, "name": there.name}
                key = {"api_key": SecretStr(there.api_key), "api_key_env": None} if there.api_key else {}
                model = OpenAIChat.from_settings(own.model_copy(update=where | key), transport=transport)
                opened[grammar] = await stack.enter_async_context(model), replies(own)
            return opened[grammar]

        yield bound
