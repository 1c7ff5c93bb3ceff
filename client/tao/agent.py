"""The agent: a model and a toolbox, opened together, that answer questions."""

import math
import os
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectSendStream

from tao.dialects import choose_dialects
from tao.errors import ConfigError, ServerError
from tao.events import Answer, Event, Notice
from tao.memory import bundled_embedder, recall, reminder
from tao.models.chat import ChatModel
from tao.models.local.catalog import CATALOG
from tao.models.opening import open_model
from tao.runs import RunLog, Turn, conversation, new_run_id
from tao.settings import ModelSettings, Settings, cache_dir, load_settings, state_dir
from tao.strategies import Run, Strategy, make_strategy
from tao.toolbox import (
    Approval,
    Approver,
    Kept,
    Primary,
    ServerEntry,
    Servers,
    Toolbox,
    ToolListCache,
    ToolSpec,
    find_config,
    load_servers,
)
from tao_prompts import PromptError, language_of

__all__ = ["Agent", "named_model"]

_MAX_QUESTION = 20_000


async def _deny(tool: ToolSpec, arguments: Mapping[str, Any]) -> bool:
    return False


async def _allow(tool: ToolSpec, arguments: Mapping[str, Any]) -> bool:
    return True


@dataclass(slots=True)
class _Opening:
    """Something that is being opened in the background: it is ready, or it failed."""

    ready: anyio.Event
    error: Exception | None = None

    async def wait(self) -> None:
        await self.ready.wait()
        if self.error is not None:
            raise self.error


