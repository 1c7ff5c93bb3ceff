"""Many questions on one database: few statements run at once, memory stays flat, all can be stopped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
from anyio import CapacityLimiter

from tao.models.chat import ChatRequest
from tao_servers.text2sql.answering.answerer import Answerer
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.source import Source
from tests.support.counted_statements import ENDLESS, CountedSource, Runs
from tests.support.scripted_sql import SqlModel, text_of
from tests.support.sql_server import database_at

CITIES = ["上海", "北京", "广州", "杭州", "成都"]


@pytest.fixture
def counted(shop_template: Path) -> Iterator[CountedSource]:
    source = CountedSource(database_at(shop_template, limits=Limits(timeout=600.0)), Runs())
    yield source
    source.close()


def counts_a_city(request: ChatRequest) -> str:
    question = text_of(request).splitlines()[-1]
    city = next(city for city in CITIES if city in question)
    return f"SELECT '{city}', count(*) FROM customers WHERE city = '{city}'"


async def ask_many(answerer: Answerer, count: int) -> list[Outcome]:
    outcomes: dict[int, Outcome] = {}

    async def ask(number: int) -> None:
        question = f"{CITIES[number % len(CITIES)]}有多少客户？"
        outcomes[number] = await answerer.answer(question)

    with anyio.fail_after(300):
        async with anyio.create_task_group() as group:
            for number in range(count):
                group.start_soon(ask, number)
    return [outcomes[number] for number in range(count)]


async def test_two_hundred_questions_at_once_are_each_answered_within_few_places_and_flat_memory(
    counted: CountedSource,
) -> None:
    places, sizes = CapacityLimiter(3), [0]

    def writes(request: ChatRequest) -> str:
        sizes.append(psutil.Process().memory_info().rss)
        return counts_a_city(request)

    model = SqlModel(writes)
    answerer = Answerer(counted, model, places=places)
    await ask_many(answerer, 50)
    warm = max(sizes)
    outcomes = await ask_many(answerer, 200)
    for number, outcome in enumerate(outcomes):
        assert outcome.chosen is not None
        assert outcome.chosen.rows is not None
        assert outcome.chosen.rows.rows[0][0] == CITIES[number % len(CITIES)]
    assert model.asked == 500
    assert 1 <= counted.runs.most <= 3
    assert (counted.runs.now, places.borrowed_tokens) == (0, 0)
    assert max(sizes) - warm < 50_000_000


async def test_cancelled_questions_stop_their_statements_and_free_their_places(
    counted: CountedSource,
) -> None:
    endless = Answerer(counted, SqlModel(lambda request: ENDLESS), places=(places := CapacityLimiter(3)))
    with anyio.fail_after(120):
        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(endless.answer, "How many?")
            assert await counted.runs.reach(3)
            group.cancel_scope.cancel()
    # The group ends only when the threads have: nothing may run on after that.
    assert counted.runs.now == 0
    assert places.borrowed_tokens == 0
    (outcome,) = await ask_many(Answerer(counted, SqlModel(counts_a_city), places=places), 1)
    assert outcome.chosen is not None


async def test_one_that_is_cancelled_leaves_the_others(counted: CountedSource) -> None:
    def writes(request: ChatRequest) -> str:
        return ENDLESS if "endless" in text_of(request) else counts_a_city(request)

    answerer = Answerer(counted, SqlModel(writes), places=CapacityLimiter(4))
    with anyio.fail_after(120):
        async with anyio.create_task_group() as outer:
            async with anyio.create_task_group() as inner:
                inner.start_soon(answerer.answer, "An endless one?")
                assert await counted.runs.reach(1)
                outcomes = await ask_many(answerer, 5)
                inner.cancel_scope.cancel()
            outer.cancel_scope.cancel()
    assert all(outcome.chosen for outcome in outcomes)
    assert counted.runs.now == 0


async def test_a_question_is_cancelled_while_its_model_writes(shop: Source) -> None:
    begun, left = anyio.Event(), anyio.Event()

    class Waiting:
        name = "waiting"

        async def stream(self, request: ChatRequest) -> Any:
            begun.set()
            try:
                await anyio.sleep_forever()
                yield
            finally:
                left.set()

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            group.start_soon(Answerer(shop, Waiting(), Options(candidates=1)).answer, "How many?")
            await begun.wait()
            group.cancel_scope.cancel()
    assert left.is_set()


async def test_a_statement_without_an_end_is_ended_by_the_limit_and_told(shop_template: Path) -> None:
    source = Source(database_at(shop_template, limits=Limits(timeout=0.05)))
    try:
        answerer = Answerer(source, SqlModel(lambda request: ENDLESS), Options(candidates=1, repairs=0))
        outcome = await answerer.answer("How many?")
    finally:
        source.close()
    (candidate,) = outcome.tried
    assert candidate.problem is not None
    assert "stopped after 0.05 s" in candidate.problem.text
