from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_prompts.language import Language
from tao_servers.text2sql.explaining import answer_sentence
from tao_servers.text2sql.limits import Cell, Rows
from tao_servers.text2sql.schema import Column, Schema, Table
from tests.support.asked_outcomes import Asked
from tests.support.shop_schemas import DIALECTS, shop_schema

CITIES = "SELECT city, count(*) AS n FROM customers GROUP BY city ORDER BY n DESC LIMIT 3"


@pytest.fixture
def asked(shop: Path) -> Iterator[Asked]:
    with Asked(shop) as opened:
        yield opened


def said(asked: Asked, sql: str, language: Language) -> str:
    rows = asked.candidate(sql).rows
    assert rows is not None
    return answer_sentence(sql, rows, asked.schema, language)


@pytest.mark.parametrize(
    ("sql", "zh", "en"),
    [
        ("SELECT count(*) FROM orders", "订单数量：5432。", "Number of orders: 5432."),
        (
            "SELECT max(price) FROM products WHERE brand = 'Apple' AND name <> 'x'",
            "现价的最大值：7999（条件：品牌 = 'Apple' 且商品名称 ≠ 'x'）。",
            "Largest price: 7999 (filtered on brand = 'Apple' and name ≠ 'x').",
        ),
        (
            "SELECT name, price FROM products ORDER BY price DESC LIMIT 1",
            "商品名称：极川机械键盘 2024款；现价：8430.9（按现价从大到小取前 1 行）。",
            "Name: 极川机械键盘 2024款; price: 8430.9 (the one with the largest price).",
        ),
        (
            "SELECT name FROM products WHERE brand = 'Apple' ORDER BY id",
            "商品名称（3 个）：iPhone 15 Pro Max、iPhone 15 Pro、iPhone 15"
            "（条件：品牌 = 'Apple'；按商品编号升序排序）。",
            "Name (3): iPhone 15 Pro Max, iPhone 15 Pro, iPhone 15"
            " (filtered on brand = 'Apple'; sorted by id, ascending).",
        ),
        (
            CITIES,
            "3 行，每个所在城市的客户数量：上海（120）、北京（105）、广州（98）"
            "（按客户数量从大到小取前 3 行）。",
            "3 rows, number of customers for each city: 上海 (120), 北京 (105), 广州 (98)"
            " (the 3 with the largest number of customers).",
        ),
        (
            "SELECT status, count(*), sum(total) FROM orders GROUP BY status",
            "5 行：每个订单状态的订单数量、订单总金额的总和。",
            "5 rows: number of orders and total of total for each status.",
        ),
    ],
)
def test_each_shape_of_a_result_has_its_sentence(asked: Asked, sql: str, zh: str, en: str) -> None:
    assert said(asked, sql, "zh") == zh
    assert said(asked, sql, "en") == en


def test_a_wrong_value_is_named_when_nothing_is_found(asked: Asked) -> None:
    for what in ("id", "count(*)", "sum(total)"):
        sentence = said(asked, f"SELECT {what} FROM orders WHERE status = '完成'", "zh")
        assert "订单状态 = '完成'" in sentence
        assert "请核对条件中的值" in sentence
    assert said(asked, "SELECT count(*) FROM orders WHERE status = 'x'", "en").startswith(
        "Number of orders: 0 ("
    )


def test_rows_beyond_the_limit_are_not_claimed_away(asked: Asked) -> None:
    assert "超过 100 行" in said(asked, "SELECT * FROM orders", "zh")
    assert said(asked, "SELECT id FROM orders ORDER BY id", "en").startswith("Id (more than 100): 1, 2, 3")


@pytest.mark.parametrize(
    ("sql", "said_in_it"),
    [
        (
            "SELECT count(*) FROM orders o JOIN customers c ON o.customer_id = c.id",
            "number of rows of orders with customers",
        ),
        ("SELECT count(DISTINCT city) FROM customers", "number of different city"),
        (
            "SELECT sum(CASE WHEN status = '已完成' THEN 1 ELSE 0 END) FROM orders",
            "number of rows with status = ",
        ),
        ("SELECT name FROM products WHERE price > (SELECT avg(price) FROM products)", "average of price"),
        ("SELECT strftime('%Y', ordered_at), count(*) FROM orders GROUP BY 1", "for each year of ordered_at"),
        ("SELECT name FROM products WHERE name LIKE '%Pro%'", "name contains 'Pro'"),
        (
            "SELECT city FROM customers GROUP BY city HAVING count(*) > 90",
            "only groups with number of customers > 90",
        ),
        (
            "SELECT id FROM orders WHERE payment NOT IN ('微信', '支付宝')",
            "payment none of ('微信', '支付宝')",
        ),
        ("SELECT id FROM orders WHERE total BETWEEN 10 AND 20", "total from 10 to 20"),
        ("SELECT id FROM orders WHERE payment NOT LIKE '%支%'", "not (payment contains '支')"),
        ("SELECT name FROM products WHERE name LIKE 'iPhone%'", "name begins with 'iPhone'"),
        ("SELECT name FROM products WHERE name LIKE 'Apple'", "name is like 'Apple'"),
        ("SELECT name FROM products WHERE name LIKE '%a\\%'", "name is like '%a\\%'"),
        ("SELECT sum(DISTINCT price) FROM products", "total of different price"),
        ("SELECT sum((price - stock)) FROM products", "total of (price - stock)"),
        ("SELECT max(coalesce(brand, name)) FROM products", "largest coalesce(brand, name)"),
        ("SELECT max(coalesce(brand, '')) FROM products", "largest brand"),
        (
            "SELECT count(*) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id",
            "number of rows of customers with or without orders",
        ),
        (
            "SELECT count(*) FROM orders o RIGHT JOIN customers c ON o.customer_id = c.id",
            "number of rows of customers with or without orders",
        ),
        (
            "SELECT count(o.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id",
            "number of rows with id:",
        ),
        (
            "SELECT count(*) FROM orders o JOIN customers c ON o.customer_id = c.id AND c.city = '上海'",
            "filtered on city = '上海'",
        ),
        ("SELECT 1 AS one", "one: 1"),
        ("SELECT name FROM customers UNION SELECT name FROM products", "name (more than 100)"),
    ],
)
def test_what_a_statement_does_is_named_as_it_does_it(asked: Asked, sql: str, said_in_it: str) -> None:
    assert said_in_it.lower() in said(asked, sql, "en").lower()


