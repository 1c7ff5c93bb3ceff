"""An answer tells of a text that only the question has, and of one that only the statement has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tao_servers.text2sql.explaining import assumptions
from tao_servers.text2sql.linking import ValueMatch
from tests.support.asked_outcomes import Asked

GOLD = ValueMatch("customers", "level", "金卡", "金卡", 1.0)
SHANGHAI = ValueMatch("customers", "city", "上海", "上海", 1.0)


@pytest.fixture
def asked(shop: Path) -> Iterator[Asked]:
    with Asked(shop) as opened:
        yield opened


def test_a_value_that_the_statement_lacks_is_told_in_either_language(asked: Asked) -> None:
    sql = "SELECT count(*) FROM customers WHERE city = '上海'"
    values = [GOLD, SHANGHAI]
    assert assumptions(asked.outcome("上海有多少金卡客户", sql, values=values)) == [
        "问题中的“金卡”（customers.level）没有用到"
    ]
    gold = ValueMatch("customers", "level", "Gold", "gold", 0.95)
    assert assumptions(asked.outcome("How many gold customers?", "SELECT 1", values=[gold])) == [
        "'gold' of the question (customers.level) is not looked for"
    ]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT count(*) FROM customers WHERE level LIKE '%金卡%'", GOLD),
        ("SELECT count(*) FROM customers WHERE level = '金卡客户'", GOLD),
        # Only what is surely meant.
        ("SELECT count(*) FROM customers", ValueMatch("customers", "level", "金卡", "金", 1.0)),
        ("SELECT count(*) FROM customers", ValueMatch("customers", "level", "金卡", "金色卡", 0.8)),
        ("SELECT count(*) FROM orders WHERE id = 12", ValueMatch("orders", "id", "2025", "2025", 1.0)),
        # An everyday word is not surely a value.
        ("SELECT count(*) FROM customers", ValueMatch("customers", "level", "Top", "top", 0.95)),
        # A word that is a name of the statement is taken for that.
        ("SELECT count(level) FROM customers", ValueMatch("products", "name", "Level", "level", 1.0)),
    ],
)
def test_a_value_that_is_there_or_hardly_meant_is_not_told(asked: Asked, sql: str, value: ValueMatch) -> None:
    assert assumptions(asked.outcome("金卡客户有多少", sql, values=[value])) == []


def test_of_values_within_each_other_the_longest_is_told_and_of_many_two(asked: Asked) -> None:
    words = ["上海", "上海浦东", "金卡", "银卡", "铜卡"]
    values = [ValueMatch("customers", "city", one, one, 1.0) for one in words]
    told = assumptions(asked.outcome("有多少", "SELECT count(*) FROM customers", values=values))
    assert told == [
        "问题中的“上海浦东”（customers.city）没有用到",
        "问题中的“金卡”（customers.city）没有用到",
    ]


def test_a_text_that_nobody_asked_for_is_told_in_either_language(asked: Asked) -> None:
    sql = "SELECT count(*) FROM customers WHERE city = '上海' AND name LIKE '董俊杰%'"
    assert assumptions(asked.outcome("上海有多少客户", sql)) == ["问题中没有“董俊杰%”，这是模型的理解"]
    sql = "SELECT count(*) FROM customers WHERE level = 'Gold'"
    assert assumptions(asked.outcome("How many customers?", sql)) == [
        "'Gold' is not in the question: the model took it for what is meant"
    ]


@pytest.mark.parametrize(
    ("question", "condition"),
    [
        ("客户李华的订单", "name = '李华'"),
        ("customers called Li Hua", "name LIKE '%li hua%'"),
        ("Who is in SHANGHAI?", "lower(city) = 'shanghai'"),
        ("上个月注册的客户", "strftime('%Y-%m', created_at) = '2025-10'"),
        ("上个月注册的客户", "created_at >= date('2025-10-01', 'start of month')"),
        ("编号是多少", "id = '17'"),
        ("customers since 2024-01-01", "created_at >= '2024-01-01T00:00:00'"),
        ("names that start with A and end with B", "name LIKE 'A%B'"),
    ],
)
def test_a_text_of_the_question_and_what_is_no_word_are_not_told(
    asked: Asked, question: str, condition: str
) -> None:
    told = assumptions(asked.outcome(question, f"SELECT id FROM customers WHERE {condition}"))
    assert [text for text in told if "问题中没有" in text or "not in the question" in text] == []


def test_a_letter_of_a_format_does_not_hide_that_a_value_is_missing(asked: Asked) -> None:
    germany = ValueMatch("customers", "city", "Germany", "Germany", 1.0)
    sql = "SELECT count(*) FROM customers WHERE strftime('%Y', registered_on) >= '2024'"
    told = assumptions(
        asked.outcome("How many customers in Germany since 2024-01-01?", sql, values=[germany])
    )
    assert "'Germany' of the question (customers.city) is not looked for" in told


def test_of_many_texts_that_nobody_asked_for_two_are_told(asked: Asked) -> None:
    places = ", ".join(f"'Place{n}'" for n in range(9))
    told = assumptions(
        asked.outcome("customers in Europe", f"SELECT id FROM customers WHERE city IN ({places})")
    )
    assert len(told) == 2
