"""What is written down about an upgrade, so that other processes can look at it and stop it."""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from hashlib import blake2b
from pathlib import Path

from filelock import FileLock, Timeout

from tao.models.local.part import write_whole
from tao.settings import state_dir
from tao_servers.knowledge.index import BusyStoreError
from tao_servers.knowledge.ingesting.upgrading import Ending, UpgradeWatcher

__all__ = ["Recorder", "UpgradeRecord", "UpgradeState"]

_LONGEST = 16_384
_LONGEST_ERROR = 2000
# A look whether it runs holds the lock for an instant, and must not be taken for another upgrade.
_LOCK_SECONDS = 1.0
_WRITE_SECONDS = 1.0
_RATE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class UpgradeState:
    """An upgrade, now or as it ended; times are Unix times, `done` and `total` indexed chunks.

    `rate` is in chunks a second, 0 until it was measured. `ended` says how: `failed` with its `error`, as
    an `Ending`, or None; with None it runs, or was killed.
    """

    pid: int
    collection: str
    strong: str
    begun: float
    updated: float
    done: int = 0
    total: int = 0
    rate: float = 0.0
    ended: str | None = None
    error: str | None = None

    @property
    def left_seconds(self) -> float | None:
        """How long it will still take, once that can be said."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


class UpgradeRecord:
    """The state file, log, lock and stop mark of the one upgrade that a collection may have at a time.

    Whether it runs is told by the lock, which the system lets go of when its holder dies: a number of a
    process may belong to another one by then.
    """

    def __init__(self, collection_folder: Path) -> None:
        path = os.path.abspath(collection_folder)
        key = blake2b(os.fsencode(path), digest_size=6).hexdigest()
        self._file = state_dir() / "upgrades" / f"{collection_folder.name}-{key}.json"
        self._lock = self._file.with_suffix(".lock")
        self._stop = self._file.with_suffix(".stop")

    @property
    def log(self) -> Path:
        """What an upgrade in the background has to say."""
        return self._file.with_suffix(".log")

    def make_folder(self) -> None:
        """Make the folder of these files, for its owner only."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def read(self) -> UpgradeState | None:
        """The last state; a file that is missing or broken counts as none."""
        try:
            with self._file.open("rb") as file:
                values = json.loads(file.read(_LONGEST))
            state = UpgradeState(**{field.name: values[field.name] for field in fields(UpgradeState)})
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        numbers = (state.pid, state.begun, state.updated, state.done, state.total, state.rate)
        return state if all(isinstance(number, int | float) for number in numbers) else None

    def write(self, state: UpgradeState) -> None:
        """Note a state."""
        write_whole(self._file, json.dumps(asdict(state), ensure_ascii=False))

    def running(self) -> bool:
        """Whether an upgrade holds the lock."""
        if not self._lock.exists():
            return False
        lock = FileLock(self._lock)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return True
        lock.release()
        return False

    def request_stop(self) -> None:
        """Ask the upgrade that runs to end; it looks every few seconds."""
        self._stop.touch()

    def stop_requested(self) -> bool:
        """Whether somebody asked for its end."""
        return self._stop.exists()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the upgrade of this collection.

        Raises:
            BusyStoreError: another one runs.
        """
        self.make_folder()
        try:
            lock = FileLock(self._lock).acquire(timeout=_LOCK_SECONDS)
        except Timeout as exc:
            raise BusyStoreError(
                "An upgrade of this collection runs already. `tao-knowledge status` shows it, "
                "`tao-knowledge upgrade --stop` ends it."
            ) from exc
        with lock:
            self._stop.unlink(missing_ok=True)
            try:
                yield
            finally:
                self._stop.unlink(missing_ok=True)


class Recorder(UpgradeWatcher):
    """Keeps the state file up to date, and sets `stop` when somebody asks for the end."""

    def __init__(self, record: UpgradeRecord, *, collection: str, strong: str, stop: threading.Event) -> None:
        now = time.time()
        self.state = UpgradeState(os.getpid(), collection, strong, begun=now, updated=now)
        self._record = record
        self._stop = stop
        self._measured: list[tuple[float, int]] = []
        self._written = 0.0
        self._write()

    def progress(self, done: int, total: int) -> None:
        """See `UpgradeWatcher`."""
        now = time.monotonic()
        self._measured = [(at, count) for at, count in self._measured if now - at < _RATE_SECONDS]
        self._measured.append((now, done))
        first, count = self._measured[0]
        rate = (done - count) / (now - first) if done > count and now > first else self.state.rate
        self.state = replace(self.state, done=done, total=total, rate=round(rate, 3))
        if now - self._written >= _WRITE_SECONDS or len(self._measured) <= 2:
            self._write()
        self._look()

    def waiting(self) -> None:
        """See `UpgradeWatcher`."""
        # What is embedded after the wait is not slower for it.
        self._measured.clear()
        self._write()
        self._look()

    def ended(self, ending: Ending) -> None:
        """Note how it ended."""
        self.state = replace(self.state, ended=ending)
        self._write()

    def failed(self, error: str) -> None:
        """Note why it failed."""
        self.state = replace(self.state, ended="failed", error=error[:_LONGEST_ERROR])
        self._write()

    def _write(self) -> None:
        self.state = replace(self.state, updated=time.time())
        self._record.write(self.state)
        self._written = time.monotonic()

    def _look(self) -> None:
        if self._record.stop_requested():
            self._stop.set()