ORDERS = Table("orders", (Column("id", "INTEGER", primary_key=True), Column("total", "REAL")))


@pytest.mark.parametrize(
    ("counted", "zh", "en"),
    [
        ("*", "orders 数量", "Number of orders"),
        ("1", "orders 数量", "Number of orders"),
        ("id", "orders 数量", "Number of orders"),
        ("total", "有 total 的行数", "Number of rows with total"),
        ("total + 1", "COUNT(total + 1)", "COUNT(total + 1)"),
        ("NULL", "COUNT(NULL)", "COUNT(NULL)"),
        *(
            (f"CASE WHEN id > 3 THEN {value} END", "满足（id > 3）的行数", "Number of rows with id > 3")
            for value in ("1", "0", "id", "'yes'", "1 ELSE NULL")
        ),
        *(
            (written := f"CASE WHEN id > 3 THEN {value} END", f"COUNT({written})", f"COUNT({written})")
            for value in ("1 ELSE 0", "total", "NULL")
        ),
    ],
)
def test_what_is_counted_is_told_as_the_database_counts_it(counted: str, zh: str, en: str) -> None:
    rows, schema = Rows(["paid"], [[3]], more=False), Schema((ORDERS,), "sqlite")
    sql = f"SELECT count({counted}) AS paid FROM orders"
    assert answer_sentence(sql, rows, schema, "zh").startswith(f"{zh}：")
    assert answer_sentence(sql, rows, schema, "en").lower().startswith(f"{en}:".lower())


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("CAST(price - stock AS REAL) / stock", "(price - stock) ÷ stock"),
        ("round(price - stock, 2) * 2", "(price - stock) × 2"),
        ("2 * coalesce(nullif(price - stock, 0), 1)", "2 × (price - stock)"),
        ("stock / (price % 7)", "stock ÷ (price % 7)"),
        ("price * stock + 1", "price × stock + 1"),
        ("CAST(price AS INTEGER) / stock", "price ÷ stock"),
    ],
)
def test_brackets_stay_where_a_sign_would_bind_otherwise(asked: Asked, expression: str, told: str) -> None:
    assert f"filtered on {told} > 0" in said(asked, f"SELECT id FROM products WHERE {expression} > 0", "en")


def test_a_row_that_is_there_without_a_value_is_not_told_as_nothing(asked: Asked) -> None:
    listed = answer_sentence(
        "SELECT brand FROM products WHERE id = 1", Rows(["brand"], [[None]], more=False), asked.schema, "en"
    )
    assert listed == "Brand: NULL (filtered on id = 1)."


def test_a_cell_cannot_break_out_of_its_line_nor_fill_the_answer() -> None:
    rows = Rows(["name"], [["a\n\n# Heading\x1b[31m"], ["长" * 5_000], [None]], more=False)
    sentence = answer_sentence("SELECT name FROM customers", rows, shop_schema("sqlite"), "en")
    assert "\n" not in sentence
    assert "\x1b" not in sentence
    assert len(sentence) <= 800


@given(
    sql=st.text(max_size=80)
    | st.sampled_from([CITIES, "FROM orders", "SELECT", "SELECT * FROM (SELECT 1)", "VALUES (1)"]),
    rows=st.lists(
        st.lists(st.none() | st.integers() | st.floats() | st.text(max_size=9), min_size=2, max_size=2)
    ),
    more=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_any_statement_and_any_rows_get_a_sentence(sql: str, rows: list[list[Cell]], more: bool) -> None:
    for dialect in DIALECTS:
        for language in ("zh", "en"):
            found = Rows(["a", "b"], [*rows], more=more)
            assert answer_sentence(sql, found, shop_schema(dialect), language).strip()


def test_a_statement_nested_beyond_reason_is_still_answered() -> None:
    condition = " OR ".join(f"id = {n}" for n in range(900))
    deep = f"SELECT count(*) FROM orders WHERE {condition}"
    sentence = answer_sentence(deep, Rows(["count(*)"], [[3]], more=False), shop_schema("sqlite"), "en")
    assert sentence == "Count(*): 3."
