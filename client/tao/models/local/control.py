"""The control port of a model process: who uses the model, and when nobody does any more.

A client sends one JSON line with the key. `{"op": "lease", "idle_seconds": 600}` is answered when the model
is ready; the connection itself is the lease, and the system closes it even when its holder is killed. A byte
sent after the answer says that the model is in use: only then does the process outlive the lease by
`idle_seconds`. `{"op": "status"}` and `{"op": "stop"}` are answered at once.
"""

import hmac
import json
import math
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import anyio
from anyio.abc import ByteStream, SocketStream, TaskGroup
from anyio.streams.buffered import BufferedByteReceiveStream

from tao.models.local import machine

__all__ = ["Control", "Engine", "Lease", "Leases"]

_GONE = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)
_LINE_BYTES = 4096
_LINE_SECONDS = 10.0
_LONGEST_IDLE = 366 * 24 * 3600.0


class Engine(Protocol):
    """What runs the model."""

    def start(self) -> str:
        """Load the weights (blocking) and return the OpenAI-compatible base URL."""
        ...


@dataclass
class Lease:
    """One client's use of the model; `idle_seconds` is how long the process stays after it."""

    idle_seconds: float = 0.0


class Leases:
    """Counts leases and knows when the process is of no more use."""

    def __init__(
        self, *, unclaimed_seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._end = clock() + unclaimed_seconds
        self._claimed = False
        self.open = 0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the process should end; None while a lease is open."""
        return None if self.open else max(0.0, self._end - self._clock())

    @contextmanager
    def hold(self) -> Generator[Lease]:
        """Keep the process alive; afterwards, the latest end that any lease asked for holds."""
        if not self._claimed:
            self._claimed, self._end = True, -math.inf
        self.open += 1
        lease = Lease()
        try:
            yield lease
        finally:
            self.open -= 1
            self._end = max(self._end, self._clock() + lease.idle_seconds)


class Control:
    """Answers on the control port until the process should end."""

    def __init__(self, name: str, key: str, leases: Leases, *, ready: Callable[[str], None]) -> None:
        self._name = name
        self._key = key
        self._leases = leases
        self._on_ready = ready
        self._loaded = anyio.Event()
        self._changed = anyio.Event()
        self._stopped = False
        self._base_url: str | None = None
        self._failure: str | None = None

    async def serve(self, listener: anyio.abc.Listener[SocketStream], engine: Engine) -> None:
        """Load the model and serve; returns on `stop`, or when the last lease and its idle time are over."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, self._handle)
            tasks.start_soon(self._load, engine)
            await self._until_unused()
            tasks.cancel_scope.cancel()

    async def _load(self, engine: Engine) -> None:
        try:
            self._base_url = await anyio.to_thread.run_sync(engine.start, abandon_on_cancel=True)
            await anyio.to_thread.run_sync(self._on_ready, self._base_url)
        except (RuntimeError, ValueError, OSError, ImportError) as exc:
            self._failure = f"{exc or type(exc).__name__}"
        self._loaded.set()

    async def _until_unused(self) -> None:
        while not self._stopped:
            left = self._leases.seconds_left
            if left == 0:
                return
            self._changed = anyio.Event()
            with anyio.move_on_after(left):
                await self._changed.wait()

    async def _handle(self, stream: SocketStream) -> None:
        async with stream:
            try:
                with anyio.fail_after(_LINE_SECONDS):
                    request = await self._request(stream)
            except (*_GONE, anyio.IncompleteRead, anyio.DelimiterNotFound, TimeoutError):
                return
            if request is None:
                await _send(stream, {"error": "That is no request, or its key is wrong."})
            elif request.get("op") == "lease":
                await self._lease(stream, _idle_seconds(request))
            elif request.get("op") == "stop":
                await _send(stream, self._status())
                self._stopped = True
            else:
                await _send(stream, self._status())
        self._changed.set()

    async def _request(self, stream: ByteStream) -> dict[str, Any] | None:
        line = await BufferedByteReceiveStream(stream).receive_until(b"\n", _LINE_BYTES)
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(request, dict):
            return None
        key = str(request.get("key")).encode("utf-8", "replace")
        return request if hmac.compare_digest(key, self._key.encode()) else None

    async def _lease(self, stream: ByteStream, idle_seconds: float) -> None:
        with self._leases.hold() as lease:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._answer_when_loaded, stream, tasks)
                try:
                    while True:
                        await stream.receive()
                        lease.idle_seconds = idle_seconds
                except _GONE:
                    tasks.cancel_scope.cancel()

    async def _answer_when_loaded(self, stream: ByteStream, tasks: TaskGroup) -> None:
        await self._loaded.wait()
        await _send(stream, self._status())
        if self._failure is not None:
            tasks.cancel_scope.cancel()

    def _status(self) -> dict[str, Any]:
        return {
            "name": self._name,
            "pid": os.getpid(),
            "base_url": self._base_url,
            "error": self._failure,
            "leases": self._leases.open,
            "idle_left": self._leases.seconds_left,
            "memory": machine.resident_memory(),
        }


def _idle_seconds(request: dict[str, Any]) -> float:
    value = request.get("idle_seconds")
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return 0.0
    return min(float(value), _LONGEST_IDLE)


async def _send(stream: ByteStream, reply: dict[str, Any]) -> None:
    try:
        await stream.send(json.dumps(reply).encode() + b"\n")
    except _GONE:
        # Whoever asked has gone; the receiving side sees the same and lets go of the lease.
        return
