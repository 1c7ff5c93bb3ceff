"""Native tool calls: what is sent, and what is read back from the forms that endpoints use."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tao.errors import PromptTooLongError
from tao.models.chat import ChatRequest, Completion, Delta, Message, ToolCall
from tao.models.openai import OpenAIChat
from tests.support.sse import streaming

FUNCTION = {"type": "function", "function": {"name": "shop__price", "parameters": {"type": "object"}}}
REQUEST = ChatRequest([Message("user", "多少钱")], tools=[FUNCTION])


def calling(*pieces: Mapping[str, Any], **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"tool_calls": list(pieces), **delta}, "finish_reason": None}]}


def piece(index: int | None, name: str | None, arguments: Any, id: str | None = None) -> dict[str, Any]:
    given = {"index": index, "id": id, "function": {"name": name, "arguments": arguments}}
    return {key: value for key, value in given.items() if value is not None}


async def answered(*chunks: Mapping[str, Any]) -> tuple[list[Delta], Completion]:
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode()
    chat = OpenAIChat(
        "http://model.test/v1", name="m", transport=httpx.MockTransport(lambda _: streaming(body))
    )
    async with chat:
        *deltas, last = [item async for item in chat.stream(REQUEST)]
    assert isinstance(last, Completion)
    return [delta for delta in deltas if isinstance(delta, Delta)], last


async def test_calls_come_in_pieces_and_are_put_together() -> None:
    deltas, whole = await answered(
        calling(piece(0, "shop__price", "", "a")),
        calling(piece(0, None, '{"name": "皮')),
        calling(piece(0, None, '鞋"}'), piece(1, "shop__stock", "{}", "b")),
    )
    assert whole.tool_calls == (
        ToolCall("a", "shop__price", '{"name": "皮鞋"}'),
        ToolCall("b", "shop__stock", "{}"),
    )
    assert [delta.tool for delta in deltas if delta.tool] == ["shop__price", "shop__stock"]
    assert whole.text == ""


@pytest.mark.parametrize(
    ("chunks", "calls"),
    [
        pytest.param(
            [calling(piece(None, "x", {"q": "年假"}, "a"))],
            [ToolCall("a", "x", '{"q": "年假"}')],
            id="arguments as an object",
        ),
        pytest.param(
            [
                calling(piece(None, "x", "{", "a")),
                calling(piece(None, None, "}")),
                calling(piece(None, "y", "{}", "b")),
            ],
            [ToolCall("a", "x", "{}"), ToolCall("b", "y", "{}")],
            id="no index",
        ),
        pytest.param(
            [calling(piece(0, "x", "{", "a")), calling(piece(0, "x", "}", "a"))],
            [ToolCall("a", "x", "{}")],
            id="name repeated",
        ),
        pytest.param(
            [
                calling(piece(0, "x", "{}", "a"), piece(0, "y", "{", "b")),
                calling(piece(0, None, "}")),
                calling(piece(0, "x", "{}", "c")),
            ],
            [ToolCall("a", "x", "{}"), ToolCall("b", "y", "{}"), ToolCall("c", "x", "{}")],
            id="one index for all",
        ),
        pytest.param(
            [calling(piece(0, "x", "{", "a")), calling(piece(0, "x", "}", "b"))],
            [ToolCall("a", "x", "{}")],
            id="another id with each piece",
        ),
        pytest.param(
            [calling(piece(0, "x", "{}"), piece(1, "y", "{}"))],
            [ToolCall("call_0", "x", "{}"), ToolCall("call_1", "y", "{}")],
            id="no ids",
        ),
        pytest.param(
            [{"choices": [{"delta": {"function_call": {"name": "x", "arguments": "{}"}}}]}],
            [ToolCall("call_0", "x", "{}")],
            id="older form",
        ),
        pytest.param(
            [calling({"index": 0}, {"index": True, "function": 3}, {"index": 5, "function": {"name": None}})],
            [],
            id="nothing in them",
        ),
        pytest.param(
            [{"choices": [{"delta": {"content": "", "tool_calls": "no list"}}]}], [], id="no list of calls"
        ),
    ],
)
async def test_forms_of_calls_that_endpoints_send(chunks: list[Any], calls: list[ToolCall]) -> None:
    _, whole = await answered(*chunks)
    assert list(whole.tool_calls) == calls


async def test_a_call_and_its_result_are_sent_back_in_the_form_of_the_api() -> None:
    sent: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return streaming(b'data: {"choices": [{"delta": {"content": "ok"}}]}\n\n')

    history = [
        Message("user", "多少钱"),
        Message("assistant", "", tool_calls=(ToolCall("a", "shop__price", "{}"),)),
        Message("tool", "399元", tool_call_id="a"),
    ]
    async with OpenAIChat("http://m.test/v1", name="m", transport=httpx.MockTransport(answer)) as chat:
        [item async for item in chat.stream(ChatRequest(history, tools=[FUNCTION]))]
    function = {"name": "shop__price", "arguments": "{}"}
    assert sent[0]["tools"] == [FUNCTION]
    assert sent[0]["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "a", "type": "function", "function": function}],
        },
        {"role": "tool", "content": "399元", "tool_call_id": "a"},
    ]


@pytest.mark.parametrize(
    ("body", "window"),
    [
        (
            {"error": {"message": "This model's maximum context length is 8192 tokens. You requested 9000."}},
            8192,
        ),
        (
            {"message": "The decoder prompt (length 9000) is longer than the maximum model length of 4096."},
            4096,
        ),
        (
            {
                "error": {
                    "type": "exceed_context_size_error",
                    "message": "request (9001 tokens) exceeds the available context size (8192 tokens)",
                }
            },
            8192,
        ),
        (
            {"message": "The input (9000 tokens) is longer than the model's context length (8192 tokens)."},
            8192,
        ),
        ({"error": {"code": "context_length_exceeded", "message": "too long"}}, None),
    ],
    ids=["vllm", "vllm decoder", "llama.cpp", "sglang", "code alone"],
)
async def test_a_prompt_that_does_not_fit_is_told_from_other_refusals(body: Any, window: int | None) -> None:
    refuse = httpx.MockTransport(lambda _: httpx.Response(400, json=body))
    async with OpenAIChat("http://m.test/v1", name="m", transport=refuse) as chat:
        with pytest.raises(PromptTooLongError) as caught:
            [item async for item in chat.stream(REQUEST)]
    assert caught.value.window == window
    assert caught.value.status == 400
