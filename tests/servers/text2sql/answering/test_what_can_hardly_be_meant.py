"""Results that can hardly be meant, replies that come to no end, and results with as many votes."""

import datetime

import pytest

from tao.errors import ModelError
from tao.models.chat import Completion, Usage
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.source import Source
from tests.support.scripted_sql import answering, text_of

ALL = "SELECT count(*) FROM customers"
MEN = "SELECT count(*) FROM customers WHERE gender = '男'"
WOMEN = "SELECT count(*) FROM customers WHERE gender = '女'"
ELSEWHERE = "SELECT count(*) FROM customers WHERE name = '成都'"
THERE = "SELECT count(*) FROM customers WHERE city = '成都'"
EACH_WITH_EACH = "SELECT count(*) FROM customers, products"
NOBODY = "SELECT count(*) FROM customers WHERE gender = '男' AND gender = '女'"
QUESTION = "How many customers are there?"
ONE = Options(candidates=1)
TIES = Options(ties=True, repairs=0)


def value(outcome: Outcome) -> object:
    assert outcome.chosen is not None
    assert outcome.chosen.rows is not None
    return outcome.chosen.rows.rows[0][0]


def cut_off(text: str) -> Completion:
    return Completion(text, finish_reason="length", usage=Usage(100, 500, 0))


async def test_a_count_of_what_stands_in_another_column_goes_back_with_the_place(shop: Source) -> None:
    with answering(shop, ELSEWHERE, THERE, options=ONE) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) != 0
    assert "customers.city" in asked.model.requests[1].messages[-1].content


async def test_a_count_of_nothing_whose_texts_stand_where_they_were_looked_for_is_an_answer(
    shop: Source,
) -> None:
    with answering(shop, NOBODY, options=ONE) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 0
    assert len(asked.model.requests) == 1


async def test_each_row_with_each_goes_back_and_the_answer_to_that_is_taken(shop: Source) -> None:
    with answering(shop, EACH_WITH_EACH, ALL, options=ONE) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800
    assert "Nothing connects" in asked.model.requests[1].messages[-1].content


async def test_a_repair_that_is_no_better_changes_nothing(shop: Source) -> None:
    with answering(shop, EACH_WITH_EACH, "SELECT zzzzzz FROM qqqqqq", options=ONE) as asked:
        outcome = await asked.ask(QUESTION)
    assert outcome.chosen is not None
    assert outcome.chosen.written == EACH_WITH_EACH


async def test_what_is_no_query_is_no_answer(shop: Source) -> None:
    with answering(shop, f"EXPLAIN QUERY PLAN {ALL}", ALL, options=ONE) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800
    assert [one.ran for one in outcome.tried] == [False, True]


async def test_a_reply_that_was_cut_off_is_not_run(shop: Source) -> None:
    with answering(shop, cut_off(f"{WOMEN} AND name <> 'a;b"), ALL, options=ONE) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800
    problem = outcome.tried[0].problem
    assert problem is not None
    assert problem.rule == "length"
    assert problem.text in asked.model.requests[1].messages[-1].content


@pytest.mark.parametrize("said", [f"{ALL}; It counts", f"```sql\n{ALL}\n```\nIt counts"])
async def test_what_is_said_after_the_statement_may_be_cut_off(shop: Source, said: str) -> None:
    with answering(shop, cut_off(said), options=ONE) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800


async def test_a_model_that_thinks_gets_more_room_once_it_had_none_left(shop: Source) -> None:
    with answering(shop, cut_off(""), ALL, ALL) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800
    little, *more = [request.max_tokens or 0 for request in asked.model.requests]
    assert all(room > 4 * little for room in more[:1])


async def test_a_model_that_only_thinks_is_asked_no_more_than_twice_for_a_statement(shop: Source) -> None:
    options = Options(candidates=1, repairs=0)
    with answering(shop, cut_off(""), cut_off(""), options=options) as asked:
        outcome = await asked.ask(QUESTION)
    assert outcome.chosen is None
    assert len(asked.model.requests) == 2


@pytest.mark.parametrize(
    ("reply", "written"),
    [
        ("2", MEN),
        ("3.", WOMEN),
        ("第 2 条", MEN),
        ("1", ALL),
        ("4", ALL),
        ("0", ALL),
        ("none of them", ALL),
        ("", ALL),
        ("9" * 5000, ALL),
    ],
)
async def test_results_with_as_many_votes_are_chosen_by_the_model(
    shop: Source, reply: str, written: str
) -> None:
    with answering(shop, ALL, MEN, WOMEN, reply, options=TIES) as asked:
        outcome = await asked.ask(QUESTION)
    assert outcome.chosen is not None
    assert outcome.chosen.written == written
    assert len(outcome.readings) == 3
    shown = text_of(asked.model.requests[-1])
    assert all(sql in shown for sql in (ALL, MEN, WOMEN))


async def test_where_the_votes_decide_nobody_is_asked(shop: Source) -> None:
    with answering(shop, MEN, ALL, ALL, options=TIES) as asked:
        outcome = await asked.ask(QUESTION)
    assert len(asked.model.requests) == 3
    assert value(outcome) == 800


async def test_when_the_model_does_not_choose_the_first_stays(shop: Source) -> None:
    with answering(shop, ALL, MEN, WOMEN, ModelError("It is gone."), options=TIES) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800


async def test_another_day_than_today_stands_for_the_clock(shop: Source) -> None:
    sql = "SELECT DATE('now', '-1 day')"
    with answering(shop, sql, options=ONE) as asked:
        outcome = await asked.ask(QUESTION, as_of=datetime.date(2026, 6, 30))
    assert value(outcome) == "2026-06-29"
    assert outcome.chosen is not None
    assert "took 2026-06-30 for today" in outcome.chosen.mends


async def test_today_is_left_to_the_clock(shop: Source) -> None:
    sql = "SELECT DATE('now', '-1 day')"
    with answering(shop, sql, options=ONE) as asked:
        outcome = await asked.ask(QUESTION, as_of=datetime.date.today())
    assert outcome.chosen is not None
    assert outcome.chosen.sql == sql


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What share of the customers are men?", 0.5),
        ("男客户的比例", 0.5),
        ("How many men for each customer?", 0),
    ],
)
async def test_a_share_keeps_the_fraction_that_the_database_would_drop(
    shop: Source, question: str, expected: float
) -> None:
    share = "SELECT SUM(CASE WHEN id % 2 = 0 THEN 1 ELSE 0 END) / COUNT(*) FROM customers"
    with answering(shop, share, options=Options(candidates=1, repairs=0)) as asked:
        outcome = await asked.ask(question)
    assert outcome.chosen is not None
    assert outcome.chosen.rows is not None
    assert outcome.chosen.rows.rows == [[expected]]
    assert ("divided with the fraction kept" in outcome.chosen.mends) == (expected > 0)
