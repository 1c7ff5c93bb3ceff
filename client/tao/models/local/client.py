"""The client's side of the control port."""

import json
from typing import Any, Self

import anyio
import httpx
from anyio.abc import ByteStream
from anyio.streams.buffered import BufferedByteReceiveStream

from tao.models.local.state import State

__all__ = ["NoAnswerError", "OpenLease", "ask", "is_healthy"]

_REPLY_BYTES = 65536
_HEALTH_SECONDS = 10.0


class NoAnswerError(Exception):
    """Behind that port is no process of ours, or it went away."""


class OpenLease:
    """A lease on a loaded model; closing it gives the model back."""

    def __init__(self, stream: ByteStream, status: dict[str, Any]) -> None:
        self._stream = stream
        self.pid = int(status["pid"])
        self.base_url = str(status["base_url"])

    @classmethod
    async def take(cls, state: State, *, idle_seconds: float) -> Self:
        """Take a lease and wait, without a bound, until the model is loaded.

        Raises:
            NoAnswerError: the process does not answer, or could not load the model.
        """
        stream = await _connect(state)
        try:
            status = await _exchange(stream, state, {"op": "lease", "idle_seconds": idle_seconds})
            if not isinstance(status.get("base_url"), str) or not isinstance(status.get("pid"), int):
                raise NoAnswerError(str(status.get("error")))
            return cls(stream, status)
        except BaseException:
            await anyio.aclose_forcefully(stream)
            raise

    async def confirm(self) -> None:
        """Say that the model is in use, so that its process stays for the idle time afterwards."""
        try:
            await self._stream.send(b"\n")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as exc:
            raise NoAnswerError("it went away") from exc

    async def aclose(self) -> None:
        """Give the model back; never waits."""
        await anyio.aclose_forcefully(self._stream)


async def ask(state: State, op: str, *, seconds: float) -> dict[str, Any]:
    """Send `status` or `stop` and return the answer; `stop` returns when the process has closed its port.

    Raises:
        NoAnswerError: it is not there or does not answer within `seconds`.
    """
    try:
        with anyio.fail_after(seconds):
            async with await _connect(state) as stream:
                status = await _exchange(stream, state, {"op": op})
                if op == "stop":
                    await _until_closed(stream)
                return status
    except TimeoutError as exc:
        raise NoAnswerError(f"no answer within {seconds:g} s") from exc


async def is_healthy(base_url: str) -> bool:
    """Whether the model's own port answers that it is ready."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=_HEALTH_SECONDS) as client:
            response = await client.get(f"{base_url.removesuffix('/v1')}/health")
    except httpx.HTTPError:
        return False
    return response.status_code == 200


async def _connect(state: State) -> ByteStream:
    try:
        return await anyio.connect_tcp("127.0.0.1", state.port)
    except OSError as exc:
        raise NoAnswerError(f"nothing listens on port {state.port}") from exc


async def _exchange(stream: ByteStream, state: State, request: dict[str, Any]) -> dict[str, Any]:
    try:
        await stream.send(json.dumps({"key": state.key, **request}).encode() + b"\n")
        reply = json.loads(await BufferedByteReceiveStream(stream).receive_until(b"\n", _REPLY_BYTES))
    except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead) as exc:
        raise NoAnswerError("it closed the connection") from exc
    except (anyio.DelimiterNotFound, ValueError, RecursionError) as exc:
        raise NoAnswerError("it is another service") from exc
    if not isinstance(reply, dict):
        raise NoAnswerError("it is another service")
    return reply


async def _until_closed(stream: ByteStream) -> None:
    try:
        while True:
            await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return
