"""Shows how an ingest goes on: a bar on a terminal, a line now and then elsewhere."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tao_servers.knowledge.ingesting.origin import Origin
from tao_servers.knowledge.ingesting.pipeline import Outcome, Watcher
from tao_servers.knowledge.ingesting.summary import Intake

if TYPE_CHECKING:
    from typing import TextIO

    from rich.progress import Progress

__all__ = ["Notes", "shown"]

_LINE_SECONDS = 10.0


class Notes(Watcher):
    """Keeps what became of each document in `intake`, and shows nothing."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake

    def done(self, outcome: Outcome) -> None:
        """Keep it."""
        self.intake.outcomes.append(outcome)


@contextmanager
def shown(intake: Intake, total: int, stream: "TextIO") -> Iterator[Notes]:
    """Show on `stream` what is done of `total` documents, while they are kept in `intake`."""
    if not stream.isatty():
        yield _Lines(intake, total, stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    # The name at the end, where a long one is cut and the bar stays in its place.
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[chunks]} chunks, {task.fields[rate]:.0f} a second"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[name]}", markup=False),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        yield _Bar(intake, total, bar)


class _Counting(Notes, ABC):
    def __init__(self, intake: Intake, total: int) -> None:
        super().__init__(intake)
        self.total = total
        self.name = ""
        self.chunks = 0
        self._begun = time.monotonic()

    def reading(self, origin: Origin) -> None:
        self.name = origin.name
        self.show()

    def embedded(self, chunks: int) -> None:
        self.chunks += chunks
        self.show()

    def done(self, outcome: Outcome) -> None:
        super().done(outcome)
        self.show()

    @property
    def rate(self) -> float:
        return self.chunks / max(self.seconds, 0.001)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    @abstractmethod
    def show(self) -> None: ...


class _Bar(_Counting):
    def __init__(self, intake: Intake, total: int, bar: "Progress") -> None:
        super().__init__(intake, total)
        self._bar = bar
        self._task = bar.add_task("", total=total, name="", chunks=0, rate=0.0)

    def show(self) -> None:
        done = len(self.intake.outcomes)
        self._bar.update(self._task, completed=done, name=self.name, chunks=self.chunks, rate=self.rate)


class _Lines(_Counting):
    def __init__(self, intake: Intake, total: int, stream: "TextIO") -> None:
        super().__init__(intake, total)
        self._stream = stream
        self._next = _LINE_SECONDS

    def show(self) -> None:
        seconds = self.seconds
        if seconds < self._next:
            return
        self._next = seconds + _LINE_SECONDS
        done = len(self.intake.outcomes)
        left = f", about {_told(seconds * (self.total - done) / done)} left" if done else ""
        self._stream.write(
            f"{done} of {self.total} documents, {self.chunks} chunks, {self.rate:.0f} a second{left}: "
            f"{self.name}\n"
        )
        self._stream.flush()


def _told(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
