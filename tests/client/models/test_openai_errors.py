"""Each way in which an endpoint can fail is one clear line."""

import json
import socket
import ssl
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from tao.errors import ModelError
from tao.models import ChatRequest, Completion, Delta, Message
from tao.models.openai import OpenAIChat
from tests.support.sse import Pieces, streaming

URL = "http://model.test/v1"
REQUEST = ChatRequest([Message("user", "hi")])
FIRST = b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'

Handler = Callable[[httpx.Request], httpx.Response]


def raising(error: Exception, cause: Exception | None = None) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error from cause

    return handler


async def read(chat: OpenAIChat) -> list[Delta | Completion]:
    async with aclosing(chat.stream(REQUEST)) as stream:
        return [piece async for piece in stream]


async def failure(handler: Handler, **options: Any) -> ModelError:
    options = {"name": "m", "attempts": 1, **options}
    async with OpenAIChat(URL, transport=httpx.MockTransport(handler), **options) as chat:
        with pytest.raises(ModelError) as caught:
            await read(chat)
    text = str(caught.value)
    assert URL in text
    assert text.isprintable()
    assert len(text) < 600
    return caught.value


@pytest.mark.parametrize(
    ("error", "cause", "says"),
    [
        (
            httpx.ConnectError("All connection attempts failed"),
            None,
            "Nothing answers at .* TAO_MODEL_BASE_URL",
        ),
        (httpx.ConnectTimeout(""), None, r"Nothing answers at .* \(ConnectTimeout\)"),
        (httpx.ConnectError("?"), socket.gaierror(-2, "Name not known"), "host of .* is not known"),
        (httpx.ConnectError("self-signed"), ssl.SSLError("x"), "No secure connection .* self-signed"),
        (httpx.ProxyError("403 Forbidden"), None, "The proxy on the way to .* 403 Forbidden"),
        (httpx.RemoteProtocolError("disconnected"), None, "closed the connection without a reply"),
        (httpx.ReadError(""), None, r"closed the connection without a reply \(ReadError\)"),
    ],
)
async def test_an_endpoint_that_cannot_be_reached_is_named(
    error: Exception, cause: Exception | None, says: str
) -> None:
    failed = await failure(raising(error, cause))
    assert failed.status is None
    with pytest.raises(ModelError, match=says):
        raise failed


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (
            401,
            {"error": {"message": "bad key"}},
            r"wants an API key \(HTTP 401: bad key\). Set TAO_MODEL_API_KEY",
        ),
        (403, {}, "Set TAO_MODEL_API_KEY"),
        (404, {"detail": "Not Found"}, "Does TAO_MODEL_BASE_URL end in /v1?"),
        (404, {"error": {"code": 404, "message": "File Not Found"}}, "end in /v1?"),
        (405, {}, "end in /v1?"),
        (400, {"error": {"message": "maximum context length is 8192"}}, "maximum context length is 8192"),
        (400, {"object": "error", "message": "old form"}, "old form"),
        (413, {"error": "a plain string"}, "a plain string"),
        (422, {"detail": [{"loc": ["body", "stop"], "msg": "wrong"}]}, '"stop"'),
        (418, [], "refused the request"),
        (429, {"error": {"message": "slow down"}}, "HTTP 429: slow down"),
        (503, {"error": {"message": "Loading model"}}, "HTTP 503: Loading model"),
    ],
)
async def test_a_refusal_carries_its_status_and_the_endpoints_reason(
    status: int, body: Any, says: str
) -> None:
    failed = await failure(lambda _: httpx.Response(status, json=body))
    assert failed.status == status
    with pytest.raises(ModelError, match=says):
        raise failed


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff\xfe\x1b[31m",
        b"<html><script>x</script></html>",
        b"[" * 100_000,
        "红".encode() * 100_000,
        json.dumps({"error": {"message": "\x1b[2J\u202e\r\nfake line " + "x" * 5000}}).encode(),
    ],
)
async def test_a_hostile_error_body_makes_one_short_line(body: bytes) -> None:
    failed = await failure(lambda _: httpx.Response(400, content=body))
    assert failed.status == 400
    assert "<" not in str(failed)


async def test_a_key_that_the_endpoint_repeats_is_not_shown() -> None:
    body = {"error": {"message": "Incorrect API key provided: sk-12345"}}
    failed = await failure(lambda _: httpx.Response(401, json=body), api_key="sk-12345")
    assert "sk-12345" not in str(failed)
    assert "refused the API key" in str(failed)


