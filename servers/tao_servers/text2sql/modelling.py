"""The chat model that the server itself uses, beside the one that its host may be using."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager

import anyio

from tao.models.chat import ChatModel, ChatRequest, Completion, Delta
from tao.settings import ModelSettings
from tao_servers.text2sql.errors import SetupError

__all__ = ["NO_MODEL", "late_model", "own_settings"]

Opened = Callable[[ModelSettings], AbstractAsyncContextManager[ChatModel]]

NO_MODEL = (
    "Writing SQL by itself takes a chat model, and none is set: set TAO_MODEL_BASE_URL (base_url in [model] of"
    " tao.toml) to an OpenAI-compatible endpoint, or TAO_MODEL_NAME=local for the embedded one. Without it, write"
    " the SQL yourself: list_tables, describe_table, then run_sql."
)
# Of the two slots of the embedded model an agent's conversation takes the first, being the first to come.
_OWN_SLOT = 1


def own_settings(settings: ModelSettings) -> ModelSettings:
    """The settings for requests of our own, which leave an agent's prompt in the embedded model's cache."""
    if settings.base_url is not None:
        return settings
    return settings.model_copy(update={"extra_body": {"id_slot": _OWN_SLOT} | settings.extra_body})


@asynccontextmanager
async def late_model(
    settings: ModelSettings, *, opened: Opened | None = None
) -> AsyncGenerator[ChatModel, None]:
    """The model of the settings, which its first request opens.

    Raises:
        SetupError: by the first request: no model is set.
    """
    async with AsyncExitStack() as stack:
        yield _LateModel(own_settings(settings), opened or _open, stack)


def _open(settings: ModelSettings) -> AbstractAsyncContextManager[ChatModel]:
    # It brings an HTTP client, for which a server without a model need not wait.
    from tao.models.opening import open_model

    return open_model(settings)


class _LateModel:
    """A model that is opened by its first request and closed with `stack`."""

    def __init__(self, settings: ModelSettings, opened: Opened, stack: AsyncExitStack) -> None:
        self.name = settings.name or ""
        self._settings = settings
        self._opened = opened
        self._stack = stack
        self._opening = anyio.Lock()
        self._model: ChatModel | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        async with aclosing((await self._ready()).stream(request)) as pieces:
            async for piece in pieces:
                yield piece

    async def _ready(self) -> ChatModel:
        async with self._opening:
            if self._model is None:
                if self._settings.base_url is None and self._settings.name is None:
                    raise SetupError(NO_MODEL)
                self._model = await self._stack.enter_async_context(self._opened(self._settings))
            return self._model
