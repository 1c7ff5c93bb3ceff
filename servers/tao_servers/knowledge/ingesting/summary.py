"""What one run of ingest did, in words and as JSON."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from tao_servers.knowledge.ingesting.origin import path_text
from tao_servers.knowledge.ingesting.pipeline import Outcome, Result
from tao_servers.knowledge.loading import Files

__all__ = ["Intake"]

_INTERRUPTED = 130
_LINES = 50


@dataclass
class Intake:
    """What one run did with a collection; `kept` says why documents that seem to be gone were left in it."""

    store: Path
    collection: str
    dry_run: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    hidden: int = 0
    kept: str | None = None
    seconds: float = 0.0
    interrupted: bool = False

    def note(self, files: Files) -> None:
        """Take over what was skipped and refused while files were found."""
        self.skipped += files.skipped
        self.hidden += files.hidden
        self.outcomes += [Outcome(path_text(path), "refused", reason=why) for path, why in files.refused]

    def refuse(self, source: str, reason: str) -> None:
        """Add what was refused before it could be read."""
        self.outcomes.append(Outcome(source, "refused", reason=reason))

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Measure the run, and note if Ctrl-C ends it."""
        started = time.perf_counter()
        try:
            yield
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            self.seconds = time.perf_counter() - started

    @property
    def exit_code(self) -> int:
        """0 if something was read, removed or is unchanged; 1 if nothing was; 130 if it was interrupted."""
        if self.interrupted:
            return _INTERRUPTED
        good = bool(self.removed) or any(outcome.result != "refused" for outcome in self.outcomes)
        return 0 if good and self.kept is None else 1

    @property
    def chunks(self) -> int:
        """Chunks written in this run."""
        return sum(outcome.chunks for outcome in (*self._of("read"), *self._of("changed")))

    def summary(self) -> dict[str, Any]:
        """The run as JSON values."""
        unread = [outcome for outcome in self.outcomes if outcome.unread]
        return {
            "store": str(self.store),
            "collection": self.collection,
            "read": self._sources("read"),
            "changed": self._sources("changed"),
            "unchanged": self._sources("unchanged"),
            "refused": [{"path": o.source, "reason": o.reason} for o in self._of("refused")],
            "unread": [{"path": o.source, "reasons": list(o.unread)} for o in unread],
            "removed": self.removed,
            "kept": self.kept,
            "skipped": self.skipped.total() + self.hidden,
            "skipped_by_suffix": dict(self.skipped.most_common()),
            "chunks": self.chunks,
            "seconds": round(self.seconds, 3),
            "interrupted": self.interrupted,
            "dry_run": self.dry_run,
        }

    def lines(self) -> list[str]:
        """The run in words."""
        return [
            *_few([f"Refused {o.source}: {o.reason}." for o in self._of("refused")], "refused"),
            *_few(list(self._unread()), "read in part"),
            *_few([f"{self._would('Removed')} {source}." for source in self.removed], "removed"),
            *([f"Nothing was removed: {self.kept}."] if self.kept else []),
            *self._skipped(),
            self._total(),
            *(["Interrupted; run it again for the rest."] if self.interrupted else []),
        ]

    def _unread(self) -> Iterator[str]:
        for outcome in (*self._of("read"), *self._of("changed")):
            if outcome.unread:
                yield f"Not all of {outcome.source} was read: {'; '.join(outcome.unread)}."

    def _skipped(self) -> list[str]:
        kinds = [f"{count} {suffix or 'without suffix'}" for suffix, count in self.skipped.most_common(8)]
        if len(self.skipped) > len(kinds):
            kinds.append(f"{len(self.skipped) - len(kinds)} more kinds")
        hidden = [f"{self.hidden} hidden"] if self.hidden else []
        parts = [*([f"of kinds that are not read ({', '.join(kinds)})"] if kinds else []), *hidden]
        return [f"Skipped files: {self.skipped.total() + self.hidden}, {', '.join(parts)}."] if parts else []

    def _total(self) -> str:
        counts = [f"{len(self._of(result))} {result}" for result in get_args(Result)]
        if self.removed:
            counts.append(f"{len(self.removed)} removed")
        chunks = self.chunks
        rate = f"{chunks / max(self.seconds, 0.001):.0f} a second" if chunks else "nothing new"
        where = f"{self.store}, collection {self.collection!r}"
        total = f"{', '.join(counts)}; {chunks} chunks in {self.seconds:.1f} s ({rate}) -> {where}"
        return f"Only tried, nothing was written: {total}" if self.dry_run else total

    def _would(self, done: str) -> str:
        return "Would be removed:" if self.dry_run else done

    def _of(self, result: Result) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.result == result]

    def _sources(self, result: Result) -> list[str]:
        return [outcome.source for outcome in self._of(result)]


def _few(lines: Sequence[str], what: str) -> list[str]:
    more = len(lines) - _LINES
    return [*lines[:_LINES], *([f"... and {more} more {what}; --json lists all."] if more > 0 else [])]
