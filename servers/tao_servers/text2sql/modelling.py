"""The chat model that the server itself uses, beside the agent that may be using the same one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from tao.errors import ConfigError, ModelError
from tao.models.chat import ChatModel
from tao.settings import ModelSettings

__all__ = ["Models", "model_of", "own_settings"]

Models = Callable[[], AbstractAsyncContextManager[ChatModel]]
"""Opens the model for one question."""

_NO_MODEL = (
    "Writing SQL takes a chat model, and none is set. Set TAO_MODEL_BASE_URL (base_url in [model] of"
    " tao.toml) to an OpenAI-compatible endpoint such as http://127.0.0.1:8000/v1, or TAO_MODEL_NAME=local"
    " (for a command, --model local) for the embedded one, which `agent model pull local` fetches."
)
# An agent's conversation takes the first slot of the embedded model, being there first.
_OWN_SLOT = 1


def own_settings(settings: ModelSettings) -> ModelSettings:
    """The settings for requests of our own, which leave an agent's prompt in the embedded model's cache."""
    if settings.base_url is not None:
        return settings
    return settings.model_copy(update={"extra_body": {"id_slot": _OWN_SLOT} | settings.extra_body})


@asynccontextmanager
async def model_of(
    settings: ModelSettings, *, notify: Callable[[str], None] = lambda line: None
) -> AsyncGenerator[ChatModel, None]:
    """The model of the settings; without one, the embedded model where it is running already.

    `notify` gets a line when opening it takes long.

    Raises:
        ConfigError: no model is set and none is running, or there is no such model.
        ModelError: it cannot be reached, or started.
    """
    # It brings an HTTP client, for which a server that is never asked need not wait.
    from tao.models.local.catalog import CATALOG
    from tao.models.opening import open_model

    async with AsyncExitStack() as stack:
        if settings.base_url is not None or settings.name is not None:
            yield await stack.enter_async_context(open_model(own_settings(settings), notify=notify))
            return
        for name in CATALOG:
            running = settings.model_copy(update={"name": name})
            try:
                model = await stack.enter_async_context(open_model(own_settings(running), start=False))
            except ModelError:
                continue
            yield model
            return
        raise ConfigError(_NO_MODEL)