async def test_a_password_or_query_in_the_url_is_not_shown() -> None:
    transport = httpx.MockTransport(raising(httpx.ConnectError("no")))
    async with OpenAIChat("http://u:pass@h/v1?key=abc", name="m", transport=transport, attempts=1) as chat:
        with pytest.raises(ModelError, match="http://h/v1 ") as caught:
            await read(chat)
    assert "pass" not in str(caught.value)
    assert "abc" not in str(caught.value)


async def test_a_wrong_model_name_is_answered_with_those_there_are() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"data": [{"id": f"model-{i}"} for i in range(12)]})
        return httpx.Response(404, json={"error": {"message": "The model `m` does not exist."}})

    failed = await failure(handler)
    assert failed.status == 404
    assert "has no model 'm'. It has 'model-0', 'model-1'," in str(failed)
    assert "and 2 more. Set TAO_MODEL_NAME" in str(failed)


async def test_a_wrong_model_name_is_told_also_when_no_list_can_be_had() -> None:
    body = {"error": {"message": "The model `m` does not exist."}}
    failed = await failure(lambda _: httpx.Response(404, json=body))
    assert "Set TAO_MODEL_NAME" in str(failed)


@pytest.mark.parametrize(
    ("status", "content", "says"),
    [
        (200, b'{"data": []}', "names no model"),
        (200, b"[]", "names no model"),
        (200, b'{"data": [{"id": 5}, {}, 7]}', "names no model"),
        (404, b"", "names no model"),
        (200, b"not json", "cannot be read"),
        (401, b"", "TAO_MODEL_API_KEY"),
    ],
)
async def test_without_a_name_an_endpoint_without_models_is_an_error(
    status: int, content: bytes, says: str
) -> None:
    failed = await failure(lambda _: httpx.Response(status, content=content), name=None)
    assert says in str(failed)


async def test_a_redirect_is_not_followed_but_told() -> None:
    failed = await failure(lambda _: httpx.Response(301, headers={"location": "https://model.test/v1"}))
    assert "sends on to https://model.test/v1" in str(failed)


async def test_a_web_page_is_no_endpoint() -> None:
    failed = await failure(lambda _: httpx.Response(200, html="<h1>Welcome</h1>"))
    assert "text/html" in str(failed)
    assert "end in /v1?" in str(failed)


@pytest.mark.parametrize(
    "data",
    [
        b"data: {\n\n",
        b"data: 7\n\n",
        b"data: null\n\n",
        b"data: \xff\xfe\x00\n\n",
        b"data: " + b"[" * 9999 + b"\n\n",
    ],
)
async def test_garbage_in_the_stream_is_an_error(data: bytes) -> None:
    assert "cannot be read" in str(await failure(lambda _: streaming(FIRST, data)))


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"choices": []}', b": only a comment\n\n", b"data: [DONE]\n\n"]
)
async def test_an_empty_reply_is_an_error(content: bytes) -> None:
    kind = "application/json" if content.startswith(b"{") else "text/event-stream"
    failed = await failure(
        lambda _: httpx.Response(200, headers={"content-type": kind}, content=content or b"\n")
    )
    assert "empty reply" in str(failed) or "cannot be read" in str(failed)


@pytest.mark.parametrize(
    ("error", "says", "status"),
    [
        ({"message": "out of memory", "code": 500}, "out of memory", 500),
        ({"message": "bad", "code": "invalid"}, "bad", None),
        ("just words", "just words", None),
    ],
)
async def test_an_error_in_the_stream_is_told(error: Any, says: str, status: int | None) -> None:
    data = f"data: {json.dumps({'error': error})}\n\n".encode()
    failed = await failure(lambda _: streaming(FIRST, data))
    assert says in str(failed)
    assert failed.status == status


async def test_a_stream_that_breaks_off_is_an_error() -> None:
    broken = httpx.RemoteProtocolError("peer closed connection without sending complete message body")
    failed = await failure(lambda _: streaming(FIRST, broken))
    assert "broke off in the middle of its reply (peer closed" in str(failed)


@pytest.mark.parametrize("as_stream", [True, False])
async def test_a_reply_without_end_is_stopped(as_stream: bool) -> None:
    body = FIRST * 1000 if as_stream else b'{"choices": "' + b"x" * 100_000 + b'"}'
    kind = "text/event-stream" if as_stream else "application/json"
    response = httpx.Response(200, headers={"content-type": kind}, stream=Pieces(body))
    assert "more than 500 characters" in str(await failure(lambda _: response, reply_limit=500))
