"""Opens the chat model that the settings name: an endpoint, or an embedded model in its own process."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from pydantic import SecretStr

from tao.models.chat import ChatModel
from tao.models.local.process import LocalModel
from tao.models.openai import OpenAIChat
from tao.settings import ModelSettings

__all__ = ["DEFAULT_MODEL", "open_model"]

DEFAULT_MODEL = "local"


@asynccontextmanager
async def open_model(
    settings: ModelSettings, *, notify: Callable[[str], None] = lambda text: None, start: bool = True
) -> AsyncGenerator[ChatModel, None]:
    """The model of the settings, ready to answer; `notify` gets a line when that takes long.

    With a `base_url` it is the endpoint's; else the embedded one of that name, `local` by default. Without
    `start` an embedded one is used only when it is running already.

    Raises:
        ConfigError: there is no such embedded model, and no endpoint is set.
        ModelError: the embedded model is not on this machine or does not start.
    """
    if settings.base_url is not None:
        async with OpenAIChat.from_settings(settings) as model:
            yield model
        return
    name = settings.name or DEFAULT_MODEL
    async with LocalModel(name, idle_seconds=settings.idle_seconds, say=notify, start=start) as local:
        endpoint = settings.model_copy(
            update={
                "base_url": local.base_url,
                "name": local.name,
                "api_key": SecretStr(local.api_key),
                "api_key_env": None,
            }
        )
        async with OpenAIChat.from_settings(endpoint) as model:
            yield model
