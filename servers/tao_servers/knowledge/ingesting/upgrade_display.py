"""Shows how an upgrade goes on: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tao_servers.knowledge.ingesting.upgrade_record import Recorder, UpgradeState
from tao_servers.knowledge.ingesting.upgrading import UpgradeWatcher

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["amount", "how_it_ended", "shown"]

_LINE_SECONDS = 30.0


@contextmanager
def shown(recorder: Recorder) -> Iterator[UpgradeWatcher]:
    """Show on stderr what the recorder is told."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield _Shown(recorder, bar)


class _Shown(UpgradeWatcher):
    def __init__(self, recorder: Recorder, bar: "Progress") -> None:
        self._recorder = recorder
        self._bar = bar
        self._task = bar.add_task("Upgrading", total=None, said="loading the embedder")
        self._said = time.monotonic()

    def progress(self, done: int, total: int) -> None:
        """Show how many chunks are done."""
        self._recorder.progress(done, total)
        said = amount(self._recorder.state)
        self._bar.update(self._task, completed=done, total=total, said=said)
        self._line(said)

    def waiting(self) -> None:
        """Show that another process writes."""
        self._recorder.waiting()
        said = "waiting until another process has written"
        self._bar.update(self._task, said=said)
        self._line(said)

    def _line(self, said: str) -> None:
        if self._bar.disable and time.monotonic() - self._said >= _LINE_SECONDS:
            self._said = time.monotonic()
            click.echo(said, err=True)


def amount(state: UpgradeState) -> str:
    """How far an upgrade is, how fast, and how long it will take."""
    if not state.total:
        return "it has just begun" if state.ended is None else "nothing to do"
    said = f"{state.done:,} of {state.total:,} chunks"
    left = state.left_seconds
    if left is None or state.done >= state.total or state.ended is not None:
        return said
    return f"{said}, {state.rate:,.1f} a second, about {_duration(left)} left"


def how_it_ended(state: UpgradeState) -> str:
    """How an upgrade ended, in words."""
    return {
        "upgraded": f"upgraded by {state.strong!r}, {amount(state)}",
        "stopped": f"stopped at {amount(state)}; the next run goes on there",
        "gone": "deleted while it was upgraded",
    }.get(state.ended or "", f"failed: {state.error}")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"
