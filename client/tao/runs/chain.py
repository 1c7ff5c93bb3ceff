"""Reads conversations back: each run's log names the run that it went on from."""

from dataclasses import dataclass
from pathlib import Path

from tao.errors import ConfigError
from tao.runs.reading import LoggedRun, Lookup, newest_runs, read_run

__all__ = ["Turn", "conversation", "last_run"]

_MOST_TURNS = 8
_MOST_RUNS = 1_000


@dataclass(frozen=True, slots=True)
class Turn:
    """What was asked and answered in one run, and what the answer rests on."""

    question: str
    text: str
    lookup: Lookup | None = None


def conversation(folder: Path, run_id: str) -> tuple[Turn, ...]:
    """The run and those before it in its conversation, oldest first, at most eight.

    Raises:
        ConfigError: there is no such run, or its log cannot be read.
    """
    logged = _logged(folder, run_id)
    if logged is None:
        raise ConfigError(
            f"There is no run {run_id[:60]!r} in {str(folder)!r} to go on from. "
            "`agent chat` begins a new conversation."
        )
    turns: list[Turn] = []
    seen = {run_id}
    # An older log may have been deleted; what is left is what there is.
    while logged is not None and len(turns) < _MOST_TURNS:
        if logged.text:
            turns.append(Turn(logged.question, logged.text, logged.lookup))
        if logged.after is None or logged.after in seen:
            break
        seen.add(logged.after)
        logged = _logged(folder, logged.after)
    return tuple(reversed(turns))


def last_run(folder: Path) -> str | None:
    """The newest run that was answered, among the last thousand."""
    for run_id in newest_runs(folder, _MOST_RUNS):
        logged = _logged(folder, run_id)
        if logged is not None and logged.text is not None:
            return run_id
    return None


def _logged(folder: Path, run_id: str) -> LoggedRun | None:
    try:
        return read_run(folder, run_id)
    except (OSError, ValueError):
        return None
