"""What the chat client sends, and what it makes of replies."""

import json
from collections.abc import Callable
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.errors import ConfigError
from tao.models import ChatModel, ChatRequest, Completion, Delta, Message, Usage
from tao.models.openai import OpenAIChat
from tao.settings import ModelSettings
from tests.support.sse import streaming

URL = "http://model.test/v1"
REQUEST = ChatRequest([Message("system", "Be brief."), Message("user", "你好")])


def chunk(content: str | None = None, *, finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": content, **delta}, "finish_reason": finish_reason}
    return {"id": "x", "object": "chat.completion.chunk", "choices": [choice]}


def sse(*chunks: dict[str, Any] | str) -> bytes:
    datas = [c if isinstance(c, str) else json.dumps(c, ensure_ascii=False) for c in chunks]
    return "".join(f"data: {data}\n\n" for data in datas).encode()


def model(handler: Callable[[httpx.Request], httpx.Response], **options: Any) -> OpenAIChat:
    options = {"name": "m", "backoff": 0, **options}
    return OpenAIChat(URL, transport=httpx.MockTransport(handler), **options)


async def ask(chat: ChatModel, request: ChatRequest = REQUEST) -> tuple[list[Delta], Completion]:
    deltas: list[Delta] = []
    async with aclosing(chat.stream(request)) as stream:
        async for piece in stream:
            if isinstance(piece, Completion):
                return deltas, piece
            deltas.append(piece)
    raise AssertionError("no Completion")


async def reply(*chunks: dict[str, Any] | str) -> Completion:
    async with model(lambda _: streaming(sse(*chunks))) as chat:
        return (await ask(chat))[1]


async def test_a_reply_comes_in_pieces_and_then_whole() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 8}}
    chunks: list[dict[str, Any] | str] = [
        chunk(role="assistant"),
        chunk("你"),
        chunk(""),
        chunk("好"),
        chunk(finish_reason="stop"),
        {"choices": [], "usage": usage},
        "[DONE]",
    ]
    async with model(lambda _: streaming(sse(*chunks))) as chat:
        deltas, completion = await ask(chat)
    assert deltas == [Delta("你"), Delta("好")]
    assert (completion.text, completion.finish_reason) == ("你好", "stop")
    assert completion.usage == Usage(9, 2, 8)
    assert 0 <= completion.first_token_seconds <= completion.seconds


async def test_the_request_says_what_was_asked_for() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return streaming(sse(chunk("ok")))

    form = {"type": "json_object"}
    asked = ChatRequest(REQUEST.messages, form, stop=["Observation:"], max_tokens=7, temperature=0.5)
    async with model(handler, api_key=" key\n") as chat:
        await ask(chat, asked)
    assert str(seen[0].url) == f"{URL}/chat/completions"
    assert seen[0].headers["authorization"] == "Bearer key"
    assert json.loads(seen[0].content) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "你好"}],
        "max_tokens": 7,
        "temperature": 0.5,
        "stream": True,
        "stream_options": {"include_usage": True},
        "stop": ["Observation:"],
        "response_format": form,
    }


async def test_extra_fields_win_and_a_none_leaves_a_field_out() -> None:
    bodies: list[dict[str, Any]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return streaming(sse(chunk("ok")))

    extra = {"chat_template_kwargs": {"enable_thinking": False}, "temperature": 0.9, "max_tokens": None}
    async with model(handler, extra_body=extra) as chat:
        await ask(chat)
    assert bodies[0]["chat_template_kwargs"] == {"enable_thinking": False}
    assert bodies[0]["temperature"] == 0.9
    assert "max_tokens" not in bodies[0]
    assert "stop" not in bodies[0]
    assert "response_format" not in bodies[0]


async def test_settings_make_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return streaming(sse(chunk("ok")))

    given_settings = ModelSettings(
        name="s", base_url=URL, api_key_env="THE_KEY", max_tokens=5, temperature=0.1
    )
    transport = httpx.MockTransport(handler)
    async with OpenAIChat.from_settings(
        given_settings, transport=transport, environ={"THE_KEY": "secret"}
    ) as chat:
        await ask(chat)
    body = json.loads(seen[0].content)
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("s", 5, 0.1)
    assert seen[0].headers["authorization"] == "Bearer secret"


async def test_without_a_name_the_endpoint_is_asked_once_for_its_first_model() -> None:
    paths: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"data": [{"id": "first"}, {"id": "second"}]})
        assert json.loads(request.content)["model"] == "first"
        return streaming(sse(chunk("ok")))

    async with model(handler, name=None) as chat:
        assert chat.name == ""
        await ask(chat)
        await ask(chat)
        assert chat.name == "first"
        assert await chat.models() == ["first", "second"]
    assert paths.count("/v1/models") == 2


