"""The toolbox over MCP servers: started in parallel or on first use, each in a task of its own."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

import anyio

from tao.errors import ServerError
from tao.settings import AgentSettings
from tao.toolbox.cache import ToolListCache
from tao.toolbox.config import ServerEntry
from tao.toolbox.connecting import connect
from tao.toolbox.environment import server_environment
from tao.toolbox.session import Connect, Session
from tao.toolbox.tool import ToolResult, ToolSpec

__all__ = ["Servers"]


class Servers:
    """The servers of a list as one toolbox.

    `await load()` gives the tools: from the cache where it knows a server, else by starting it. A server
    that does not start is reported through `notify` and left out; the rest go on.
    """

    def __init__(
        self,
        entries: Mapping[str, ServerEntry],
        *,
        settings: AgentSettings,
        environ: Mapping[str, str],
        cache: ToolListCache,
        notify: Callable[[str], None],
        connect: Connect = connect,
    ) -> None:
        self._entries = dict(entries)
        self._environments = {name: server_environment(entry, environ) for name, entry in entries.items()}
        self._settings = settings
        self._cache = cache
        self._notify = notify
        self._connect = connect
        self._lists: dict[str, tuple[ToolSpec, ...]] = {}
        self._sessions: dict[str, Session] = {}
        self._starting = {name: anyio.Lock() for name in entries}
        self._stack = AsyncExitStack()

    @property
    def tools(self) -> Sequence[ToolSpec]:
        """The tools of all servers, in the order of the list."""
        return [tool for name in self._entries for tool in self._lists.get(name, ())]

    async def __aenter__(self) -> Self:
        self._tasks = await self._stack.enter_async_context(anyio.create_task_group())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        for session in self._sessions.values():
            session.close()
        self._tasks.cancel_scope.cancel()
        return await self._stack.__aexit__(kind, exc, trace)

    async def load(self, *, fresh: bool = False) -> None:
        """Learn every server's tools, starting those that the cache does not know, or all when `fresh`.

        The server that was used last starts in the background, since it is likely to be used again.
        """
        async with anyio.create_task_group() as tasks:
            for name, entry in self._entries.items():
                known = None if fresh else self._cache.read(name, entry, self._environments[name])
                if known is None:
                    tasks.start_soon(self._start_or_report, name)
                else:
                    self._lists[name] = known
        likely = self._cache.last_used()
        if likely in self._lists and likely not in self._sessions:
            self._tasks.start_soon(self._start_or_report, likely)

    def expect(self, name: str) -> None:
        """Start the tool's server in the background."""
        server = self._server_of(name)
        if server is not None and server not in self._sessions:
            self._tasks.start_soon(self._start_or_report, server)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call `server__tool`, starting its server if need be; a failure of any kind is a result."""
        server = self._server_of(name)
        if server is None:
            return ToolResult(f"There is no tool {name[:80]!r}. The tools: {self._names()}.", is_error=True)
        try:
            session = await self._start(server)
        except ServerError as exc:
            return ToolResult(f"{exc} Go on without it.", is_error=True)
        seconds = self._entries[server].timeout or self._settings.tool_timeout
        with anyio.move_on_after(seconds):
            self._cache.note_use(server)
            return await session.call(name.removeprefix(f"{server}__"), arguments)
        return ToolResult(
            f"{name} gave no result within {seconds:g} s. Ask for less, or go on.", is_error=True
        )

    def _server_of(self, name: str) -> str | None:
        return next((tool.server for tool in self.tools if tool.name == name), None)

    def _names(self) -> str:
        return ", ".join(tool.name for tool in self.tools) or "none"

    async def _start_or_report(self, name: str) -> None:
        try:
            await self._start(name)
        except ServerError as exc:
            self._notify(str(exc))

    async def _start(self, name: str) -> Session:
        async with self._starting[name]:
            running = self._sessions.get(name)
            if running is not None:
                if not running.ended:
                    return running
                running.close()
            entry, environment = self._entries[name], self._environments[name]
            session = Session(
                name,
                entry,
                environment,
                connect_timeout=self._settings.connect_timeout,
                connect=self._connect,
            )
            tools = await self._tasks.start(session.own)
            self._sessions[name] = session
            self._lists.setdefault(name, tools)
            self._cache.write(name, entry, environment, tools)
            return session
