"""What is written down about a model process, so that other runs find it."""

import json
import os
import stat
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from tao.models.local.part import write_whole
from tao.settings import state_dir

__all__ = ["State", "processes_dir", "read_state", "write_state"]

_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class State:
    """A model process.

    `port` is its control port on 127.0.0.1, `key` opens both of its ports, `started` is Unix time, and
    `base_url` is the model's address once its weights are loaded.
    """

    name: str
    pid: int
    port: int
    key: str
    started: float
    base_url: str | None = None


def processes_dir() -> Path:
    """The folder of the state files and logs."""
    return state_dir() / "models"


def write_state(path: Path, state: State) -> None:
    """Write the state file, for its owner's eyes only."""
    write_whole(path, json.dumps(asdict(state)))


def read_state(path: Path) -> State | None:
    """Read a state file; one that is missing, broken, another user's or open to others counts as none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not _trusted(os.fstat(descriptor)):
            return None
        try:
            values = json.loads(file.read(_LONGEST))
            state = State(**{field.name: values[field.name] for field in fields(State)})
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
    return state if _plausible(state) else None


def _trusted(status: os.stat_result) -> bool:
    if not stat.S_ISREG(status.st_mode):
        return False
    if os.name != "posix":
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o077


def _plausible(state: State) -> bool:
    numbers = isinstance(state.pid, int) and isinstance(state.port, int) and 0 < state.port < 65536
    texts = isinstance(state.key, str) and isinstance(state.base_url, str | None)
    return numbers and texts and isinstance(state.started, int | float)