async def test_a_server_that_does_not_know_stream_options_is_asked_without() -> None:
    bodies: list[dict[str, Any]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        if "stream_options" in bodies[-1]:
            return httpx.Response(400, json={"error": {"message": "Unknown field: stream_options"}})
        return streaming(sse(chunk("ok")))

    async with model(handler) as chat:
        await ask(chat)
        assert (await ask(chat))[1].text == "ok"
    assert ["stream_options" in body for body in bodies] == [True, False, False]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_that_the_endpoint_keeps_apart_is_no_text(field: str) -> None:
    completion = await reply(chunk(**{field: "why "}), chunk(None, **{field: "not"}), chunk("yes"))
    assert (completion.text, completion.reasoning) == ("yes", "why not")


async def test_thinking_in_the_content_is_no_text() -> None:
    async with model(
        lambda _: streaming(sse(chunk("<thi"), chunk("nk>hm</th"), chunk("ink>\n\nyes")))
    ) as chat:
        deltas, completion = await ask(chat)
    assert deltas == [Delta(reasoning="hm"), Delta("yes")]
    assert (completion.text, completion.reasoning) == ("yes", "hm")


async def test_a_tag_that_never_ends_is_given_out_at_the_end() -> None:
    assert (await reply(chunk("a <thi"))).text == "a <thi"


@pytest.mark.parametrize(
    "noise",
    [
        b": keep-alive\n\n",
        b"event: ping\ndata: {}\n\n",
        b"data:\n\n",
        b"retry: 5\nid: 7\n\n",
        sse({"choices": None}),
        sse({"choices": [None]}),
        sse({"choices": [{"index": 0}]}),
        sse({"choices": [{"index": 0, "delta": None}]}),
        sse({"choices": [{"index": 1, "delta": {"content": "other"}}]}),
        sse({"choices": [], "usage": None, "x_new": [1]}),
        sse({"choices": [], "usage": {"prompt_tokens": "many", "prompt_tokens_details": []}}),
        sse(chunk(tool_calls=[], refusal=None, new_field={"a": 1})),
        sse({"choices": [{"index": 0, "delta": {"content": 5}}]}),
    ],
)
async def test_what_says_nothing_is_passed_over(noise: bytes) -> None:
    body = noise + sse(chunk("a")) + noise + sse(chunk("b")) + noise
    async with model(lambda _: streaming(body)) as chat:
        _, completion = await ask(chat)
    assert completion.text == "ab"
    assert completion.usage == Usage()


async def test_nothing_after_done_is_heard() -> None:
    assert (await reply(chunk("a"), "[DONE]", chunk("b"))).text == "a"


async def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, 3, {"type": "text", "text": "b"}]
    assert (await reply({"choices": [{"delta": {"content": parts}}]})).text == "ab"


async def test_cached_tokens_are_found_in_the_timings_of_llama_cpp() -> None:
    last = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1}, "timings": {"cache_n": 4}}
    assert (await reply(chunk("a"), last)).usage == Usage(9, 1, 4)


