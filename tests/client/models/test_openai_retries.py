"""When a request is tried again, and how long the client waits."""

from collections.abc import Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx
import pytest
import stamina

from tao.errors import ModelError
from tao.models import ChatRequest, Completion, Message
from tao.models.openai import OpenAIChat
from tao.models.retrying import seconds_to_wait
from tests.support.sse import streaming

URL = "http://model.test/v1"
FIRST = b'data: {"choices": [{"delta": {"content": "ok"}}]}\n\n'

Outcome = httpx.Response | Exception


class Script:
    """An endpoint that does one thing after another, the last one again and again."""

    def __init__(self, *outcomes: Callable[[], Outcome]) -> None:
        self._outcomes = outcomes
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        outcome = self._outcomes[min(self.asked, len(self._outcomes) - 1)]()
        self.asked += 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def ask(script: Script, **options: Any) -> str:
    options = {"name": "m", "backoff": 0, **options}
    async with (
        OpenAIChat(URL, transport=httpx.MockTransport(script), **options) as chat,
        aclosing(chat.stream(ChatRequest([Message("user", "hi")]))) as stream,
    ):
        async for piece in stream:
            if isinstance(piece, Completion):
                return piece.text
    raise AssertionError("no Completion")


def well() -> httpx.Response:
    return streaming(FIRST)


@pytest.mark.parametrize(
    "failing",
    [
        *[lambda status=status: httpx.Response(status) for status in (429, 500, 502, 503, 504)],
        lambda: httpx.ConnectError("refused"),
        lambda: httpx.ConnectTimeout("slow"),
        lambda: httpx.RemoteProtocolError("disconnected"),
        lambda: streaming(httpx.ReadError("reset")),
        lambda: streaming(
            b'data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n', httpx.ReadError("reset")
        ),
        lambda: streaming(b'data: {"error": {"code": 503, "message": "busy"}}\n\n'),
        lambda: streaming(b": nothing\n\n"),
    ],
)
async def test_a_failure_before_the_first_token_is_tried_again(failing: Callable[[], Outcome]) -> None:
    script = Script(failing, failing, well)
    assert await ask(script) == "ok"
    assert script.asked == 3


async def test_after_the_last_try_the_failure_is_told_with_their_number() -> None:
    script = Script(lambda: httpx.Response(503))
    with pytest.raises(ModelError, match=r"HTTP 503.*\(Tried 3 times\.\)") as caught:
        await ask(script, attempts=3)
    assert script.asked == 3
    assert caught.value.status == 503


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 501])
async def test_a_refusal_is_not_tried_again(status: int) -> None:
    script = Script(lambda: httpx.Response(status), well)
    with pytest.raises(ModelError):
        await ask(script)
    assert script.asked == 1


@pytest.mark.parametrize(
    "broken",
    [httpx.ReadError("reset"), httpx.RemoteProtocolError("cut"), b'data: {"error": {"code": 503}}\n\n'],
)
async def test_nothing_is_tried_again_after_a_piece_was_handed_out(broken: bytes | Exception) -> None:
    script = Script(lambda: streaming(FIRST, broken), well)
    with pytest.raises(ModelError):
        await ask(script)
    assert script.asked == 1


async def test_the_models_list_is_tried_again_too() -> None:
    script = Script(
        lambda: httpx.Response(503), lambda: httpx.Response(200, json={"data": [{"id": "m"}]}), well
    )
    assert await ask(script, name=None) == "ok"
    assert script.asked == 3


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """How long each wait would be; the wait itself is cancelled."""
    seen: list[float] = []
    stamina.instrumentation.set_on_retry_hooks([lambda details: seen.append(details.wait_for)])
    yield seen
    stamina.instrumentation.set_on_retry_hooks(None)


async def test_the_endpoint_may_say_how_long_to_wait(waits: list[float]) -> None:
    answers = iter(["7", "100000"])
    for expected in (7.0, 60.0):
        with anyio.CancelScope() as scope:

            def busy(scope: anyio.CancelScope = scope) -> httpx.Response:
                scope.cancel()
                return httpx.Response(429, headers={"retry-after": next(answers)})

            await ask(Script(busy))
        assert waits[-1] == expected


async def test_a_wait_that_is_over_is_no_wait(waits: list[float]) -> None:
    past = "Sun, 06 Nov 1994 08:49:37 GMT"
    script = Script(lambda: httpx.Response(503, headers={"retry-after": past}), well)
    assert await ask(script, backoff=30) == "ok"
    assert waits == [0.0]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0.0),
        (" 5 ", 5.0),
        ("9" * 400, 60.0),
        ("Sun, 22 Nov 2026 12:00:20 GMT", 20.0),
        ("Sun, 22 Nov 2026 12:00:20", 20.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2027 11:00:00 GMT", 60.0),
        ("Sun, 99 Nov 2026 11:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, now=datetime(2026, 11, 22, 12, tzinfo=UTC)) == seconds
