"""Runs a coroutine that Ctrl-C stops cleanly: everything that it opened is closed before the process ends."""

import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import click

__all__ = ["run_interruptible"]

T = TypeVar("T")


def run_interruptible(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` in a new event loop; SIGINT or SIGTERM cancels it.

    Raises:
        click.Abort: it was interrupted.
    """
    outcome: list[T] = []

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            if sys.platform != "win32":
                tasks.start_soon(_watch, tasks.cancel_scope)
            outcome.append(await work())
            tasks.cancel_scope.cancel()

    try:
        anyio.run(main)
    except KeyboardInterrupt as exc:
        raise click.Abort from exc
    except BaseExceptionGroup as group:
        # The task group wraps what the work raised; the caller wants the thing itself.
        raise _innermost(group) from group
    if not outcome:
        raise click.Abort
    return outcome[0]


async def _watch(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()


def _innermost(exc: BaseException) -> BaseException:
    while isinstance(exc, BaseExceptionGroup):
        exc = exc.exceptions[0]
    return exc