async def test_a_reply_that_is_not_streamed_is_read_too() -> None:
    whole = {
        "choices": [{"index": 0, "message": {"content": "<think>a</think>b"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    async with model(lambda _: httpx.Response(200, json=whole)) as chat:
        deltas, completion = await ask(chat)
    assert deltas == [Delta(reasoning="a"), Delta("b")]
    assert (completion.text, completion.finish_reason) == ("b", "length")
    assert completion.usage == Usage(3, 4)


async def test_a_model_that_says_nothing_gives_an_empty_reply() -> None:
    completion = await reply(chunk(role="assistant"), chunk(finish_reason="stop"), "[DONE]")
    assert (completion.text, completion.finish_reason) == ("", "stop")


async def test_a_stream_of_an_unusual_content_type_is_read_as_utf_8() -> None:
    headers = {"content-type": "text/plain; charset=latin-1"}
    async with model(lambda _: httpx.Response(200, headers=headers, content=sse(chunk("好")))) as chat:
        assert (await ask(chat))[1].text == "好"


async def test_halves_of_a_character_are_joined_and_lone_ones_replaced() -> None:
    halves = [
        '{"choices": [{"delta": {"content": "\\ud83d"}}]}',
        '{"choices": [{"delta": {"content": "\\ude00"}}]}',
    ]
    assert (await reply(*halves)).text == "😀"
    assert (await reply(halves[1])).text == "\ufffd"


BODY = b": hi\n\n" + sse(
    chunk("<think>为什么</think>\n\n因为 😀"),
    chunk("所以", reasoning_content="…"),
    chunk(finish_reason="stop"),
    {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
    "[DONE]",
).replace(b"\n", b"\r\n")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, len(BODY) - 1), max_size=12))
async def test_where_the_network_cuts_a_stream_makes_no_difference(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(BODY)]
    pieces = [BODY[a:b] for a, b in pairwise(edges)]
    async with model(lambda _: streaming(*pieces)) as chat:
        _, completion = await ask(chat)
    assert (completion.text, completion.reasoning) == ("因为 😀所以", "为什么…")
    assert (completion.finish_reason, completion.usage) == ("stop", Usage(1, 2))


async def test_a_client_works_only_while_it_is_open() -> None:
    chat = model(lambda _: streaming(sse(chunk("ok"))))
    with pytest.raises(RuntimeError, match="not open"):
        await ask(chat)
    async with chat:
        await ask(chat)
    with pytest.raises(RuntimeError, match="not open"):
        await ask(chat)
    with pytest.raises(RuntimeError, match="opened before"):
        await chat.__aenter__()


@pytest.mark.parametrize(
    ("base_url", "asked"),
    [
        ("http://h:1/v1/", "http://h:1/v1/chat/completions"),
        (" http://h:1 ", "http://h:1/chat/completions"),
        ("https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        ("https://h/openai/v1?api-version=1#x", "https://h/openai/v1/chat/completions?api-version=1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1/chat/completions"),
    ],
)
async def test_a_base_url_is_taken_in_the_forms_people_write(base_url: str, asked: str) -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return streaming(sse(chunk("ok")))

    async with OpenAIChat(base_url, name="m", transport=httpx.MockTransport(handler)) as chat:
        await ask(chat)
    assert seen == [asked]


@pytest.mark.parametrize(
    "base_url",
    ["", "localhost:8000", "127.0.0.1:8000/v1", "ftp://h/v1", "http://", "http://h:x", "\x00", "模型"],
)
def test_a_base_url_that_cannot_be_right_is_refused_with_the_right_form(base_url: str) -> None:
    with pytest.raises(ConfigError, match=r"TAO_MODEL_BASE_URL to a URL like 'http://127.0.0.1:8000/v1'"):
        OpenAIChat(base_url)


def test_a_wrong_key_or_password_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        OpenAIChat(URL, api_key="se cret\nkey")
    assert "cret" not in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        OpenAIChat("ftp://user:pass@h/v1")
    assert "pass" not in str(caught.value)


def test_settings_without_an_endpoint_or_its_key_are_refused() -> None:
    with pytest.raises(ConfigError, match="TAO_MODEL_BASE_URL"):
        OpenAIChat.from_settings(ModelSettings())
    with pytest.raises(ConfigError, match="'NO_KEY'"):
        OpenAIChat.from_settings(ModelSettings(base_url=URL, api_key_env="NO_KEY"), environ={})
