import datetime
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tao_servers.text2sql.explaining import assumptions
from tao_servers.text2sql.linking import ValueMatch
from tao_servers.text2sql.schema import Column, Schema, Table
from tests.support.asked_outcomes import Asked

TODAY = datetime.date(2026, 11, 23)


@pytest.fixture
def asked(shop: Path) -> Iterator[Asked]:
    with Asked(shop) as opened:
        yield opened


def test_a_word_taken_for_a_value_is_told_where_the_statement_uses_it(asked: Asked) -> None:
    values = [
        ValueMatch("customers", "city", "上海", "Shanghai", 0.9, "meaning"),
        ValueMatch("customers", "city", "北京", "Beijing", 0.9, "meaning"),
        ValueMatch("customers", "level", "金卡", "金卡", 1.0),
    ]
    sql = "SELECT count(*) FROM customers WHERE city = '上海' AND level = '金卡'"
    told = assumptions(asked.outcome("how many in Shanghai", sql, values=values))
    assert told == ["'Shanghai' was taken as customers.city = '上海'"]
    assert assumptions(asked.outcome("沪有多少金卡客户", sql, values=values[:1])) == [
        "“Shanghai”按 customers.city = '上海' 理解"
    ]


TOWNS = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT);
CREATE TABLE stores (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES customers, city TEXT);
"""
IN_TOWNS = [
    ValueMatch("customers", "city", "北京市", "北京", 0.9),
    ValueMatch("stores", "city", "北京市", "北京", 0.9),
]


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT count(*) FROM stores WHERE city = '北京市'", ["stores"]),
        ("SELECT count(*) FROM customers WHERE city IN ('北京市', '上海市')", ["customers"]),
        (
            "SELECT count(*) FROM stores s JOIN customers c ON c.id = s.owner_id WHERE s.city = '北京市'",
            ["stores"],
        ),
        (
            "SELECT count(*) FROM customers WHERE id IN (SELECT owner_id FROM stores WHERE city = '北京市')",
            ["stores"],
        ),
        ("SELECT count(*) FROM (SELECT * FROM stores) t WHERE t.city = '北京市'", ["stores"]),
        (
            "SELECT count(*) FROM stores s JOIN customers c ON c.id = s.owner_id"
            " WHERE s.city = '北京市' AND c.city = '北京市'",
            ["customers", "stores"],
        ),
        ("SELECT count(*), '北京市' AS city FROM stores", []),
    ],
)
def test_a_value_is_placed_in_the_table_where_the_statement_looks_for_it(
    tmp_path: Path, sql: str, tables: list[str]
) -> None:
    path = tmp_path / "towns.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(TOWNS)
    with Asked(path) as towns:
        told = assumptions(towns.outcome("北京有几家门店", sql, values=IN_TOWNS))
    taken = [text for text in told if text.startswith("“北京”按")]
    assert taken == [f"“北京”按 {table}.city = '北京市' 理解" for table in tables]


@pytest.mark.parametrize(
    ("question", "condition", "told"),
    [
        (
            "上个月有多少订单",
            "ordered_at >= '2026-10-01' AND ordered_at < '2026-11-01'",
            ["“上个月”= 2026-10-01 至 2026-10-31（以 2026-11-23 为今天）"],
        ),
        (
            "上个月有多少订单",
            "ordered_at LIKE '2026-10%'",
            ["“上个月”= 2026-10-01 至 2026-10-31（以 2026-11-23 为今天）"],
        ),
        (
            "2025年第三季度有多少订单",
            "ordered_at >= '2025-07-01'",
            ["“2025年第三季度”= 2025-07-01 至 2025-09-30"],
        ),
        ("orders in 2025", "strftime('%Y', ordered_at) = '2025'", ["'2025' = 2025-01-01 to 2025-12-31"]),
        ("上个月有多少订单", "ordered_at >= '2020-01-01'", []),
        ("上个月有多少订单", "ordered_at >= '2026-10-05'", []),
        ("orders in 2025", "ordered_at >= '2025-06-01'", []),
        ("orders in 2025", "ordered_at LIKE '2025-%'", ["'2025' = 2025-01-01 to 2025-12-31"]),
        ("上个月有多少订单", "ordered_at >= date('now', '-1 month')", ["“今天”取数据库自己的时间"]),
        ("总额超过200万的订单有多少", "total > 2000000", ["“200万”= 2000000"]),
        ("总额超过200万的订单有多少", "total > 200", []),
        ("前三个订单", "id <= 3", []),
    ],
)
def test_dates_and_numbers_are_told_as_far_as_the_statement_has_them(
    asked: Asked, question: str, condition: str, told: list[str]
) -> None:
    outcome = asked.outcome(question, f"SELECT count(*) FROM orders WHERE {condition}", as_of=TODAY)
    assert assumptions(outcome) == told


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT count(*) FROM customers WHERE lower(name) = 'x'", "whatever their case"),
        (
            "SELECT sum(stock) / count(*) FROM products",
            "fraction is dropped: total of stock ÷ number of products",
        ),
        (
            "SELECT (stock - 1) / nullif(stock, 0) FROM products LIMIT 3",
            "fraction is dropped: (stock - 1) ÷ stock",
        ),
        (
            "SELECT count(CASE WHEN level = '金卡' THEN 1 ELSE 0 END) FROM customers",
            "those that ELSE gives 0 for as well",
        ),
        ("SELECT city, 1 AS n FROM customers ORDER BY n LIMIT 2", "there may be more with it"),
        ("SELECT count(*) FROM customers, categories", "Nothing connects"),
    ],
)
def test_what_a_reader_may_not_expect_of_a_statement_is_told(asked: Asked, sql: str, told: str) -> None:
    assert any(told in text for text in assumptions(asked.outcome("how many", sql)))


@pytest.mark.parametrize(
    ("type_", "sql", "is_told"),
    [
        ("integer", "SELECT sum(stock) / count(*) FROM products", True),
        ("bigint", "SELECT sum(stock) / count(*) FROM products", False),
        ("bigint", "SELECT stock / 2 FROM products", True),
        ("interval", "SELECT stock / 2 FROM products", False),
        ("point", "SELECT stock / 2 FROM products", False),
    ],
)
def test_postgresql_keeps_the_fraction_of_a_sum_of_large_numbers(
    asked: Asked, type_: str, sql: str, is_told: bool
) -> None:
    outcome = asked.outcome("how many", sql)
    schema = Schema((Table("products", (Column("stock", type_),)),), "postgres")
    told = assumptions(replace(outcome, task=replace(outcome.task, schema=schema)))
    assert bool(told) == is_told


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(total) / count(*) FROM orders",
        "SELECT 1.0 * count(*) / 2 FROM orders",
        "SELECT count(CASE WHEN status = '已完成' THEN 1 ELSE NULL END) FROM orders",
        "SELECT city, count(*) AS n FROM customers GROUP BY city ORDER BY n DESC LIMIT 3",
        "SELECT count(*) FROM customers WHERE city = '上海'",
    ],
)
def test_nothing_is_told_of_a_plain_statement(asked: Asked, sql: str) -> None:
    assert assumptions(asked.outcome("上海已完成的有多少", sql)) == []


def test_warnings_of_the_rules_are_told_in_chinese_as_well(asked: Asked) -> None:
    told = assumptions(asked.outcome("多少", "SELECT count(*) FROM customers, categories"))
    assert told == ["customers 与 categories 之间没有连接条件，每一行都与对方的每一行组合，结果可能重复"]


def test_mended_names_are_told_and_a_flood_of_them_is_bounded(asked: Asked) -> None:
    mends = ["put spaces round keywords", *(f"wrote orders for ordes{n}\n{'x' * 500}" for n in range(50))]
    candidate = asked.candidate("SELECT count(*) FROM orders", mends=mends)
    told = assumptions(asked.outcome("how many", candidate))
    assert told[0].startswith("wrote orders for ordes0")
    assert len(told) == 8
    assert all(len(text) <= 240 and "\n" not in text for text in told)


def test_mended_names_are_told_in_chinese_as_well(asked: Asked) -> None:
    mends = ["wrote 名称 for 城市名称", "took 类别 from 高校 instead of 名人", "balanced the brackets"]
    candidate = asked.candidate("SELECT count(*) FROM orders", mends=mends)
    told = assumptions(asked.outcome("多少", candidate))
    assert told == ["“城市名称”没有这个名称，按“名称”理解", "“类别”取自 高校，不是 名人"]


def test_without_a_statement_that_ran_nothing_is_assumed(asked: Asked) -> None:
    assert assumptions(asked.outcome("how many", "DROP TABLE orders")) == []
