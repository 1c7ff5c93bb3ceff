import tomllib
from pathlib import Path

import pytest

from tao_servers.text2sql.explaining import formatted, reading_of
from tao_servers.text2sql.schema import Dialect
from tests.support.shop_schemas import DIALECTS, shop_schema

HONEST = Path(__file__).parents[1] / "checking"


def honest(dialect: Dialect) -> list[str]:
    known = tomllib.loads((HONEST / f"honest_{dialect}.toml").read_text(encoding="utf-8"))
    return [sql for sql in texts_in(known) if sql.lstrip().lower().startswith(("select ", "with "))]


def texts_in(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in texts_in(one)]


@pytest.mark.parametrize(
    ("sql", "zh", "en"),
    [
        (
            "SELECT city, count(*) FROM customers WHERE level = 'gold' GROUP BY city",
            "统计 customers 数量，条件：level = 'gold'，按 city 分组",
            "counts customers, where level = 'gold', per city",
        ),
        (
            "SELECT 名称 FROM 商品 ORDER BY 单价 LIMIT 5",
            "列出商品的名称，按单价从小到大取前 5 行",
            "lists 名称 of 商品, the 5 with the smallest 单价",
        ),
        (
            "SELECT avg(total) FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE city = 'x')",
            "计算 orders 的 total 的平均值，条件：customer_id 在"
            "（列出 customers 的 id，条件：city = 'x'）的结果中",
            "computes the average of total of orders, where customer_id among what this gives:"
            " (lists id of customers, where city = 'x')",
        ),
        (
            "SELECT DISTINCT city FROM customers UNION SELECT brand FROM products",
            "列出不重复的 customers 的 city；再加上：列出 products 的 brand",
            "lists the different city of customers; together with: lists brand of products",
        ),
        (
            "SELECT city FROM customers UNION SELECT brand FROM products LIMIT 3",
            "列出 customers 的 city；再加上：列出 products 的 brand；最多取 3 行",
            "lists city of customers; together with: lists brand of products; at most 3 rows",
        ),
        (
            "SELECT DISTINCT ON (city) name FROM customers",
            "列出 customers 的 name，每个 city 只取一行",
            "lists name of customers, one row for each city",
        ),
        (
            "SELECT count(DISTINCT city) FROM customers",
            "计算 customers 的不同 city 的数量",
            "computes the number of different city of customers",
        ),
        (
            "SELECT c.* FROM customers c JOIN orders o ON o.customer_id = c.id",
            "列出 customers 与 orders 的 customers 的全部列",
            "lists all columns of customers of customers with orders",
        ),
        (
            "WITH t AS (SELECT customer_id, sum(total) AS s FROM orders GROUP BY 1) SELECT max(s) FROM t",
            "计算（计算 orders 的 total 的总和，按 customer_id 分组）的 s 的最大值",
            "computes the largest s of (computes the total of total of orders, per customer_id)",
        ),
    ],
)
def test_a_statement_is_told_in_one_line_of_either_language(sql: str, zh: str, en: str) -> None:
    schema = shop_schema("duckdb")
    assert reading_of(sql, schema, "zh") == zh
    assert reading_of(sql, schema, "en") == en


@pytest.mark.parametrize(
    "sql", ["", "no sql at all (", "DROP TABLE orders", "x" * 50_000, "PRAGMA table_list"]
)
def test_what_is_not_understood_is_shown_as_it_is(sql: str) -> None:
    assert reading_of(sql, shop_schema("sqlite"), "zh") == (sql if len(sql) <= 300 else sql[:299] + "…")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_honest_statement_has_a_reading(dialect: Dialect) -> None:
    statements = honest(dialect)
    assert len(statements) > 20
    for sql in statements:
        for language in ("zh", "en"):
            reading = reading_of(sql, shop_schema(dialect), language)
            assert 0 < len(reading) <= 300
            assert "\n" not in reading


def test_sql_is_set_over_several_lines() -> None:
    sql = "select ifnull(city,'?') c, count(*) from customers where level='a' group by 1 order by 2 limit 3"
    assert formatted(f"{sql};", "sqlite").splitlines() == [
        "SELECT",
        "  ifnull(city, '?') AS c,",
        "  count(*)",
        "FROM customers",
        "WHERE",
        "  level = 'a'",
        "GROUP BY",
        "  1",
        "ORDER BY",
        "  2",
        "LIMIT 3",
    ]


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("SELECT 1::DOUBLE, 2 ** 3, 2 ^ 3, 1_000", "duckdb"),
        ("SELECT 'a' 'b', BINARY name = 'x' FROM customers", "mysql"),
        ("DROP TABLE orders", "sqlite"),
        ("not SQL (", "postgres"),
        ("", "sqlite"),
    ],
)
def test_what_would_mean_something_else_stays_as_it_is(sql: str, dialect: Dialect) -> None:
    assert formatted(sql, dialect) == sql


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nearly_every_honest_statement_can_be_formatted_and_only_once(dialect: Dialect) -> None:
    statements = honest(dialect)
    kept = [sql for sql in statements if formatted(sql, dialect) == sql.strip()]
    assert len(kept) < len(statements) / 5
    for sql in statements:
        once = formatted(sql, dialect)
        assert formatted(once, dialect) == once
