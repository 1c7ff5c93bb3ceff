import datetime
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
from anyio import CapacityLimiter
from mcp import Client
from mcp.types import CallToolResult, TextResourceContents

from tao.errors import ModelError
from tao.models.chat import ChatModel, ChatRequest
from tao.settings import ModelSettings
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.examples import ExampleStore
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.modelling import InTurn, model_of
from tao_servers.text2sql.server import build_server
from tao_servers.text2sql.tools import Asking, Databases
from tao_servers.text2sql.tools.databases import Opened
from tests.support.counted_statements import ENDLESS, CountedSource, Runs
from tests.support.scripted import ScriptedModel
from tests.support.scripted_sql import SqlModel
from tests.support.scripted_sql import text_of as prompt_of
from tests.support.sql_server import data_of, database_at, text_of

COUNT = "SELECT COUNT(*) FROM orders"


@asynccontextmanager
async def served(
    model: ChatModel, *paths: Path, folder: Path, options: Options | None = None
) -> AsyncIterator[Client]:
    @asynccontextmanager
    async def opened() -> AsyncGenerator[ChatModel, None]:
        yield model

    asking = Asking(opened, options or Options(), ExampleStore(folder))
    with Databases(database_at(path) for path in paths) as databases:
        async with Client(build_server(databases, asking)) as client:
            yield client


async def asked(
    model: ChatModel, path: Path, folder: Path, question: str, **arguments: Any
) -> CallToolResult:
    async with served(model, path, folder=folder) as client:
        return await client.call_tool("ask_database", {"question": question, **arguments})


async def test_a_question_gets_its_answer_with_the_sql_and_the_rows(shop: Path, tmp_path: Path) -> None:
    reply = await asked(ScriptedModel(COUNT, COUNT), shop, tmp_path, "一共有多少个订单？")
    found = data_of(reply)
    assert found["rows"] == [[5432]]
    assert "5432" in found["answer"]
    assert found["confidence"] == 1
    assert found["tables"] == ["orders"]
    assert not found["truncated"]
    assert "```sql" in text_of(reply)


async def test_an_english_question_is_answered_in_english(shop: Path, tmp_path: Path) -> None:
    reply = await asked(ScriptedModel(COUNT, COUNT), shop, tmp_path, "How many orders are there?")
    assert data_of(reply)["answer"].isascii()


async def test_rows_without_room_are_to_be_had_as_csv(shop: Path, tmp_path: Path) -> None:
    every = "SELECT id, total, ordered_at FROM orders ORDER BY id"
    async with served(ScriptedModel(every, every), shop, folder=tmp_path) as client:
        found = data_of(await client.call_tool("ask_database", {"question": "all orders"}))
        assert found["truncated"]
        (content,) = (await client.read_resource(found["csv"])).contents
    assert isinstance(content, TextResourceContents)
    assert content.text.startswith("id,total,ordered_at\r\n")


async def test_the_day_that_words_count_from_is_told_to_the_model(shop: Path, tmp_path: Path) -> None:
    model = ScriptedModel(COUNT, COUNT)
    await asked(model, shop, tmp_path, "上个月有多少订单", as_of=datetime.date(2026, 3, 5).isoformat())
    prompt = model.requests[0].messages[-1].content
    assert ">= '2026-02-01' AND < '2026-03-01'" in prompt
    assert "2026-03-05" in prompt


async def test_answers_that_differ_are_asked_back(shop: Path, tmp_path: Path) -> None:
    model = ScriptedModel(COUNT, "SELECT SUM(total) FROM orders", "SELECT COUNT(*) FROM customers")
    found = data_of(await asked(model, shop, tmp_path, "how much was there"))
    assert found["ambiguous"]
    assert found["question_back"]
    assert len(found["alternatives"]) == 2


async def test_what_cannot_be_answered_says_why(shop: Path, tmp_path: Path) -> None:
    drops = ["DROP TABLE orders"] * 4
    found = data_of(await asked(ScriptedModel(*drops), shop, tmp_path, "remove all orders"))
    assert found.get("sql") is None or "DROP" in found["sql"]
    assert found["rows"] == []
    assert found["confidence"] == 0
    assert "Only one SELECT" in found["answer"] + found.get("note", "")


