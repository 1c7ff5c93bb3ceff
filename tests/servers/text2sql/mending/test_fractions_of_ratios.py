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
        (
            "SELECT SUM(paid = 1) / COUNT(*) FROM orders",
            "SELECT SUM(paid = 1) * 1.0 / COUNT(*) FROM orders",
        ),
        (
            "SELECT SUM(IIF(paid = 1, 1, 0)) / COUNT(*) FROM orders",
            "SELECT SUM(IIF(paid = 1, 1, 0)) * 1.0 / COUNT(*) FROM orders",
        ),
        (
            "SELECT paid, COUNT(*) / SUM(COUNT(*)) OVER () FROM orders GROUP BY paid",
            "SELECT paid, COUNT(*) * 1.0 / SUM(COUNT(*)) OVER () FROM orders GROUP BY paid",
        ),
        ("SELECT ROUND(AVG(paid / id), 2) FROM orders", "SELECT ROUND(AVG(paid * 1.0 / id), 2) FROM orders"),
        ("SELECT paid % 7 / id FROM orders", "SELECT paid % 7 * 1.0 / id FROM orders"),
        # What is counted in steps stays beside the ratio.
        (
            "SELECT id / 9, SUM(paid) / COUNT(*) FROM orders WHERE id / 9 > 2 GROUP BY id / 9",
            "SELECT id / 9, SUM(paid) * 1.0 / COUNT(*) FROM orders WHERE id / 9 > 2 GROUP BY id / 9",
        ),
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
        ("sqlite", "SELECT id / paid, COUNT(*) FROM orders GROUP BY 1"),
        ("sqlite", "SELECT id / paid AS step, COUNT(*) FROM orders GROUP BY step"),
        ("sqlite", "SELECT id FROM orders WHERE id / paid = 2"),
        ("sqlite", "SELECT id FROM orders LIMIT (SELECT COUNT(*) / 2 FROM orders)"),
        ("sqlite", "SELECT substr('abcdef', id / paid) FROM orders"),
        ("sqlite", "SELECT CAST(id / paid AS INTEGER) FROM orders"),
        ("postgres", "SELECT date '2026-01-01' + id / 7 FROM orders"),
        ("sqlite", "SELECT " + " + ".join(["paid / id"] * 9) + " FROM orders"),
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


def test_an_operator_with_the_same_sign_is_no_division() -> None:
    sql, _ = with_fractions("SELECT |/ 25, paid / id FROM orders", schema("postgres"))
    assert "|* 1.0" not in sql


def test_a_division_inside_a_text_is_no_division() -> None:
    sql, _ = with_fractions("SELECT paid / id, '1/2' FROM orders", schema("postgres"))
    assert sql == "SELECT paid * 1.0 / id, '1/2' FROM orders"
