"""Opens what rewrites queries, by the settings."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager

import anyio

from tao.errors import ModelError
from tao.models.chat import ChatModel, ChatRequest, Completion, Delta
from tao.settings import ModelSettings, Settings
from tao_servers.knowledge.retrieving.rewriting.closeness import Embed
from tao_servers.knowledge.retrieving.rewriting.model_size import too_small
from tao_servers.knowledge.retrieving.rewriting.rewriter import Bounds, Rewriter

__all__ = ["open_rewriter"]

Opened = Callable[[ModelSettings], AbstractAsyncContextManager[ChatModel]]
# A search waits for it, so that there is no time for the patience of the loop.
_ATTEMPTS = 2
# The embedded models read 64 tokens a second, and may have to be loaded.
_EMBEDDED_SECONDS = 60.0


@asynccontextmanager
async def open_rewriter(
    settings: Settings,
    *,
    embed: Embed | None = None,
    hyde: bool = False,
    bounds: Bounds | None = None,
    opened: Opened | None = None,
) -> AsyncGenerator[Rewriter | None, None]:
    """What rewrites queries with the model of the settings; None where none is set or would gain from it.

    `[model.small]` is taken where it is large enough, else `[model]`; with `rewrite = "always"` the first of
    them, whatever its size. Nothing is asked or started before the first query, and nothing raised: a model
    that cannot be opened is one that does not answer.
    """
    always = settings.knowledge.rewrite == "always"
    chosen = None if settings.knowledge.rewrite == "off" else _chosen(settings.model, always=always)
    if chosen is None:
        yield None
        return
    if bounds is None:
        bounds = Bounds(seconds=_EMBEDDED_SECONDS) if chosen.base_url is None else Bounds()
    async with AsyncExitStack() as stack:
        model = _LateModel(chosen, opened or _open, stack, always=always)
        yield Rewriter(model, embed=embed, hyde=hyde, bounds=bounds)


def _open(settings: ModelSettings) -> AbstractAsyncContextManager[ChatModel]:
    # It brings an HTTP client, for which a server without a model need not wait.
    from tao.models.opening import open_model

    return open_model(settings)


def _chosen(settings: ModelSettings, *, always: bool) -> ModelSettings | None:
    candidates = [settings]
    if settings.small is not None:
        candidates.insert(0, ModelSettings(**settings.small.model_dump()))
    for candidate in candidates:
        name = candidate.name or ""
        if (candidate.base_url is not None or name) and (always or not too_small(name)):
            return candidate.model_copy(update={"attempts": min(_ATTEMPTS, candidate.attempts)})
    return None


class _LateModel:
    """A model that is opened by its first request and closed with `stack`."""

    def __init__(
        self, settings: ModelSettings, opened: Opened, stack: AsyncExitStack, *, always: bool
    ) -> None:
        self.name = settings.name or ""
        self._settings = settings
        self._opened = opened
        self._stack = stack
        self._always = always
        self._opening = anyio.Lock()
        self._model: ChatModel | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        from tao.models.openai import OpenAIChat

        async with self._opening:
            if self._model is None:
                self._model = await self._stack.enter_async_context(self._opened(self._settings))
            model = self._model
        if isinstance(model, OpenAIChat) and not self.name:
            # The endpoint was to choose, and only now says what.
            self.name = await model.identify()
        if not self._always and too_small(self.name):
            raise ModelError(
                f"The model {self.name!r} is too small to gain from rewriting queries "
                "(TAO_KNOWLEDGE_REWRITE=always asks it all the same)."
            )
        async with aclosing(model.stream(request)) as pieces:
            async for piece in pieces:
                yield piece
