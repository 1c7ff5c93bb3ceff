"""A ratio that is asked for keeps the fraction that the database would drop."""

import pytest

from tao_servers.text2sql.mending import asks_for_ratio, with_fractions
from tao_servers.text2sql.schema import Column, Dialect, Schema, Table

COLUMNS = (Column("id", "INTEGER", primary_key=True), Column("paid", "INTEGER"), Column("price", "REAL"))


def schema(dialect: Dialect = "sqlite") -> Schema:
    return Schema((Table("orders", COLUMNS),), dialect)


@pytest.mark.parametrize(
    "question",
    [
        "What is the ratio of paid to unpaid orders?",
        "the percentage of paid orders",
        "What share of orders was paid",
        "How many % of the orders are paid?",
        "已付款订单的比例",
        "男性客户占比多少",
        "各部门的离职率",
        "天猫的会员费是拼多多的几倍",
    ],
)
def test_a_ratio_is_asked_for_by_name(question: str) -> None:
    assert asks_for_ratio(question)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "How many orders are there?",
        "the rating of each film",
        "各城市的平均价格",
        "shareholders of a firm",
        "the ratio as an integer",
        "比例取整",
    ],
)
def test_another_question_asks_for_none(question: str) -> None:
    assert not asks_for_ratio(question)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("SELECT paid / id FROM orders", "SELECT paid * 1.0 / id FROM orders"),
        ("SELECT 100 * SUM(paid)/COUNT(*) FROM orders", "SELECT 100 * SUM(paid)* 1.0 /COUNT(*) FROM orders"),
        (
            "SELECT (SELECT COUNT(*) FROM orders WHERE paid = 1) / (SELECT COUNT(*) FROM orders)",
            "SELECT (SELECT COUNT(*) FROM orders WHERE paid = 1) * 1.0 / (SELECT COUNT(*) FROM orders)",
        ),
        (
            "SELECT COUNT(*) FILTER (WHERE paid = 1) / COUNT(*) FROM orders",
            "SELECT COUNT(*) FILTER (WHERE paid = 1) * 1.0 / COUNT(*) FROM orders",
        ),
        ("SELECT id FROM orders ORDER BY paid / id", "SELECT id FROM orders ORDER BY paid * 1.0 / id"),
    ],
)
def test_whole_numbers_are_divided_with_the_fraction_kept(written: str, expected: str) -> None:
    assert with_fractions(written, schema()) == (expected, ["divided with the fraction kept"])


@pytest.mark.parametrize(
    ("dialect", "written"),
    [
        ("sqlite", "SELECT price / id FROM orders"),
        ("sqlite", "SELECT paid * 1.0 / id FROM orders"),
        ("sqlite", "SELECT CAST(paid AS REAL) / id FROM orders"),
        ("sqlite", "SELECT '1/2' FROM orders"),
        ("sqlite", "SELECT unknown / id FROM orders"),
        ("sqlite", "SELECT paid / FROM"),
        ("sqlite", "SELECT 'open / "),
        ("sqlite", "/"),
        ("sqlite", ""),
        ("duckdb", "SELECT paid / id FROM orders"),
        ("mysql", "SELECT paid / id FROM orders"),
    ],
)
def test_what_keeps_its_fraction_or_cannot_be_read_is_left_alone(dialect: Dialect, written: str) -> None:
    assert with_fractions(written, schema(dialect)) == (written, [])


def test_a_division_inside_a_text_is_no_division() -> None:
    sql, _ = with_fractions("SELECT paid / id, '1/2' FROM orders", schema("postgres"))
    assert sql == "SELECT paid * 1.0 / id, '1/2' FROM orders"