async def test_without_a_model_the_tool_says_how_to_set_one(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with Databases([database_at(shop)]) as databases:
        async with Client(build_server(databases)) as client:
            reply = await client.call_tool("ask_database", {"question": "How many orders are there?"})
    assert reply.is_error
    assert "TAO_MODEL_BASE_URL" in text_of(reply)
    assert "run_sql" in text_of(reply)


async def test_a_model_that_fails_is_an_error_with_its_reason(shop: Path, tmp_path: Path) -> None:
    model = ScriptedModel(ModelError("It is down."), ModelError("It is down."))
    reply = await asked(model, shop, tmp_path, "How many orders are there?")
    assert reply.is_error
    assert "It is down." in text_of(reply)


@pytest.mark.parametrize("question", ["", " \n\t"])
async def test_an_empty_question_is_refused_before_the_model_is_asked(
    question: str, shop: Path, tmp_path: Path
) -> None:
    model = ScriptedModel()
    reply = await asked(model, shop, tmp_path, question)
    assert reply.is_error
    assert not model.requests


@pytest.fixture
def other(shop: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(shop, tmp_path / "other.sqlite"))


async def test_of_several_databases_one_is_to_be_named(shop: Path, other: Path, tmp_path: Path) -> None:
    async with served(ScriptedModel(COUNT, COUNT), shop, other, folder=tmp_path) as client:
        reply = await client.call_tool("ask_database", {"question": "How many orders?"})
        assert reply.is_error
        assert f"{shop.stem}, other" in text_of(reply)
        named = await client.call_tool("ask_database", {"question": "How many orders?", "database": "other"})
    assert data_of(named)["rows"] == [[5432]]


async def test_the_stages_are_told_as_progress(shop: Path, tmp_path: Path) -> None:
    lines: list[str] = []

    async def told(progress: float, total: float | None, message: str | None) -> None:
        lines.append(message or "")

    async with served(ScriptedModel(COUNT, COUNT), shop, folder=tmp_path) as client:
        await client.call_tool("ask_database", {"question": "How many orders?"}, progress_callback=told)
    assert lines == ["Looking at the schema…", "Writing SQL…"]


@asynccontextmanager
async def counted(
    writes: Callable[[ChatRequest], str], path: Path, folder: Path, **options: Any
) -> AsyncIterator[tuple[Client, Asking, Opened, Runs]]:
    """A client of a server whose statements are counted, end late, and are written as `writes` says."""
    model, runs = SqlModel(writes), Runs()

    @asynccontextmanager
    async def opened() -> AsyncGenerator[ChatModel, None]:
        yield model

    asking = Asking(opened, Options(), ExampleStore(folder), **options)
    with Databases([database_at(path, limits=Limits(timeout=120.0))]) as databases:
        (one,) = databases.all()
        one.source = CountedSource(one.source.database, runs)
        async with Client(build_server(databases, asking)) as client:
            yield client, asking, one, runs


async def test_a_cancelled_question_stops_its_query(shop: Path, tmp_path: Path) -> None:
    with anyio.fail_after(120):
        async with counted(lambda request: ENDLESS, shop, tmp_path) as (client, asking, opened, runs):
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "ask_database", {"question": "for ever"})
                assert await runs.reach(2)
                group.cancel_scope.cancel()
            # The server goes on: what ends them is the word of the client.
            assert await runs.end()
            for places in (opened.places, asking.places):
                for _ in range(int(places.total_tokens)):
                    await places.acquire_on_behalf_of(object())
    assert set(runs.failures) == {"The query was cancelled."}


