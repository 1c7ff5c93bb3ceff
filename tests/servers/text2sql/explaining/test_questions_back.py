from collections.abc import Iterator
from pathlib import Path

import pytest

from tao_servers.text2sql.explaining import question_back
from tests.support.asked_outcomes import Asked

COUNT = "SELECT count(*) FROM orders"
SUM = "SELECT sum(total) FROM orders"


@pytest.fixture
def asked(shop: Path) -> Iterator[Asked]:
    with Asked(shop) as opened:
        yield opened


def test_readings_that_answer_different_questions_are_asked_about(asked: Asked) -> None:
    assert question_back(asked.outcome("订单有多少", COUNT, SUM)) == (
        "您是指（1）统计订单数量，还是（2）计算订单的订单总金额的总和？"
    )
    assert question_back(asked.outcome("how much was ordered", COUNT, SUM)) == (
        "Do you mean (1) counts orders or (2) computes the total of total of orders?"
    )


@pytest.mark.parametrize(
    "other",
    [
        "SELECT count(*) FROM orders WHERE status = '已完成'",
        "SELECT count(*) FROM customers",
        "SELECT status, count(*) FROM orders GROUP BY status",
        "SELECT count(DISTINCT customer_id) FROM orders",
    ],
)
def test_another_filter_table_group_or_aggregate_is_another_question(asked: Asked, other: str) -> None:
    assert question_back(asked.outcome("how many", COUNT, other)) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT name, price FROM products", "SELECT price, name FROM products"),
        ("SELECT name FROM products", "SELECT name, price FROM products"),
        ("SELECT id FROM products", "SELECT name FROM products"),
        (
            "SELECT p.name FROM products p WHERE p.price > 5",
            "SELECT DISTINCT name FROM products WHERE price > 5",
        ),
        (COUNT, "SELECT id FROM orders WHERE status = 'nothing'"),
    ],
)
def test_the_same_question_written_otherwise_is_not_asked_about(asked: Asked, one: str, other: str) -> None:
    assert question_back(asked.outcome("which", one, other)) is None


@pytest.mark.parametrize("votes", [(2, 1), (3, 1)])
def test_a_reading_that_most_attempts_share_is_not_questioned(asked: Asked, votes: tuple[int, int]) -> None:
    assert question_back(asked.outcome("how many", (COUNT, votes[0]), (SUM, votes[1]))) is None


def test_what_most_attempts_looked_for_in_vain_is_asked_about(asked: Asked) -> None:
    nobody = "SELECT count(*) AS n FROM orders WHERE status = '没有' HAVING count(*) > 0"
    back = question_back(asked.outcome("how many", COUNT, (nobody, 2)))
    assert back is not None
    assert back.endswith("which finds nothing?")
    assert question_back(asked.outcome("how many", COUNT, (nobody, 1))) is None


def test_one_result_or_none_is_no_question(asked: Asked) -> None:
    assert question_back(asked.outcome("how many", COUNT)) is None
    assert question_back(asked.outcome("how many", "DROP TABLE orders")) is None


def test_at_most_three_readings_are_named(asked: Asked) -> None:
    tries = [f"SELECT count(*) FROM orders WHERE total > {n}" for n in range(6)]
    back = question_back(asked.outcome("how many", *tries))
    assert back is not None
    assert back.count("counts orders") == 3
