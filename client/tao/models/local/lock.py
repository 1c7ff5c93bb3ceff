"""A lock between processes that can be waited for without blocking the event loop."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from filelock import FileLock, Timeout

__all__ = ["locked"]

_POLL_SECONDS = 0.1


@asynccontextmanager
async def locked(path: Path, waiting: Callable[[], None]) -> AsyncGenerator[None]:
    """Hold the lock file `path`; `waiting` is called once when another holds it.

    The system lets go of the lock when its holder dies.
    """
    lock = FileLock(path, thread_local=False)
    told = False
    while True:
        try:
            lock.acquire(blocking=False)
            break
        except Timeout:
            if not told:
                waiting()
                told = True
            await anyio.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()
