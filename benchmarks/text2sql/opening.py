"""Opens the model so that its address is known, too: another program is to use the same one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from tao.models.local.process import LocalModel
from tao.models.openai import OpenAIChat
from tao.settings import ModelSettings

__all__ = ["Endpoint", "opened"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model with its address, and how many requests it serves side by side."""

    model: OpenAIChat
    name: str
    base_url: str
    api_key: str
    slots: int


@asynccontextmanager
async def opened(
    settings: ModelSettings, say: Callable[[str], None], slots: int | None = None
) -> AsyncGenerator[Endpoint, None]:
    """The model of the settings: the endpoint's, or the embedded one of that name.

    Raises:
        ConfigError: there is no such model.
        ModelError: it cannot be reached, or started.
    """
    if settings.base_url is not None:
        async with OpenAIChat.from_settings(settings) as model:
            name = await model.identify()
            key = settings.api_key.get_secret_value() if settings.api_key else ""
            yield Endpoint(model, name, settings.base_url, key, slots or 4)
        return
    async with LocalModel(settings.name or "local", idle_seconds=settings.idle_seconds, say=say) as local:
        there = {"base_url": local.base_url, "name": local.name, "api_key": SecretStr(local.api_key)}
        async with OpenAIChat.from_settings(
            settings.model_copy(update=there | {"api_key_env": None})
        ) as model:
            yield Endpoint(model, local.name, local.base_url, local.api_key, slots or 1)
