"""The model processes of this user: which there are, and ending them."""

from dataclasses import dataclass
from pathlib import Path

import anyio

from tao.errors import ModelError
from tao.models.local.catalog import find_entry
from tao.models.local.client import NoAnswerError, ask
from tao.models.local.state import State, processes_dir, read_state

__all__ = ["Running", "running", "stop"]

_STATUS_SECONDS = 3.0
_STOP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """A model process; times in seconds, `memory` in bytes.

    `idle_left` is None while it is used; `leases` is None while it loads and cannot say.
    """

    name: str
    pid: int
    started: float
    loaded: bool
    leases: int | None
    idle_left: float | None
    memory: int | None


async def running() -> list[Running]:
    """The processes that answer."""
    found = [await _look(state) for state in await anyio.to_thread.run_sync(_states)]
    return [process for process in found if process is not None]


async def stop(name: str | None = None) -> list[str]:
    """End the process of one model, or of all; returns the names of those that were ended.

    Raises:
        ConfigError: there is no such model.
        ModelError: a process does not answer.
    """
    if name is not None:
        find_entry(name)
    ended = []
    for state in await anyio.to_thread.run_sync(_states):
        if name not in (None, state.name):
            continue
        try:
            await ask(state, "stop", seconds=_STOP_SECONDS)
        except NoAnswerError as exc:
            if await _look(state) is None:
                continue
            raise ModelError(
                f"The process {state.pid} of {state.name!r} does not stop ({exc}). "
                f"End it with: kill {state.pid}"
            ) from exc
        ended.append(state.name)
    return ended


async def _look(state: State) -> Running | None:
    try:
        status = await ask(state, "status", seconds=_STATUS_SECONDS)
    except NoAnswerError as exc:
        if state.base_url is not None or not isinstance(exc.__cause__, TimeoutError):
            return None
        # It holds the interpreter while it loads: its port takes connections and nobody answers.
        return Running(state.name, state.pid, state.started, False, None, None, None)
    if status.get("pid") != state.pid:
        return None
    return Running(
        name=state.name,
        pid=state.pid,
        started=state.started,
        loaded=status.get("base_url") is not None,
        leases=status.get("leases"),
        idle_left=status.get("idle_left"),
        memory=status.get("memory"),
    )


def _states() -> list[State]:
    paths: list[Path] = sorted(processes_dir().glob("*.json"))
    return [state for path in paths if (state := read_state(path)) is not None]
