"""The chat model that the server itself uses, beside the agent that may be using the same one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager

import anyio

from tao.errors import ConfigError, ModelError
from tao.models.chat import ChatModel, ChatRequest, Completion, Delta
from tao.settings import ModelSettings

__all__ = ["InTurn", "Models", "model_of"]

Models = Callable[[], AbstractAsyncContextManager[ChatModel]]
"""Opens the model for one question."""

_NO_MODEL = (
    "Writing SQL takes a chat model, and none is set. Set TAO_MODEL_BASE_URL (base_url in [model] of"
    " tao.toml) to an OpenAI-compatible endpoint such as http://127.0.0.1:8000/v1, or TAO_MODEL_NAME=local"
    " (for a command, --model local) for the embedded one, which `agent model pull local` fetches."
)


class InTurn:
    """A model that is asked one thing at a time by all who share `turn`.

    The embedded model has two slots and takes for a request the one whose prompt is alike, else the one that
    was used least recently. So requests in turn stay in one slot, and an agent's prompt in the other. To name
    the slot (`id_slot`) is no way: with prompts kept in memory besides, llama.cpp gave requests that had to
    wait the replies to others.
    """

    def __init__(self, model: ChatModel, turn: anyio.Lock) -> None:
        self._model = model
        self._turn = turn

    @property
    def name(self) -> str:
        """The name of the model."""
        return self._model.name

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        """Yield the reply once it is this request's turn."""
        async with self._turn, aclosing(self._model.stream(request)) as pieces:
            async for piece in pieces:
                yield piece


@asynccontextmanager
async def model_of(
    settings: ModelSettings,
    *,
    notify: Callable[[str], None] = lambda line: None,
    turn: anyio.Lock | None = None,
) -> AsyncGenerator[ChatModel, None]:
    """The model of the settings; without one, the embedded model where it is running already.

    `notify` gets a line when opening it takes long. Requests to an embedded one go one after another, also
    those of others that are given the same `turn`.

    Raises:
        ConfigError: no model is set and none is running, or there is no such model.
        ModelError: it cannot be reached, or started.
    """
    # It brings an HTTP client, for which a server that is never asked need not wait.
    from tao.models.local.catalog import CATALOG
    from tao.models.opening import open_model

    async with AsyncExitStack() as stack:
        if settings.base_url is not None:
            yield await stack.enter_async_context(open_model(settings, notify=notify))
            return
        turn = turn or anyio.Lock()
        if settings.name is not None:
            yield InTurn(await stack.enter_async_context(open_model(settings, notify=notify)), turn)
            return
        for name in CATALOG:
            running = settings.model_copy(update={"name": name})
            try:
                model = await stack.enter_async_context(open_model(running, start=False))
            except ModelError:
                continue
            yield InTurn(model, turn)
            return
        raise ConfigError(_NO_MODEL)
