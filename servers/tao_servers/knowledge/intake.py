"""One run of `tao-knowledge ingest`: its progress on the terminal and its summary."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tao.models.embeddings import Embedder
from tao_servers.knowledge.ingest import Outcome, Result, ingest, path_text
from tao_servers.knowledge.load import find_files
from tao_servers.knowledge.store import Store, open_store

__all__ = ["Intake", "take_in"]

_INTERRUPTED = 130


@dataclass
class Intake:
    """What one run did."""

    store: Path
    skipped: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 if something was read or is unchanged, 1 if nothing was, 130 if it was interrupted."""
        if self.interrupted:
            return _INTERRUPTED
        return 0 if any(outcome.result != "refused" for outcome in self.outcomes) else 1

    @property
    def passages(self) -> int:
        """Passages written in this run."""
        return sum(outcome.passages for outcome in self.outcomes)

    def summary(self) -> dict[str, Any]:
        """The run as JSON values."""
        return {
            "store": str(self.store),
            "read": self._paths("read"),
            "changed": self._paths("changed"),
            "unchanged": self._paths("unchanged"),
            "refused": [{"path": o.path, "reason": o.reason} for o in self._of("refused")],
            "skipped": self.skipped,
            "passages": self.passages,
            "seconds": round(self.seconds, 3),
            "interrupted": self.interrupted,
        }

    def lines(self) -> list[str]:
        """The run in words."""
        counts = ", ".join(f"{len(self._of(result))} {result}" for result in get_args(Result))
        rate = f"{self.passages / self.seconds:.0f} a second" if self.passages else "nothing new"
        refused = [f"Refused {o.path}: {o.reason}." for o in self._of("refused")]
        skipped = [f"Skipped {self.skipped} hidden files and files of other kinds."] if self.skipped else []
        ended = ["Interrupted; run it again for the rest."] if self.interrupted else []
        total = f"{counts}; {self.passages} passages in {self.seconds:.1f} s ({rate}) -> {self.store}"
        return [*refused, *skipped, total, *ended]

    def _of(self, result: Result) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.result == result]

    def _paths(self, result: Result) -> list[str]:
        return [outcome.path for outcome in self._of(result)]


def take_in(paths: Sequence[Path], store: Path, embedder: Embedder) -> Intake:
    """Ingest `paths` into the store, with a bar on stderr where that is a terminal.

    Ctrl-C ends it early: the document at hand is left out as a whole, those before it stay.
    """
    found = find_files(paths)
    intake = Intake(store, found.skipped)
    intake.outcomes += [Outcome(path_text(path), "refused", reason=why) for path, why in found.refused]
    if not found.paths:
        return intake
    started = time.perf_counter()
    try:
        with open_store(store, embedder, write=True) as opened, _bar() as bar:
            _take_in_files(found.paths, opened, bar, intake)
    except KeyboardInterrupt:
        intake.interrupted = True
    intake.seconds = time.perf_counter() - started
    return intake


def _take_in_files(files: Sequence[Path], store: Store, bar: Progress, intake: Intake) -> None:
    task = bar.add_task("", total=len(intake.outcomes) + len(files), name="", passages=0, rate=0.0)
    started = time.perf_counter()

    def show(file: Path, written: int, of: int) -> None:
        passages = intake.passages + written
        rate = passages / (time.perf_counter() - started)
        done = len(intake.outcomes) + written / of
        bar.update(task, completed=done, name=escape(file.name), passages=passages, rate=rate)

    for outcome in ingest(files, store, progress=show):
        intake.outcomes.append(outcome)
        bar.update(task, completed=len(intake.outcomes))


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.fields[name]}"),
        BarColumn(),
        TextColumn("{task.fields[passages]} passages, {task.fields[rate]:.0f} a second"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