class Agent:
    """Answers questions with a model and the tools of MCP servers.

    Use as an async context manager, and leave it in the task that entered it. Model and servers open in
    the background; several `run`s may go on side by side.
    """

    def __init__(
        self,
        entries: Mapping[str, ServerEntry],
        *,
        settings: Settings,
        environ: Mapping[str, str],
        model: ChatModel | None = None,
        approve: Approver = _deny,
    ) -> None:
        self._entries = entries
        self._settings = settings
        self._model = model
        self._given = model is not None
        self._model_opening = _Opening(anyio.Event())
        self._tools_opening = _Opening(anyio.Event())
        cache = ToolListCache(cache_dir() / "tools")
        self._servers = Servers(
            entries, settings=settings.agent, environ=environ, cache=cache, notify=self._notify
        )
        toolbox = Approval(self._servers, approve)
        embedded = not self._given and settings.model.base_url is None
        self._toolbox: Toolbox = Primary(toolbox) if embedded else toolbox
        self._small: ChatModel | None = None
        self._embedder = bundled_embedder() if settings.agent.memory else None
        self._stack = AsyncExitStack()
        self._tasks: TaskGroup | None = None
        self._closing = anyio.Event()
        self._listeners: list[MemoryObjectSendStream[Event]] = []
        self._unheard: list[str] = []

    @classmethod
    def from_config(
        cls,
        config: str | os.PathLike[str] | None = None,
        *,
        model: str | ChatModel | None = None,
        settings: Settings | None = None,
        servers: Collection[str] | None = None,
        approve: Literal["deny", "auto"] | Approver = "deny",
    ) -> "Agent":
        """An agent with the servers of a list (`cline_config.json`), or with only the named ones of it.

        `model` is an object, the name of an embedded model (`local`, `local-small`) or the name of one at
        the endpoint of the settings. `servers=()` gives an agent without tools, and needs no list.

        Raises:
            ConfigError: the list or a setting is wrong, or a named server is not in the list.
        """
        settings = settings or load_settings()
        prompts = settings.agent.prompts
        if prompts is not None and not prompts.is_dir():
            raise ConfigError(f"There is no folder of prompts at {str(prompts)!r} (agent.prompts).")
        if isinstance(model, str):
            settings = named_model(settings, model)
        entries: dict[str, ServerEntry] = {}
        if servers is None or servers:
            entries = load_servers(find_config(Path(config) if config is not None else None))
            entries = _chosen(entries, servers)
        return cls(
            entries,
            settings=settings,
            environ=dict(os.environ),
            model=None if isinstance(model, str) else model,
            approve={"deny": _deny, "auto": _allow}[approve] if isinstance(approve, str) else approve,
        )

    async def __aenter__(self) -> Self:
        if self._closing.is_set() or self._tasks is not None:
            raise RuntimeError("An agent is opened once. Make a new one.")
        # Sound on half-opening: what was entered is left again when a later part fails.
        async with AsyncExitStack() as stack:
            tasks = await stack.enter_async_context(anyio.create_task_group())
            await stack.enter_async_context(self._servers)
            self._stack = stack.pop_all()
        self._tasks = tasks
        tasks.start_soon(self._own_model)
        tasks.start_soon(self._load_tools)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._closing.set()
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
        if isinstance(exc, anyio.get_cancelled_exc_class()):
            return await self._stack.__aexit__(kind, exc, trace)
        # A task group would wrap what the caller's own code raised; it is to arrive as it is.
        await self._stack.__aexit__(None, None, None)
        return None

    async def ask(self, question: str, *, after: str | None = None) -> Answer:
        """Answer one question; `after` is the id of the run that it goes on from in a conversation.

        Raises:
            ConfigError: the question is empty or too long, or there is no such run.
            ModelError: the model cannot be reached or broke off.
            ServerError: no server of the list can be started.
        """
        async with aclosing(self.run(question, after=after)) as events:
            async for event in events:
                if isinstance(event, Answer):
                    return event
        raise RuntimeError("The agent was closed before it had answered.")

    async def run(self, question: str, *, after: str | None = None) -> AsyncGenerator[Event, None]:
        """Yield the events of one run, the last of which is the `Answer`; raises as `ask` does.

        Closing the generator stops the run.
        """
        question = _checked(question)
        if self._tasks is None or self._closing.is_set():
            raise RuntimeError("The agent is not open. Use it with `async with`.")
        earlier = await anyio.to_thread.run_sync(conversation, _runs(), after) if after is not None else ()
        send, receive = anyio.create_memory_object_stream[Event](math.inf)
        failure: list[Exception] = []
        scope = anyio.CancelScope()

        async def drive() -> None:
            with scope, send:
                try:
                    await self._drive(question, send, after, earlier)
                except Exception as exc:
                    # Whatever it was, it is the caller's to see, and no other run's.
                    failure.append(exc)

        self._tasks.start_soon(drive)
        try:
            with receive:
                async for event in receive:
                    yield event
        finally:
            scope.cancel()
        if failure:
            raise failure[0]

    async def _drive(
        self,
        question: str,
        send: MemoryObjectSendStream[Event],
        after: str | None,
        earlier: tuple[Turn, ...],
    ) -> None:
        self._listeners.append(send)
        try:
            for text in self._unheard:
                send.send_nowait(Notice(text=text))
            self._unheard.clear()
            await self._tools_opening.wait()
            await self._model_opening.wait()
            assert self._model is not None
            async with RunLog(_runs(), run_id := new_run_id()) as log:
                agent = self._settings.agent
                run = Run(
                    id=run_id,
                    question=question,
                    model=self._model,
                    log=log,
                    send=send.send_nowait,
                    prompts=agent.prompts,
                    place=agent.place,
                    now=datetime.now().astimezone(),
                    earlier=earlier,
                    small=self._small,
                    window=self._settings.model.window,
                    reminder=await self._reminder(question, earlier),
                )
                await self._answer(run, after)
        finally:
            self._listeners.remove(send)

    async def _reminder(self, question: str, earlier: tuple[Turn, ...]) -> str:
        if self._embedder is None:
            return ""
        turns = await recall(
            question,
            earlier=earlier,
            runs=_runs(),
            cache=cache_dir() / "recall",
            embedder=self._embedder,
        )
        return reminder(turns, language_of(question), folder=self._settings.agent.prompts)

    async def _answer(self, run: Run, after: str | None) -> None:
        toolbox = Kept(self._toolbox, _observation_chars(self._settings), _runs() / run.id)
        run.log.started(
            run_id=run.id,
            question=run.question,
            model=run.model.name,
            strategy=self._settings.agent.strategy if self._entries or self._thinks_only else "direct",
            tools=[tool.name for tool in self._toolbox.tools],
            after=after,
        )
        try:
            strategy = await self._strategy(run.model, toolbox)
            run.emit(await strategy.answer(run))
        except PromptError as exc:
            run.log.failed(exc)
            raise ConfigError(str(exc)) from exc
        except BaseException as exc:
            run.log.failed(exc)
            raise

    @property
    def _thinks_only(self) -> bool:
        return self._settings.agent.strategy in ("cot", "cot_sc")

    async def _strategy(self, model: ChatModel, toolbox: Toolbox) -> Strategy:
        settings = self._settings
        if not self._entries or self._thinks_only:
            return make_strategy(settings.agent, None, ())
        dialects = await choose_dialects(
            settings.model.dialect,
            model,
            # A model that was given as an object is its caller's own: it gets no request beside the run's.
            base_url=None if self._given else settings.model.base_url,
            memory=cache_dir() / "dialects.json",
            prompts=settings.agent.prompts,
        )
        return make_strategy(settings.agent, toolbox, dialects)

    async def _own_model(self) -> None:
        try:
            if self._model is not None:
                return
            async with AsyncExitStack() as stack:
                settings = self._settings.model
                if settings.small is not None:
                    small = ModelSettings(**settings.small.model_dump())
                    self._small = await stack.enter_async_context(open_model(small, notify=self._notify))
                self._model = await stack.enter_async_context(open_model(settings, notify=self._notify))
                self._model_opening.ready.set()
                await self._closing.wait()
        except Exception as exc:
            self._model_opening.error = exc
        finally:
            self._model_opening.ready.set()

    async def _load_tools(self) -> None:
        # An agent that is left at once has closed its servers before this task begins.
        await anyio.lowlevel.checkpoint()
        try:
            await self._servers.load()
            if self._entries and not self._servers.tools:
                names = ", ".join(self._entries)
                self._tools_opening.error = ServerError(
                    f"None of the servers started: {names}. `agent doctor` tells why.", server=names
                )
        finally:
            self._tools_opening.ready.set()

    def _notify(self, text: str) -> None:
        for listener in self._listeners:
            # A run that is being left hears nothing any more, while its end may still take a moment.
            with suppress(anyio.BrokenResourceError):
                listener.send_nowait(Notice(text=text))
        if not self._listeners:
            self._unheard.append(text)


