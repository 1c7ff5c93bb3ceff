"""One request to an endpoint and the stream that answers it, within its time limits."""

import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

import anyio
import httpx
import httpx_sse

from tao.errors import ModelError
from tao.models.chat import Completion, Delta
from tao.models.openai_failures import Failures
from tao.models.openai_reply import Reply

__all__ = ["Exchange", "Limits", "fetch"]

CLOSING_SECONDS = 2.0
DRAINING_SECONDS = 0.2
# An event weighs more than the token in it.
BYTES_PER_CHARACTER = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, in seconds, and how large, in characters, a reply may be."""

    connect: float = 10.0
    first_token: float = 180.0
    token: float = 60.0
    reply: int = 8_000_000


class Exchange:
    """A request that was sent and whose first token has come; `close()` also stops the endpoint."""

    def __init__(self, response: httpx.Response, failures: Failures, limits: Limits, sent: float) -> None:
        self.ended = False
        self._response = response
        self._failures = failures
        self._limits = limits
        self._sent = sent
        self._first_token: float | None = None
        self._reply = Reply(failures, limit=limits.reply)
        self._pieces = self._read()

    @classmethod
    async def open(
        cls, client: httpx.AsyncClient, request: httpx.Request, failures: Failures, limits: Limits
    ) -> tuple["Exchange", list[Delta]]:
        """Send `request` and wait for the first token.

        Raises:
            ModelError: the endpoint cannot be reached, refuses, or is too slow.
        """
        sent = time.perf_counter()
        try:
            with anyio.fail_after(limits.first_token):
                response = await _send(client, request, failures, limits)
                exchange = cls(response, failures, limits, sent)
                try:
                    return exchange, await exchange._next()
                except BaseException:
                    await exchange.close()
                    raise
        except TimeoutError as exc:
            raise failures.no_first_token(limits.first_token) from exc

    async def more(self) -> list[Delta]:
        """What the next token adds to the reply; `ended` becomes true with the last one.

        Raises:
            ModelError: the stream broke off, or nothing came in time.
        """
        try:
            with anyio.fail_after(self._limits.token):
                return await self._next()
        except TimeoutError as exc:
            if self._reply.finished:
                return self._end()
            raise self._failures.no_next_token(self._limits.token) from exc

    async def close(self) -> None:
        """Close the connection, or give it back when all was read."""
        with anyio.move_on_after(CLOSING_SECONDS, shield=True):
            await self._pieces.aclose()
            await self._response.aclose()

    def completion(self) -> Completion:
        """The whole reply, with its timings."""
        now = time.perf_counter()
        first = self._first_token if self._first_token is not None else now
        return self._reply.completion(first_token_seconds=first - self._sent, seconds=now - self._sent)

    async def _next(self) -> list[Delta]:
        # Chunks without a token, and comments, keep a connection alive; they do not extend its time.
        tokens = self._reply.tokens
        try:
            async for data in self._pieces:
                deltas = self._reply.take(data)
                if self._reply.tokens > tokens:
                    self._first_token = self._first_token or time.perf_counter()
                    return deltas
        except httpx.RequestError as exc:
            if not self._reply.finished:
                raise self._failures.unreachable(exc, started=tokens > 0) from exc
        return self._end()

    def _end(self) -> list[Delta]:
        self.ended = True
        return self._reply.end()

    async def _read(self) -> AsyncGenerator[str, None]:
        kind = self._response.headers.get("content-type", "")
        if "html" in kind:
            raise self._failures.not_the_api(kind)
        if "json" in kind:
            yield (await self._response.aread()).decode("utf-8", "replace")
            return
        # Some endpoints call their stream text/plain, or leave the charset to be guessed.
        self._response.headers["content-type"] = "text/event-stream; charset=utf-8"
        events = httpx_sse.EventSource(self._response).aiter_sse()
        try:
            async for event in events:
                data = event.data.strip()
                if data == "[DONE]":
                    await _drain(events)
                    return
                if data:
                    yield data
        finally:
            await events.aclose()


async def fetch(
    client: httpx.AsyncClient, request: httpx.Request, failures: Failures, limits: Limits
) -> bytes:
    """Send a request whose reply is one small document, and read it whole."""
    try:
        with anyio.fail_after(limits.first_token):
            response = await _send(client, request, failures, limits)
            try:
                return await response.aread()
            finally:
                with anyio.move_on_after(CLOSING_SECONDS, shield=True):
                    await response.aclose()
    except httpx.RequestError as exc:
        raise failures.unreachable(exc, started=False) from exc
    except TimeoutError as exc:
        raise failures.no_first_token(limits.first_token) from exc


async def _drain(events: AsyncGenerator[httpx_sse.ServerSentEvent, None]) -> None:
    # Only a connection that was read to its end can serve the next request.
    with anyio.move_on_after(DRAINING_SECONDS), contextlib.suppress(httpx.RequestError):
        await anext(events, None)


async def _send(
    client: httpx.AsyncClient, request: httpx.Request, failures: Failures, limits: Limits
) -> httpx.Response:
    try:
        response = await client.send(request, stream=True)
    except httpx.RequestError as exc:
        raise failures.unreachable(exc, started=False) from exc
    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    response.stream = _Bounded(stream, limits.reply * BYTES_PER_CHARACTER, failures.too_long(limits.reply))
    if response.is_success:
        return response
    try:
        body = (await response.aread()).decode("utf-8", "replace")
    except httpx.RequestError as exc:
        raise failures.unreachable(exc, started=False) from exc
    finally:
        with anyio.move_on_after(CLOSING_SECONDS, shield=True):
            await response.aclose()
    raise failures.refused(response.status_code, response.headers, body)


class _Bounded(httpx.AsyncByteStream):
    """A body that ends with an error when it is too large to be meant."""

    def __init__(self, stream: httpx.AsyncByteStream, limit: int, error: ModelError) -> None:
        self._stream = stream
        self._left = limit
        self._error = error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._left -= len(piece)
            if self._left < 0:
                raise self._error
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
