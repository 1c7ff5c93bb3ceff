"""Runs one server in this process until its host goes away."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from mcp.server import MCPServer

__all__ = ["serve"]

_GRACE_SECONDS = 1.0
_PARENT_CHECK_SECONDS = 0.5


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
        tasks.start_soon(_stop_with_parent, tasks.cancel_scope)
        if warm is not None:
            # A daemon thread and no task: a host that leaves does not wait for a library to load.
            threading.Thread(target=warm, name="warm-up", daemon=True).start()
        await server.run_stdio_async()
        tasks.cancel_scope.cancel()


def _stop(scope: anyio.CancelScope) -> None:
    # A tool in a worker thread cannot be cancelled; the process ends without it after the grace time.
    watchdog = threading.Timer(_GRACE_SECONDS, os._exit, args=[1])
    watchdog.daemon = True
    watchdog.start()
    scope.cancel()


def _stop_on_signals(scope: anyio.CancelScope) -> None:
    from asyncio import get_running_loop

    loop = get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(_stop, scope))
        else:
            loop.add_signal_handler(number, _stop, scope)


async def _stop_with_parent(scope: anyio.CancelScope) -> None:
    # End of file on stdin says the same, but is not heard while a tool blocks the way out. The system has
    # no portable event for the death of a parent, hence the polling.
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110
        await anyio.sleep(_PARENT_CHECK_SECONDS)
    _stop(scope)
