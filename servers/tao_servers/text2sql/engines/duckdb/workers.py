"""Keeps processes that run statements, and ends them when they are cancelled, late or no longer needed."""

import contextlib
import json
import logging
import subprocess
import sys
import threading
from typing import Any

from tao_servers.text2sql import errors
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, SetupError, Text2sqlError
from tao_servers.text2sql.stopping import Stop

__all__ = ["Workers"]

_LOG = logging.getLogger(__name__)

_MODULE = "tao_servers.text2sql.engines.duckdb.worker"
_MOST_IDLE = 2
# A statement is interrupted inside the process first; what does not heed that is killed after so much more.
_GRACE_SECONDS = 1.0
_START_SECONDS = 20.0


class Workers:
    """Processes for one database; safe to use from several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[subprocess.Popen[bytes]] = []
        self._all: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def ask(self, request: dict[str, Any], *, seconds: float, stop: Stop) -> Any:
        """Have a process do what `request` says, for at most about `seconds`.

        Raises:
            Text2sqlError: what went wrong there; QueryFailed when it was cancelled, killed or died.
        """
        worker = self._take(stop)
        reply = None
        try:
            with stop.watch(worker.kill, seconds + _GRACE_SECONDS) as watch:
                reply = _ask(worker, request)
        finally:
            # A process in the middle of something can't be asked anything else.
            if reply is None or watch.fired:
                self._end(worker)
            else:
                self._give_back(worker)
        if reply is None:
            raise _lost(seconds, cancelled=stop.is_set, timed_out=watch.timed_out)
        if "error" in reply:
            raise _error(reply)
        return reply["value"]

    def close(self) -> None:
        """End every process, busy ones too."""
        with self._lock:
            self._closed = True
            workers = list(self._all)
            self._idle.clear()
        for worker in workers:
            self._end(worker)

    def _take(self, stop: Stop) -> subprocess.Popen[bytes]:
        worker = self._idle_one()
        if worker is not None:
            return worker
        worker = _start()
        with self._lock:
            self._all.add(worker)
            closed = self._closed
        with stop.watch(worker.kill, _START_SECONDS):
            ready = None if closed else _reply(worker)
        if ready is None:
            self._end(worker)
            if stop.is_set:
                raise QueryFailed("The query was cancelled.")
            raise SetupError("The process that runs queries did not start; its messages are in the log.")
        return worker

    def _idle_one(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._closed:
                raise QueryFailed("The database was closed.")
            while self._idle:
                worker = self._idle.pop()
                if worker.poll() is None:
                    return worker
                self._all.discard(worker)
                _close_pipes(worker)
            return None

    def _give_back(self, worker: subprocess.Popen[bytes]) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < _MOST_IDLE:
                self._idle.append(worker)
                return
        self._end(worker)

    def _end(self, worker: subprocess.Popen[bytes]) -> None:
        worker.kill()
        worker.wait()
        with self._lock:
            if worker not in self._all:
                return
            self._all.discard(worker)
        _close_pipes(worker)


def _start() -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in a terminal is for the server, which then ends this one.
    # -P: the folder that the host started us in may be anybody's, and have a json.py in it.
    command = [sys.executable, "-P", "-X", "utf8", "-m", _MODULE]
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
    except OSError as exc:
        raise QueryFailed(f"No process could be started to run the query: {exc}.") from exc


def _ask(worker: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, Any] | None:
    """The reply to `request`; None when the process ended before it gave one."""
    assert worker.stdin is not None
    try:
        worker.stdin.write(json.dumps(request).encode() + b"\n")
        worker.stdin.flush()
    except OSError:
        # A pipe with no process at its other end.
        return None
    return _reply(worker)


def _reply(worker: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    assert worker.stdout is not None
    try:
        for line in worker.stdout:
            reply: dict[str, Any] = json.loads(line)
            if "note" not in reply:
                return reply
            _LOG.log(reply["level"], "%s", reply["note"])
    except (OSError, ValueError):
        # Half of a reply.
        return None
    return None


def _close_pipes(worker: subprocess.Popen[bytes]) -> None:
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            # What is still to be sent has nobody to read it.
            with contextlib.suppress(OSError):
                pipe.close()


def _lost(seconds: float, *, cancelled: bool, timed_out: bool) -> QueryFailed:
    if cancelled:
        return QueryFailed("The query was cancelled.")
    if timed_out:
        return QueryFailed(
            f"The query was stopped after {seconds:g} s, in the middle of one long step. Make no very long"
            " texts or lists, filter earlier, or aggregate less."
        )
    return QueryFailed(
        "The process that ran the query ended without an answer, perhaps for want of memory. Select fewer"
        " rows and columns, and make no very long texts or lists."
    )


def _error(reply: dict[str, Any]) -> Text2sqlError:
    kind = getattr(errors, reply["error"], SetupError)
    if kind is QueryRefused:
        return QueryRefused(reply["text"], rule=reply["rule"] or "engine")
    error: Text2sqlError = kind(reply["text"])
    return error
