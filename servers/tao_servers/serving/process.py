"""Runs one server in this process until its host goes away or a signal comes."""

import gc
import os
import select
import signal
import sys
import threading
from asyncio import get_running_loop
from collections.abc import Callable
from io import TextIOWrapper
from typing import TYPE_CHECKING

import anyio
import click

from tao_servers.serving.guard import wire
from tao_servers.serving.logs import configure_logs
from tao_servers.serving.options import Serving

if TYPE_CHECKING:
    import socket

    from mcp.server import MCPServer

__all__ = ["serve"]

_GRACE_SECONDS = 0.7
# A listening server first gives the calls of its other clients a second to finish.
_HTTP_GRACE_SECONDS = 1.5
_PARENT_CHECK_SECONDS = 0.8
# Early: a parent that dies while the server is being built would not be missed later.
_PARENT = os.getppid()


def serve(
    build: "Callable[[], MCPServer]",
    serving: Serving | None = None,
    *,
    warm: Callable[[], None] | None = None,
) -> None:
    """Build a server and answer until SIGINT or SIGTERM; on stdio also until end of file or parent death.

    `warm` loads what the first call needs, in a thread, after the start. The caller's `main` says
    `gc.disable()` before its first import; what was allocated by then is frozen here, which makes start
    and exit faster.

    Raises:
        click.ClickException: the log file or the port cannot be opened.
    """
    serving = serving or Serving()
    try:
        configure_logs(serving.log_level, serving.log_form, serving.log_file)
    except OSError as exc:
        raise click.UsageError(f"The log file cannot be written: {exc}") from exc
    if serving.transport == "stdio":
        server = _built(build)
        anyio.run(_serve_stdio, server, warm)
    else:
        bound = _listen(serving)
        server = _built(build)
        anyio.run(_serve_http, server, serving, bound, warm)


def _built(build: "Callable[[], MCPServer]") -> "MCPServer":
    server = build()
    gc.freeze()
    gc.enable()
    return server


async def _serve_stdio(server: "MCPServer", warm: Callable[[], None] | None) -> None:
    from mcp.server.stdio import stdio_server

    # On the private descriptor the SDK leaves stdout as it is: diverted, also after the end. Its own way
    # gives descriptor 1 back to the host before atexit handlers and C buffers have written their last.
    descriptor = wire()
    own = None if descriptor is None else os.fdopen(descriptor, "wb", closefd=False)
    stdout = None if own is None else anyio.wrap_file(TextIOWrapper(own, encoding="utf-8"))
    async with anyio.create_task_group() as tasks:

        def stop() -> None:
            _exit_after(_GRACE_SECONDS)
            tasks.cancel_scope.cancel()

        _on_signals(stop)
        # A duplicate, since the SDK points descriptor 0 elsewhere while it serves.
        _in_background(_exit_after_host, os.dup(0))
        if warm is not None:
            _in_background(warm)
        # `run_stdio_async` takes no streams.
        core = server._lowlevel_server
        async with stdio_server(stdout=stdout) as (received, sent):
            await core.run(received, sent, core.create_initialization_options())
        tasks.cancel_scope.cancel()


def _listen(serving: Serving) -> "socket.socket":
    from tao_servers.serving.http import listen

    try:
        return listen(serving)
    except OSError as exc:
        raise click.ClickException(
            f"Cannot listen on {serving.host} port {serving.port} ({exc.strerror or exc})."
            " Choose another --port (0 takes a free one) or --host."
        ) from exc


async def _serve_http(
    server: "MCPServer", serving: Serving, bound: "socket.socket", warm: Callable[[], None] | None
) -> None:
    from tao_servers.serving.http import HttpServer

    http = HttpServer(server, serving)

    def stop() -> None:
        _exit_after(_HTTP_GRACE_SECONDS)
        http.end()

    _on_signals(stop)
    if warm is not None:
        _in_background(warm)
    await http.serve(sockets=[bound])


def _on_signals(stop: Callable[[], None]) -> None:
    loop = get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
        else:
            loop.add_signal_handler(number, stop)


def _in_background(work: Callable[..., None], *arguments: int) -> None:
    # A daemon thread and no task: the process never waits for it when it ends.
    threading.Thread(target=work, args=arguments, daemon=True).start()


def _exit_after_host(stdin: int) -> None:
    """Wait until the host has closed our stdin or is dead, then give what still runs a moment.

    End of file alone is not enough: a tool in a worker thread cannot be cancelled, and the way out of the
    event loop waits for it. And a stdin that others hold open as well, such as a terminal, does not end.
    """
    if hasattr(select, "poll"):
        hangup = select.poll()
        hangup.register(stdin, 0)
        while not hangup.poll(_PARENT_CHECK_SECONDS * 1000) and os.getppid() == _PARENT:
            pass
        _exit_after(_GRACE_SECONDS)


def _exit_after(seconds: float) -> None:
    watchdog = threading.Timer(seconds, os._exit, args=[1])
    watchdog.daemon = True
    watchdog.start()
