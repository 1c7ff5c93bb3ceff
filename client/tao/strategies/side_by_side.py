"""Tasks that run side by side and fail as one call does."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup

__all__ = ["side_by_side"]


@asynccontextmanager
async def side_by_side() -> AsyncGenerator[TaskGroup, None]:
    """A task group that raises what its first failing task raised, and not a group of it."""
    try:
        async with anyio.create_task_group() as tasks:
            yield tasks
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
