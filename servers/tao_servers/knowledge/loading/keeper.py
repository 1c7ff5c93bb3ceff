"""Keeps one child process: starts it, bounds it, and replaces it."""

import math
import signal
import subprocess
import sys
import threading
from typing import Any, BinaryIO, cast

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.child import NEEDS_MORE_MEMORY
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.jobs import Job, receive, send

__all__ = ["Keeper"]

_CHILD = "tao_servers.knowledge.loading.child"
_GRACE_SECONDS = 10
_START_SECONDS = 60.0
# Libraries leak a little with each file; a new child takes a fifth of a second.
_FILES_PER_CHILD = 500
_CLOSED = "reading was ended"


class Keeper:
    """One child after the other. `read` and `close` may be called from different threads."""

    def __init__(self, *, seconds: float, memory_mb: int) -> None:
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._child: subprocess.Popen[bytes] | None = None
        self._files = 0
        self._closed = False
        self._turn = threading.Lock()

    def read(self, job: Job) -> Document | RefusedError:
        """Have the file of `job` read; what went wrong is given back, whatever it was."""
        fresh = self._files == 0
        result = self._read_once(job)
        if isinstance(result, _MemoryRefusal) and not fresh:
            # It may be what earlier files have left behind that was too much.
            return self._read_once(job)
        return result

    def close(self) -> None:
        """End the child at once, whatever it does, and start no other."""
        with self._turn:
            self._closed = True
        self._end()

    def _read_once(self, job: Job) -> Document | RefusedError:
        late = threading.Event()
        try:
            child = self._running()
            with _deadline(child, self._seconds, late):
                send(job, cast(BinaryIO, child.stdin))
                answer = receive(cast(BinaryIO, child.stdout))
        except (EOFError, OSError):
            return self._failure(late)
        self._files += 1
        if answer == NEEDS_MORE_MEMORY:
            self._end()
            return _MemoryRefusal(f"it needs more than {self._memory_mb} MB of memory to be read; split it")
        if self._files >= _FILES_PER_CHILD:
            self._end()
        result: Document | RefusedError = answer
        return result

    def _running(self) -> "subprocess.Popen[bytes]":
        with self._turn:
            if self._closed:
                raise EOFError
            if self._child is not None:
                return self._child
            self._files = 0
            self._child = child = _start(self._memory_mb, self._seconds)
        with _deadline(child, _START_SECONDS, threading.Event()):
            receive(cast(BinaryIO, child.stdout))
        return child

    def _failure(self, late: threading.Event) -> RefusedError:
        code = self._end()
        if self._closed:
            return RefusedError(_CLOSED)
        if late.is_set():
            return RefusedError(f"reading it took more than {self._seconds:g} seconds; split it")
        return _MemoryRefusal(f"reading it crashed ({_told(code)}); save it anew, or in another format")

    def _end(self) -> int | None:
        """Kill the child, if there is one; returns how it ended."""
        with self._turn:
            child, self._child = self._child, None
            self._files = 0
        if child is None:
            return None
        code = child.poll()
        child.kill()
        ended = child.wait()
        for pipe in (child.stdin, child.stdout):
            _close(cast(BinaryIO, pipe))
        return ended if code is None else code


class _MemoryRefusal(RefusedError):
    """The child died, or ran out of memory: both may be the fault of the files before this one."""


class _deadline:
    def __init__(self, child: "subprocess.Popen[bytes]", seconds: float, late: threading.Event) -> None:
        def end() -> None:
            late.set()
            child.kill()

        self._timer = threading.Timer(seconds, end)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()


def _start(memory_mb: int, seconds: float) -> "subprocess.Popen[bytes]":
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    else:
        # Ctrl-C is for the parent, which ends its children itself.
        options["start_new_session"] = True
    # -P: a `json.py` in the folder where this runs must not be taken for the real one.
    command = [sys.executable, "-P", "-m", _CHILD, str(memory_mb), str(math.ceil(seconds) + _GRACE_SECONDS)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options
    )


def _close(pipe: BinaryIO) -> None:
    try:
        pipe.close()
    except OSError:
        # What was not yet written to a child that is gone.
        return


def _told(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"