def named_model(settings: Settings, name: str) -> Settings:
    """The settings with another model: an embedded one, or the one of that name at the endpoint."""
    # An embedded model that is asked for by its name is meant, whatever endpoint the settings have.
    base_url = None if name in CATALOG else settings.model.base_url
    chosen = settings.model.model_copy(update={"name": name, "base_url": base_url})
    return settings.model_copy(update={"model": chosen})


def _chosen(entries: dict[str, ServerEntry], wanted: Collection[str] | None) -> dict[str, ServerEntry]:
    if wanted is None:
        return entries
    for name in wanted:
        if name not in entries:
            raise ConfigError(
                f"There is no server {name!r} in the list. It has: {', '.join(entries) or 'none'}."
            )
    return {name: entry for name, entry in entries.items() if name in wanted}


def _runs() -> Path:
    return state_dir() / "runs"


def _observation_chars(settings: Settings) -> int:
    # The embedded models read 8,192 tokens, and Chinese text has nearly one token a character.
    fitting = 3000 if settings.model.base_url is None else 8000
    return settings.agent.observation_chars or fitting


def _checked(question: str) -> str:
    # Lone surrogates come from undecodable bytes on the command line; no endpoint takes them.
    question = question.encode("utf-8", "replace").decode("utf-8").strip()
    if not question:
        raise ConfigError("The question is empty.")
    if len(question) > _MAX_QUESTION:
        raise ConfigError(f"The question has {len(question)} characters; {_MAX_QUESTION} is the most.")
    return question
