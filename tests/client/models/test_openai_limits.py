"""Time limits, cancelling and proxies of the chat client."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Literal

import anyio
import httpx
import pytest
from anyio.abc import SocketStream

from tao.errors import ModelError
from tao.models import ChatRequest, Completion, Delta, Message
from tao.models.openai import OpenAIChat

URL = "http://model.test/v1"
REQUEST = ChatRequest([Message("user", "hi")])
FIRST = b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'
LAST = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


class Endless(httpx.AsyncByteStream):
    """Its pieces, then silence, or comments without end."""

    def __init__(self, *pieces: bytes, then: Literal["silence", "comments", "empty chunks"]) -> None:
        self._pieces = pieces
        self._then = then
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        while self._then != "silence":
            await anyio.lowlevel.checkpoint()
            yield (
                b": still here\n\n" if self._then == "comments" else b'data: {"choices": [{"delta": {}}]}\n\n'
            )
        await anyio.sleep_forever()

    async def aclose(self) -> None:
        self.closed = True


def model(body: httpx.AsyncByteStream, **options: Any) -> OpenAIChat:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=body)

    return OpenAIChat(URL, name="m", transport=httpx.MockTransport(handler), **options)


async def read(chat: OpenAIChat) -> list[Delta | Completion]:
    with anyio.fail_after(5):
        async with aclosing(chat.stream(REQUEST)) as stream:
            return [piece async for piece in stream]


@pytest.mark.parametrize("then", ["silence", "comments", "empty chunks"])
async def test_a_first_token_that_does_not_come_is_not_waited_for(
    then: Literal["silence", "comments", "empty chunks"],
) -> None:
    body = Endless(then=then)
    async with model(body, first_token_timeout=0.05) as chat:
        with pytest.raises(ModelError, match=r"no token within 0.05 s.*TAO_MODEL_FIRST_TOKEN_TIMEOUT"):
            await read(chat)
    assert body.closed


@pytest.mark.parametrize("then", ["silence", "comments", "empty chunks"])
async def test_a_next_token_that_does_not_come_is_not_waited_for(
    then: Literal["silence", "comments", "empty chunks"],
) -> None:
    body = Endless(FIRST, then=then)
    async with model(body, token_timeout=0.05) as chat:
        with pytest.raises(ModelError, match=r"no token for 0.05 s.*TAO_MODEL_TOKEN_TIMEOUT"):
            await read(chat)
    assert body.closed


async def test_an_endpoint_that_never_answers_is_not_waited_for() -> None:
    async def handler(request: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    async with OpenAIChat(
        URL, name="m", transport=httpx.MockTransport(handler), first_token_timeout=0.05
    ) as chat:
        with pytest.raises(ModelError, match="no token within"):
            await read(chat)


@pytest.mark.parametrize(
    ("end", "token_timeout", "finish_reason"), [(LAST, 0.05, "stop"), (b"data: [DONE]\n\n", 60, None)]
)
async def test_a_reply_that_ended_is_whole_though_the_connection_stays_open(
    end: bytes, token_timeout: float, finish_reason: str | None
) -> None:
    async with model(Endless(FIRST, end, then="silence"), token_timeout=token_timeout) as chat:
        completion = (await read(chat))[-1]
    assert isinstance(completion, Completion)
    assert (completion.text, completion.finish_reason) == ("a", finish_reason)


async def test_closing_the_stream_closes_the_response_at_once() -> None:
    body = Endless(FIRST, then="silence")
    async with model(body) as chat:
        async with aclosing(chat.stream(REQUEST)) as stream:
            assert await anext(stream) == Delta("a")
            assert not body.closed
        assert body.closed


@pytest.mark.parametrize("pieces", [[], [FIRST]])
async def test_cancelling_closes_the_response_at_once(pieces: list[bytes]) -> None:
    body = Endless(*pieces, then="silence")
    async with model(body) as chat:
        with anyio.move_on_after(0.05):
            await read(chat)
        assert body.closed


async def test_two_replies_may_stream_at_the_same_time() -> None:
    replies: list[list[Delta | Completion]] = []
    started = anyio.Event()

    async def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json={"data": [{"id": "m"}]})
        # Neither gets an answer before both have asked.
        if waiting:
            started.set()
        waiting.append(request)
        await started.wait()
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=FIRST)

    waiting: list[httpx.Request] = []

    async def one(chat: OpenAIChat) -> None:
        replies.append(await read(chat))

    async with (
        OpenAIChat(URL, transport=httpx.MockTransport(handler)) as chat,
        anyio.create_task_group() as group,
    ):
        group.start_soon(one, chat)
        group.start_soon(one, chat)
    assert len(replies) == 2


@asynccontextmanager
async def endpoint(*, hang_up: anyio.Event) -> AsyncGenerator[str]:
    """A server on this machine that sends one token and then waits until the client hangs up."""

    async def serve(client: SocketStream) -> None:
        async with client:
            await client.receive()
            await client.send(HEAD + FIRST)
            try:
                while True:
                    await client.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                hang_up.set()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with anyio.create_task_group() as group:
            group.start_soon(listener.serve, serve)
            yield f"http://127.0.0.1:{port}/v1"
            group.cancel_scope.cancel()


async def test_a_server_on_this_machine_is_reached_past_the_proxy_and_sees_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    hang_up = anyio.Event()
    with anyio.fail_after(5):
        async with endpoint(hang_up=hang_up) as url, OpenAIChat(url, name="m", attempts=1) as chat:
            async with aclosing(chat.stream(REQUEST)) as stream:
                assert await anext(stream) == Delta("a")
            await hang_up.wait()


async def test_a_server_that_is_not_running_is_told() -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with OpenAIChat(f"http://127.0.0.1:{port}/v1", name="m", backoff=0) as chat:
        with pytest.raises(ModelError, match=r"Nothing answers at .* Is the server running.*Tried 4 times"):
            await read(chat)
