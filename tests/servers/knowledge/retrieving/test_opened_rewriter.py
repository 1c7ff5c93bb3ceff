"""Which model rewrites queries, and what it costs to open it."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from tao.errors import ConfigError, ModelError
from tao.models.chat import ChatModel
from tao.models.openai import OpenAIChat
from tao.settings import KnowledgeSettings, ModelSettings, Settings, SmallModelSettings
from tao_servers.knowledge.retrieving.rewriting import open_rewriter
from tao_servers.knowledge.retrieving.rewriting.model_size import billions, too_small

URL = "http://127.0.0.1:8000/v1"
REPLY = json.dumps({"refers": False, "query": "皮鞋的价格", "parts": [], "others": []}, ensure_ascii=False)


def chosen(model: ModelSettings, rewrite: str = "auto") -> Settings:
    return Settings(model=model, knowledge=KnowledgeSettings.model_validate({"rewrite": rewrite}))


def served(name: str | None) -> ModelSettings:
    return ModelSettings(base_url=URL, name=name)


class Endpoint:
    """Lists `model` and answers each chat with `REPLY`; keeps what it was asked."""

    def __init__(self, model: str = "qwen", status: int = 200) -> None:
        self.model = model
        self.status = status
        self.asked: list[str] = []
        self.opened = 0
        self.closed = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json={"data": [{"id": self.model}]})
        if self.status != 200:
            return httpx.Response(self.status, json={"error": {"message": "No."}})
        chunk = {"choices": [{"delta": {"content": REPLY}, "finish_reason": "stop"}]}
        text = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
        return httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})

    @asynccontextmanager
    async def open(self, settings: ModelSettings) -> AsyncGenerator[ChatModel, None]:
        self.opened += 1
        transport = httpx.MockTransport(self.answer)
        async with OpenAIChat.from_settings(settings, transport=transport) as model:
            yield model
        self.closed += 1


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("Qwen/Qwen2.5-Coder-1.5B-Instruct", 1.5),
        ("qwen2.5:0.5b", 0.5),
        ("qwen2-1_5b-instruct", 1.5),
        ("qwen2.5:7b-instruct-q4_K_M", 7),
        ("Qwen2.5-72B-Instruct", 72),
        ("Qwen2.5-7B-Instruct-1M", 7),
        ("Qwen3-30B-A3B", 30),
        ("Qwen3-235B-A22B-Instruct-2507", 235),
        ("Mixtral-8x7B-Instruct-v0.1", 56),
        ("llama_3_8b", 8),
        ("gemma-3-270m-it", 0.27),
        ("gemma-3n-E2B-it", 2),
        ("DeepSeek-R1-Distill-Qwen-1.5B", 1.5),
        ("/models/70b/qwen-0.5B", 70),
        ("local", 1.5),
        ("local-small", 0.5),
        ("tinyllama:latest", 1.1),
        ("gpt-4o-mini", None),
        ("deepseek-chat", None),
        ("qwen-turbo-1m", None),
        ("model-4bit-fp8-bf16-128k", None),
        ("qwen", None),
        ("", None),
        ("\ud800" * 1000, None),
    ],
)
def test_a_models_size_is_read_from_its_name(name: str, size: float | None) -> None:
    assert billions(name) == (None if size is None else pytest.approx(size))
    assert too_small(name) == (size is not None and size < 4)


@pytest.mark.parametrize(
    ("model", "rewrite"),
    [
        (ModelSettings(), "auto"),
        (ModelSettings(), "always"),
        (ModelSettings(name="local"), "auto"),
        (served("qwen2.5:1.5b"), "auto"),
        (served("Qwen2.5-72B-Instruct"), "off"),
    ],
)
async def test_without_a_model_that_gains_from_it_nothing_rewrites(
    model: ModelSettings, rewrite: str
) -> None:
    endpoint = Endpoint()
    async with open_rewriter(chosen(model, rewrite), opened=endpoint.open) as rewriter:
        assert rewriter is None
    assert endpoint.opened == 0


@pytest.mark.parametrize(
    ("name", "rewrite"), [("Qwen2.5-72B-Instruct", "auto"), ("gpt-4o", "auto"), ("qwen2.5:0.5b", "always")]
)
async def test_a_model_is_opened_by_the_first_query_and_closed_at_the_end(name: str, rewrite: str) -> None:
    endpoint = Endpoint()
    async with open_rewriter(chosen(served(name), rewrite), opened=endpoint.open) as rewriter:
        assert rewriter is not None
        assert endpoint.opened == 0
        for query in ("皮鞋多少钱", "皮鞋什么价"):
            assert (await rewriter.rewrite(query)).queries == ("皮鞋的价格", query)
    assert (endpoint.opened, endpoint.closed) == (1, 1)


@pytest.mark.parametrize(("listed", "kept"), [("Qwen2.5-72B-Instruct", True), ("Qwen2.5-0.5B", False)])
async def test_of_a_model_without_a_name_the_endpoint_tells_the_size(listed: str, kept: bool) -> None:
    endpoint = Endpoint(listed)
    async with open_rewriter(chosen(served(None)), opened=endpoint.open) as rewriter:
        assert rewriter is not None
        found = await rewriter.rewrite("皮鞋多少钱")
    assert found.kept == kept
    assert ("too small" in found.reason) != kept
    assert any(path.endswith("/chat/completions") for path in endpoint.asked) == kept


@pytest.mark.parametrize(
    ("small", "rewrite", "taken"),
    [("qwen2.5:7b", "auto", "small"), ("qwen2.5:1.5b", "auto", "large"), ("qwen2.5:1.5b", "always", "small")],
)
async def test_the_small_model_is_taken_where_it_is_large_enough(
    small: str, rewrite: str, taken: str
) -> None:
    opened: list[str] = []

    @asynccontextmanager
    async def refused(settings: ModelSettings) -> AsyncGenerator[ChatModel, None]:
        opened.append("small" if settings.name == small else "large")
        raise ModelError("It does not start.")
        yield

    both = ModelSettings(base_url=URL, name="gpt-4o", small=SmallModelSettings(base_url=URL, name=small))
    async with open_rewriter(chosen(both, rewrite), opened=refused) as rewriter:
        assert rewriter is not None
        await rewriter.rewrite("皮鞋多少钱")
    assert opened == [taken]


async def test_a_model_that_cannot_be_opened_costs_no_search() -> None:
    unknown = ModelSettings(name="nothing-of-the-kind")
    async with open_rewriter(chosen(unknown)) as rewriter:
        assert rewriter is not None
        found = await rewriter.rewrite("皮鞋多少钱")
    assert found.queries == ("皮鞋多少钱",)
    assert "no embedded model" in found.reason


async def test_an_endpoint_that_refuses_costs_no_search() -> None:
    endpoint = Endpoint(status=401)
    async with open_rewriter(chosen(served("gpt-4o")), opened=endpoint.open) as rewriter:
        assert rewriter is not None
        found = await rewriter.rewrite("皮鞋多少钱")
    assert found.queries == ("皮鞋多少钱",)
    assert "127.0.0.1" in found.reason


async def test_what_goes_wrong_beside_a_rewriter_is_raised_as_it_is() -> None:
    async def search() -> None:
        async with open_rewriter(chosen(served("gpt-4o")), opened=Endpoint().open) as rewriter:
            assert rewriter is not None
            await rewriter.rewrite("皮鞋多少钱")
            raise ConfigError("Something else.")

    with pytest.raises(ConfigError, match="Something else"):
        await search()


def test_a_thread_without_an_event_loop_may_use_it_through_a_portal() -> None:
    endpoint = Endpoint()
    opening = open_rewriter(chosen(served("gpt-4o")), opened=endpoint.open)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opening) as rewriter:
        assert rewriter is not None
        for query in ("皮鞋多少钱", "皮鞋什么价"):
            assert portal.call(rewriter.rewrite, query).kept
    assert (endpoint.opened, endpoint.closed) == (1, 1)
