"""The chat model that the server itself uses, beside the agent that may be using the same one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from tao.errors import ModelError
from tao.models.chat import ChatModel
from tao.settings import ModelSettings
from tao_servers.text2sql.errors import SetupError

__all__ = ["Models", "model_of", "own_settings"]

Models = Callable[[], AbstractAsyncContextManager[ChatModel]]
"""Opens the model for one question."""

_NO_MODEL = (
    "ask_database writes SQL with a chat model, and none is set. Set TAO_MODEL_BASE_URL (base_url in [model]"
    " of tao.toml) to an OpenAI-compatible endpoint, or TAO_MODEL_NAME=local for the embedded one. Or write"
    " the SQL yourself: list_tables, describe_table, then run_sql."
)
# An agent's conversation takes the first slot of the embedded model, being there first.
_OWN_SLOT = 1


def own_settings(settings: ModelSettings) -> ModelSettings:
    """The settings for requests of our own, which leave an agent's prompt in the embedded model's cache."""
    if settings.base_url is not None:
        return settings
    return settings.model_copy(update={"extra_body": {"id_slot": _OWN_SLOT} | settings.extra_body})


@asynccontextmanager
async def model_of(settings: ModelSettings) -> AsyncGenerator[ChatModel, None]:
    """The model of the settings; without one, the embedded model where it is running already.

    Raises:
        SetupError: no model is set, and none is running.
        ConfigError: there is no such model.
        ModelError: it cannot be reached, or started.
    """
    # It brings an HTTP client, for which a server that is never asked need not wait.
    from tao.models.local.catalog import CATALOG
    from tao.models.opening import open_model

    async with AsyncExitStack() as stack:
        if settings.base_url is not None or settings.name is not None:
            yield await stack.enter_async_context(open_model(own_settings(settings)))
            return
        for name in CATALOG:
            running = settings.model_copy(update={"name": name})
            try:
                model = await stack.enter_async_context(open_model(own_settings(running), start=False))
            except ModelError:
                continue
            yield model
            return
        raise SetupError(_NO_MODEL)
