"""Ends work in another thread: because it was cancelled, or because its time is over."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tao_servers.text2sql.errors import QueryFailed

__all__ = ["Stop", "Watch", "holding"]

_LOG = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1


class Watch:
    """One stretch of work under watch; tells afterwards whether it was ended, and why."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._lock = threading.Lock()
        self._done = False
        self.timed_out = False
        self.fired = False

    def fire(self, *, timed_out: bool) -> None:
        """Call the action, once, unless the work is done by now. May block as long as the action does."""
        with self._lock:
            if self._done or self.fired:
                return
            self.fired, self.timed_out = True, timed_out
            try:
                self._action()
            except Exception as exc:
                # The server-side limit still stands; the thread that waits must not die of this one.
                _LOG.warning("A running statement could not be stopped: %s", exc)

    def finish(self) -> None:
        """No action is called from now on; waits for one that is being called."""
        with self._lock:
            self._done = True


class Stop:
    """Tells work in other threads to end. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = False
        self._watches: set[Watch] = set()

    @property
    def is_set(self) -> bool:
        """Whether the work was cancelled."""
        return self._set

    def set(self) -> None:
        """Cancel the work. May block while what runs is being stopped."""
        with self._lock:
            self._set = True
            watches = list(self._watches)
        for watch in watches:
            watch.fire(timed_out=False)

    @contextmanager
    def watch(self, action: Callable[[], None], seconds: float) -> Iterator[Watch]:
        """Within the block, call `action` once when `seconds` are over or the work is cancelled.

        After the block nothing is called any more. `action` runs in another thread.
        """
        watch = Watch(action)
        timer = threading.Timer(seconds, watch.fire, kwargs={"timed_out": True})
        timer.daemon = True
        with self._lock:
            self._watches.add(watch)
            cancelled = self._set
        try:
            if cancelled:
                watch.fire(timed_out=False)
            timer.start()
            yield watch
        finally:
            timer.cancel()
            watch.finish()
            with self._lock:
                self._watches.discard(watch)


@contextmanager
def holding(lock: threading.Lock, stop: Stop) -> Iterator[None]:
    """Hold `lock` within the block; who is cancelled meanwhile does not go on waiting for it.

    Raises:
        QueryFailed: the work was cancelled before the lock was free.
    """
    while not lock.acquire(timeout=_LOOK_SECONDS):
        if stop.is_set:
            raise QueryFailed("The query was cancelled.")
    try:
        yield
    finally:
        lock.release()
