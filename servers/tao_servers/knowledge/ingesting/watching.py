"""Keeps a collection in step with folders, for as long as it is let."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tao.errors import ModelError
from tao.models.loading import load
from tao_servers.knowledge.index import BusyStoreError, Source, StoreError
from tao_servers.knowledge.ingesting.errors import WatchError
from tao_servers.knowledge.ingesting.gathering import gone
from tao_servers.knowledge.ingesting.intake import Plan, settle
from tao_servers.knowledge.ingesting.origin import Origin, path_text
from tao_servers.knowledge.ingesting.summary import Intake
from tao_servers.knowledge.loading import Files, find_files

__all__ = ["Marks", "Watched", "marks_of", "watch"]

_TICK_MS = 1000
_DEBOUNCE_MS = 1600
_BUSY_SECONDS = 5.0
_FAILED_SECONDS = 30.0

Marks = Mapping[Path, tuple[int, int, int]]
"""What of each file changes when it is written: inode, size, and time in nanoseconds."""


def marks_of(files: Files) -> Marks:
    """Look at files without reading them; one that cannot be looked at is left out."""
    return dict(_marks(files.paths))


def _marks(paths: Sequence[Path]) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        yield path, (status.st_ino, status.st_size, status.st_mtime_ns)


def watch(watched: "Watched", *, told: Callable[[str], None]) -> None:
    """Take in what changes until Ctrl-C, in batches; between them other processes may write.

    `told` hears of what failed and is tried again.

    Raises:
        WatchError: a folder is gone, or the system watches no more folders.
        ConfigError: a model is not there.
    """
    watchfiles = load("watchfiles", extra="knowledge")
    try:
        for changes in watchfiles.watch(
            *watched.folders,
            watch_filter=watched.concerns,
            debounce=_DEBOUNCE_MS,
            rust_timeout=_TICK_MS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        ):
            watched.check_folders({path for change, path in changes if change.name == "deleted"})
            try:
                watched.look(changed=bool(changes))
            except (StoreError, ModelError) as exc:
                watched.rest(_BUSY_SECONDS if isinstance(exc, BusyStoreError) else _FAILED_SECONDS)
                told(f"{exc} Trying again in a while.")
    except OSError as exc:
        raise WatchError(
            f"The folders cannot be watched: {exc}. Set WATCHFILES_FORCE_POLLING=1 where the system has no "
            "notifications, or too few."
        ) from exc


@dataclass
class Watched:
    """Folders, and what is known of the files in them; `done` is given what each batch did."""

    folders: Sequence[Path]
    plan: Plan
    marks: Marks
    done: Callable[[Intake], None]
    _coming: Marks = field(default_factory=dict)
    _dirty: bool = True
    _resting_until: float = 0.0

    def __post_init__(self) -> None:
        self._identities = [_identity(folder) for folder in self.folders]

    def concerns(self, _: object, path: str) -> bool:
        """Whether a change of `path` may matter: it is not hidden, and not the store's own."""
        if Path(path).is_relative_to(self.plan.place.store):
            return False
        inside = [Path(path).relative_to(f) for f in self.folders if Path(path).is_relative_to(f)]
        # Some systems tell the path that a link leads to.
        return not inside or not all(any(part.startswith(".") for part in one.parts) for one in inside)

    def rest(self, seconds: float) -> None:
        """Look again after so many seconds, whatever changes until then."""
        self._dirty = True
        self._resting_until = time.monotonic() + seconds

    def look(self, *, changed: bool) -> None:
        """Take in the files that are another than before and have not changed since the last look.

        What was written to within the last second is likely to be half of what it will be.
        """
        self._dirty = self._dirty or changed
        if not (self._dirty or self._coming) or time.monotonic() < self._resting_until:
            return
        files = find_files(self.folders)
        marks = marks_of(files)
        changes = {path: mark for path, mark in marks.items() if self.marks.get(path) != mark}
        ready = {path: mark for path, mark in changes.items() if self._coming.get(path) == mark}
        vanished = not files.refused and not self.marks.keys() <= marks.keys()
        self._dirty, self._coming = False, {p: mark for p, mark in changes.items() if p not in ready}
        if ready or vanished:
            self._take_in(ready, files)
            kept = {path: mark for path, mark in self.marks.items() if path in marks or files.refused}
            self.marks = kept | ready

    def _take_in(self, ready: Marks, files: Files) -> None:
        intake = self.plan.intake()
        # Only what went away under our eyes is removed: what was gone before is for --prune.
        seen = frozenset(map(path_text, self.marks))

        def lost(sources: Sequence[Source]) -> list[Source]:
            self.check_folders()
            mine = [source for source in sources if source.source in seen]
            return [] if files.refused else gone(mine, self.folders, files)

        with intake.timed():
            origins = [Origin.of_file(path, self.plan.attributes) for path in ready]
            settle(origins, len(origins), self.plan, intake, lost=lost)
        if intake.outcomes or intake.removed:
            self.done(intake)
        if intake.interrupted:
            raise KeyboardInterrupt

    def check_folders(self, deleted: Collection[str] = ()) -> None:
        """Raise `WatchError` unless each folder is the one that it was and none of them is in `deleted`."""
        for folder, identity in zip(self.folders, self._identities, strict=True):
            if _identity(folder) != identity or str(folder) in deleted:
                raise WatchError(
                    f"The folder {str(folder)!r} is gone or another one has taken its place; nothing was "
                    "removed for that. When it is back, start again."
                )


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino
