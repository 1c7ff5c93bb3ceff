"""The toolbox over MCP servers: started in parallel or on first use, each in a task of its own."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
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


@dataclass(eq=False)
class _Server:
    """One server of the list, and what is known of it."""

    name: str
    entry: ServerEntry
    environment: dict[str, str]
    tools: tuple[ToolSpec, ...] = ()
    session: Session | None = None
    starting: anyio.Lock = field(default_factory=anyio.Lock)
    failure: ServerError | None = None
    retry_at: float = 0.0

    @property
    def running(self) -> Session | None:
        return self.session if self.session is not None and not self.session.ended else None


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
        self._servers = {
            name: _Server(name, entry, server_environment(entry, environ)) for name, entry in entries.items()
        }
        self._settings = settings
        self._cache = cache
        self._notify = notify
        self._connect = connect
        self._told: set[str] = set()
        self._stack = AsyncExitStack()

    @property
    def tools(self) -> Sequence[ToolSpec]:
        """The tools of all servers, in the order of the list."""
        return [tool for server in self._servers.values() for tool in server.tools]

    async def __aenter__(self) -> Self:
        self._tasks = await self._stack.enter_async_context(anyio.create_task_group())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        for server in self._servers.values():
            if server.session is not None:
                server.session.close()
        self._tasks.cancel_scope.cancel()
        return await self._stack.__aexit__(kind, exc, trace)

    async def load(self, *, fresh: bool = False) -> None:
        """Learn every server's tools, starting those that the cache does not know, or all when `fresh`.

        The server that was used last starts in the background, since it is likely to be used again.
        """
        async with anyio.create_task_group() as tasks:
            for server in self._servers.values():
                known = None if fresh else self._cache.read(server.name, server.entry, server.environment)
                if known is None:
                    tasks.start_soon(self._start_or_report, server)
                else:
                    server.tools = known
        likely = self._servers.get(self._cache.last_used() or "")
        if likely is not None and likely.tools:
            self._expect(likely)

    def expect(self, name: str) -> None:
        """Start the tool's server in the background."""
        server = self._server_of(name)
        if server is not None:
            self._expect(server)

    async def current(self, name: str) -> ToolSpec | None:
        """The tool as its server, started if need be, describes it now."""
        server = self._server_of(name)
        if server is None:
            return None
        with suppress(ServerError):
            await self._start(server)
        return next((tool for tool in server.tools if tool.name == name), None)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call `server__tool`, starting its server if need be; a failure of any kind is a result."""
        server = self._server_of(name)
        if server is None:
            return ToolResult(f"There is no tool {name[:80]!r}. The tools: {self._names()}.", is_error=True)
        try:
            session = await self._start(server)
        except ServerError as exc:
            return ToolResult(f"{exc} Go on without it.", is_error=True)
        seconds = server.entry.timeout or self._settings.tool_timeout
        with anyio.move_on_after(seconds):
            self._keep(lambda: self._cache.note_use(server.name))
            return await session.call(name.removeprefix(f"{server.name}__"), arguments)
        return ToolResult(
            f"{name} gave no result within {seconds:g} s. Ask for less, or go on.", is_error=True
        )

    def _server_of(self, name: str) -> _Server | None:
        return self._servers.get(next((tool.server for tool in self.tools if tool.name == name), ""))

    def _names(self) -> str:
        return ", ".join(tool.name for tool in self.tools) or "none"

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._notify(text)

    def _keep(self, write: Callable[[], None]) -> None:
        # The cache saves time; without it everything works all the same.
        try:
            write()
        except OSError as exc:
            self._tell(f"The tool lists cannot be kept in the cache folder: {exc}.")

    def _expect(self, server: _Server) -> None:
        if server.running is None and not server.starting.locked():
            self._tasks.start_soon(self._start_or_report, server)

    async def _start_or_report(self, server: _Server) -> None:
        try:
            await self._start(server)
        except ServerError as exc:
            self._tell(str(exc))

    async def _start(self, server: _Server) -> Session:
        async with server.starting:
            if server.running is not None:
                return server.running
            if server.failure is not None and anyio.current_time() < server.retry_at:
                # To try again at once would only make everybody wait once more.
                raise server.failure
            try:
                return await self._open(server)
            except ServerError as exc:
                server.failure = exc
                server.retry_at = anyio.current_time() + self._settings.connect_timeout
                raise

    async def _open(self, server: _Server) -> Session:
        if server.session is not None:
            server.session.close()
        session = Session(
            server.name,
            server.entry,
            server.environment,
            connect_timeout=self._settings.connect_timeout,
            connect=self._connect,
        )
        # The list of this moment counts from now on, for whether a call needs approval first of all.
        server.tools = await self._tasks.start(session.own)
        server.session = session
        self._keep(lambda: self._cache.write(server.name, server.entry, server.environment, server.tools))
        return session
