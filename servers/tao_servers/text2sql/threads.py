"""Runs blocking work on a database in a thread, within the number of places that it has."""

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import CancelScope, CapacityLimiter, create_task_group, move_on_after, sleep_forever, to_thread

from tao_servers.text2sql.errors import QueryFailed, Text2sqlError
from tao_servers.text2sql.stopping import Stop

__all__ = ["in_place"]

_Value = TypeVar("_Value")

_QUEUE_SECONDS = 60.0


async def in_place(work: Callable[[Stop], _Value], places: CapacityLimiter) -> _Value:
    """What `work` gives, once a place is free for it; a cancelled call stops the work.

    Raises:
        QueryFailed: no place became free in time.
        Text2sqlError: what `work` raised.
    """
    with move_on_after(_QUEUE_SECONDS) as waiting:
        await places.acquire()
    if waiting.cancelled_caught:
        raise QueryFailed(
            f"The database was busy with other calls for {_QUEUE_SECONDS:.0f} s. Try again, or raise"
            " `connections` in the settings."
        )
    try:
        return await _stoppable(work)
    finally:
        places.release()


async def _stoppable(work: Callable[[Stop], _Value]) -> _Value:
    stop, done = Stop(), anyio.Event()
    # Threads of its own: those that are shared may all be taken by calls that wait to be stopped.
    threads = CapacityLimiter(2)
    outcome: list[_Value | Text2sqlError] = []
    async with create_task_group() as group:
        group.start_soon(_stop_if_cancelled, stop, done, threads)
        try:
            # Waits for the thread even when cancelled: what it opened, it closes.
            outcome.append(await to_thread.run_sync(work, stop, limiter=threads))
        except Text2sqlError as exc:
            outcome.append(exc)
        done.set()
        group.cancel_scope.cancel()
    if isinstance(outcome[0], Text2sqlError):
        raise outcome[0]
    return outcome[0]


async def _stop_if_cancelled(stop: Stop, done: anyio.Event, threads: CapacityLimiter) -> None:
    try:
        await sleep_forever()
    finally:
        if not done.is_set():
            with CancelScope(shield=True):
                await to_thread.run_sync(stop.set, limiter=threads)
