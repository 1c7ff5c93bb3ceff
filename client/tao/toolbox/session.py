"""One MCP session, owned by one task: it opens the session, serves calls and closes it.

The SDK's client must be closed by the task that opened it; closed by another one it spins for ever.
"""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO, cast

import anyio
from anyio.abc import TaskStatus

from tao.errors import ServerError
from tao.toolbox.config import ServerEntry
from tao.toolbox.replies import tool_result, tool_spec
from tao.toolbox.tool import ToolResult, ToolSpec

if TYPE_CHECKING:
    from mcp import Client

__all__ = ["Connect", "Session"]

Connect = Callable[[ServerEntry, Mapping[str, str], TextIO], AbstractAsyncContextManager["Client"]]

_STDERR_TAIL = 600
_QUEUE = 64


@dataclass(eq=False)
class _Call:
    tool: str
    arguments: Mapping[str, Any]
    done: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    result: ToolResult | None = None


class Session:
    """A running server and the calls to it.

    `own` is the owner task's body; the rest may be used by any task.
    """

    def __init__(
        self,
        name: str,
        entry: ServerEntry,
        environment: Mapping[str, str],
        *,
        connect_timeout: float,
        connect: Connect,
    ) -> None:
        self.name = name
        self._entry = entry
        self._environment = dict(environment)
        self._connect_timeout = connect_timeout
        self._connect = connect
        self._ended = False
        self._send, self._receive = anyio.create_memory_object_stream[_Call](_QUEUE)

    async def own(self, *, task_status: TaskStatus[tuple[ToolSpec, ...]]) -> None:
        """Open the session, tell its tools as the task's start value, serve until `close`.

        Raises:
            ServerError: the server did not start in time; the text has the tail of its stderr.
        """
        with _stderr_file() as stderr:
            started = False
            try:
                with anyio.fail_after(self._connect_timeout) as opening:
                    async with self._connect(self._entry, self._environment, stderr) as client:
                        listed = await _list_tools(client)
                        opening.deadline = float("inf")
                        started = True
                        task_status.started(tuple(tool_spec(self.name, tool, self._entry) for tool in listed))
                        await self._serve(client)
            except Exception as exc:
                if started:
                    # The connection broke: calls in flight have been told, and later ones will be.
                    return
                raise ServerError(self._why(exc, stderr), server=self.name) from exc
            finally:
                self._end()

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a tool by its own name; cancelling this cancels the call."""
        call = _Call(tool, arguments)
        try:
            await self._send.send(call)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return ToolResult(f"The server {self.name!r} has stopped. Go on without it.", is_error=True)
        try:
            await call.done.wait()
        finally:
            call.scope.cancel()
        return call.result or ToolResult(f"The server {self.name!r} broke off.", is_error=True)

    @property
    def ended(self) -> bool:
        """Whether the connection has gone, so that no call can be served any more."""
        return self._ended

    def close(self) -> None:
        """Let the owner task end, once it has served what it has taken."""
        self._send.close()

    def _end(self) -> None:
        self._ended = True
        self._send.close()
        with self._receive, suppress(anyio.WouldBlock, anyio.EndOfStream):
            # Calls that were sent and never taken: without this they would wait for ever.
            while True:
                self._receive.receive_nowait().done.set()

    async def _serve(self, client: "Client") -> None:
        async with anyio.create_task_group() as calls:
            async for call in self._receive:
                calls.start_soon(self._answer, client, call)
            calls.cancel_scope.cancel()

    async def _answer(self, client: "Client", call: _Call) -> None:
        try:
            with call.scope:
                call.result = await self._result(client, call)
        finally:
            call.done.set()

    async def _result(self, client: "Client", call: _Call) -> ToolResult:
        from mcp import MCPError
        from mcp.types import CONNECTION_CLOSED

        try:
            return tool_result(await client.call_tool(call.tool, dict(call.arguments)))
        except Exception as exc:
            # Whatever a server's reply made the SDK raise is this call's failure, and no other's.
            if isinstance(exc, MCPError) and exc.code == CONNECTION_CLOSED:
                self._ended = True
            return ToolResult(f"The call failed: {exc}", is_error=True)

    def _why(self, exc: Exception, stderr: TextIO) -> str:
        stderr.seek(0)
        tail = stderr.read()[-_STDERR_TAIL:].strip()
        if isinstance(exc, TimeoutError):
            reason = f"no answer within {self._connect_timeout:g} s"
        else:
            reason = _innermost(exc)
        said = f" It said: {tail}" if tail else ""
        return f"The server {self.name!r} did not start: {reason}.{said}"


def _stderr_file() -> TextIO:
    # The file's wrapper is no TextIO to the type checker, though it is one to its users.
    file: Any = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
    return cast("TextIO", file)


async def _list_tools(client: "Client") -> list[Any]:
    tools: list[Any] = []
    cursor: str | None = None
    while True:
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if not cursor or len(tools) > 1000:
            return tools


def _innermost(exc: BaseException) -> str:
    while isinstance(exc, BaseExceptionGroup):
        exc = exc.exceptions[0]
    if isinstance(exc, FileNotFoundError):
        return f"the program {exc.filename!r} does not exist"
    return f"{exc}".rstrip(".") or type(exc).__name__