async def test_two_hundred_calls_at_once_are_each_answered_in_few_places_and_flat_memory(
    shop: Path, tmp_path: Path
) -> None:
    cities, sizes, working = ["上海", "北京", "广州", "杭州", "成都"], [0], [0]
    told: set[str] = set()
    found: dict[int, dict[str, Any]] = {}

    def writes(request: ChatRequest) -> str:
        sizes.append(psutil.Process().memory_info().rss)
        working.append(int(asking.places.borrowed_tokens))
        question = prompt_of(request).splitlines()[-1]
        city = next(city for city in cities if city in question)
        return f"SELECT '{city}' AS city, count(*) AS n FROM customers WHERE city = '{city}'"

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.add(message or "")

    async def call(number: int) -> None:
        arguments = {"question": f"{cities[number % 5]}有多少客户？"}
        reply = await client.call_tool("ask_database", arguments, progress_callback=heard)
        found[number] = data_of(reply)

    async def call_all(count: int) -> None:
        with anyio.fail_after(300):
            async with anyio.create_task_group() as group:
                for number in range(count):
                    group.start_soon(call, number)

    async with counted(writes, shop, tmp_path) as (client, asking, opened, runs):
        await call_all(24)
        warm = max(sizes)
        await call_all(200)
        assert (runs.now, opened.places.borrowed_tokens, asking.places.borrowed_tokens) == (0, 0, 0)
    assert [found[number]["rows"][0][0] for number in range(200)] == cities * 40
    assert max(working) == asking.places.total_tokens == 8
    assert 1 <= runs.most <= opened.places.total_tokens == 5
    assert max(sizes) - warm < 50_000_000
    assert told == {"Waiting for other questions…", "Looking at the schema…", "Writing SQL…"}


async def test_calls_that_are_cancelled_under_load_stop_their_queries_and_let_others_through(
    shop: Path, tmp_path: Path
) -> None:
    def writes(request: ChatRequest) -> str:
        return ENDLESS if "for ever" in prompt_of(request) else COUNT

    with anyio.fail_after(120):
        async with counted(writes, shop, tmp_path) as (client, asking, opened, runs):
            async with anyio.create_task_group() as group:
                for _ in range(50):
                    group.start_soon(client.call_tool, "ask_database", {"question": "for ever"})
                assert await runs.reach(int(opened.places.total_tokens))
                group.cancel_scope.cancel()
            assert await runs.end()
            reply = await client.call_tool("ask_database", {"question": "How many orders are there?"})
    assert data_of(reply)["rows"] == [[5432]]
    assert set(runs.failures) == {"The query was cancelled."}
    assert (opened.places.borrowed_tokens, asking.places.borrowed_tokens) == (0, 0)


async def test_a_question_for_which_no_place_becomes_free_is_told_so(shop: Path, tmp_path: Path) -> None:
    lines: list[str] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        lines.append(message or "")

    busy = CapacityLimiter(1)
    await busy.acquire_on_behalf_of("another question")
    asked_of = counted(lambda request: COUNT, shop, tmp_path, places=busy, most_seconds=0.01)
    async with asked_of as (client, _, _, _):
        with anyio.fail_after(30):
            reply = await client.call_tool(
                "ask_database", {"question": "How many orders?"}, progress_callback=heard
            )
        assert reply.is_error
        assert "Other questions kept the model busy for 0.01 s. Ask again" in text_of(reply)
        assert "run_sql" in text_of(reply)
        assert lines == ["Waiting for other questions…"]
        busy.release_on_behalf_of("another question")
        again = await client.call_tool("ask_database", {"question": "How many orders?"})
    assert data_of(again)["rows"] == [[5432]]


async def test_requests_in_turn_never_overlap() -> None:
    class Watched(ScriptedModel):
        running = most = 0

        async def stream(self, request: ChatRequest) -> AsyncGenerator[Any, None]:
            Watched.running += 1
            Watched.most = max(Watched.most, Watched.running)
            try:
                async for piece in super().stream(request):
                    yield piece
            finally:
                Watched.running -= 1

    model, turn = Watched(*["one"] * 6), anyio.Lock()

    async def ask() -> None:
        async for _ in InTurn(model, turn).stream(ChatRequest([])):
            pass

    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(ask)
    assert (len(model.requests), Watched.most) == (6, 1)


async def test_an_endpoint_of_the_settings_is_used() -> None:
    async with model_of(ModelSettings(base_url="http://127.0.0.1:9/v1", name="some")) as model:
        assert model.name == "some"
