"""Runs one server in this process until its host goes away."""

import gc
import os
import select
import signal
import sys
import threading
from asyncio import get_running_loop
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from mcp.server import MCPServer

__all__ = ["serve"]

_GRACE_SECONDS = 0.7


def serve(build: "Callable[[], MCPServer]", *, warm: Callable[[], None] | None = None) -> None:
    """Build a server and answer on stdin and stdout until end of file, SIGINT, SIGTERM or parent death.

    `warm` loads what the first call needs, in a thread, after the start. The caller's `main` says
    `gc.disable()` before its first import; what was allocated by then is frozen here, which makes start
    and exit faster.
    """
    server = build()
    gc.freeze()
    gc.enable()
    anyio.run(_run, server, warm)


async def _run(server: "MCPServer", warm: Callable[[], None] | None) -> None:
    async with anyio.create_task_group() as tasks:
        _stop_on_signals(tasks.cancel_scope)
        # A duplicate, since the SDK points descriptor 0 elsewhere while it serves.
        _in_background(_exit_after_host, os.dup(0))
        if warm is not None:
            _in_background(warm)
        await server.run_stdio_async()
        tasks.cancel_scope.cancel()


def _stop_on_signals(scope: anyio.CancelScope) -> None:
    loop = get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(_stop, scope))
        else:
            loop.add_signal_handler(number, _stop, scope)


def _stop(scope: anyio.CancelScope) -> None:
    _exit_after_grace()
    scope.cancel()


def _in_background(work: Callable[..., None], *arguments: int) -> None:
    # A daemon thread and no task: the process never waits for it when it ends.
    threading.Thread(target=work, args=arguments, daemon=True).start()


def _exit_after_host(stdin: int) -> None:
    """Wait until the host has closed our stdin, however it ended, then give what still runs a moment.

    End of file alone is not enough: a tool in a worker thread cannot be cancelled, and the way out of the
    event loop waits for it.
    """
    if hasattr(select, "poll"):
        hangup = select.poll()
        hangup.register(stdin, 0)
        hangup.poll()
        _exit_after_grace()


def _exit_after_grace() -> None:
    watchdog = threading.Timer(_GRACE_SECONDS, os._exit, args=[1])
    watchdog.daemon = True
    watchdog.start()
