import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.tools import Databases
from tests.support.sql_server import called, data_of, database_at, text_of


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def only(path: Path, **options: Any) -> Databases:
    return Databases([database_at(path, **options)])


async def test_a_part_of_a_name_or_comment_narrows_the_list(shop: Path) -> None:
    for pattern in ("order", "ORDER*", "%item%", "订单"):
        names = [
            table["name"]
            for table in data_of(await called(only(shop), "list_tables", pattern=pattern))["tables"]
        ]
        assert "order_items" in names
        assert "customers" not in names


async def test_what_is_in_no_name_is_looked_for_by_meaning(shop: Path) -> None:
    data = data_of(await called(only(shop), "list_tables", pattern="顾客买了什么商品"))
    assert "closest by their meaning" in data["note"]
    assert "products" in [table["name"] for table in data["tables"]]


@pytest.mark.parametrize(
    ("text", "table", "value", "column"),
    [
        ("上海", None, "上海", "city"),
        ("iphone 15 pro max", None, "iPhone 15 Pro Max", "name"),
        ("已取消", "orders", "已取消", "status"),
    ],
)
async def test_a_value_is_found_as_it_is_written(
    shop: Path, text: str, table: str | None, value: str, column: str
) -> None:
    arguments = {"table": table} if table else {}
    found = data_of(await called(only(shop), "find_values", text=text, **arguments))["values"]
    assert (found[0]["value"], found[0]["column"]) == (value, column)


@pytest.mark.parametrize(
    "text", ["", "   ", "'; DROP TABLE orders; --", "%", "\x00", "\ud800", "x" * 100_000]
)
async def test_an_odd_text_finds_nothing_or_something_and_harms_nothing(shop: Path, text: str) -> None:
    before = digest(shop)
    reply = await called(only(shop), "find_values", text=text)
    assert len(text_of(reply)) < 8000
    assert digest(shop) == before


async def test_a_hidden_column_is_neither_shown_nor_found_nor_read(shop: Path) -> None:
    hidden: dict[str, Any] = {"hidden": ("customers.city",)}
    assert "city" not in text_of(await called(only(shop, **hidden), "list_tables"))
    assert "city" not in text_of(await called(only(shop, **hidden), "describe_table", table="customers"))
    found = data_of(await called(only(shop, **hidden), "find_values", text="上海"))["values"]
    assert "city" not in {value["column"] for value in found}
    for sql in ("SELECT city FROM customers", "SELECT * FROM customers", "SELECT c.* FROM customers AS c"):
        reply = await called(only(shop, **hidden), "run_sql", sql=sql)
        assert reply.is_error
        assert "上海" not in text_of(reply)
    rows = data_of(await called(only(shop, **hidden), "run_sql", sql="SELECT count(*) FROM customers"))[
        "rows"
    ]
    assert rows == [[800]]


async def test_a_sound_statement_is_told_to_be_so(shop: Path) -> None:
    data = data_of(
        await called(only(shop), "check_sql", sql="SELECT city, count(*) FROM customers GROUP BY city")
    )
    assert data["ok"]
    assert data["tables"] == ["customers"]
    assert 500 < data["expected_rows"] < 2000


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT cty FROM customers", "city"),
        ("DELETE FROM orders", "SELECT"),
        ("SELECT name FROM nothing", "There is no table"),
        ("", "one statement"),
        ("SELEC 1", ""),
    ],
)
async def test_what_is_wrong_with_a_statement_is_told_without_an_error(
    shop: Path, sql: str, said: str
) -> None:
    reply = await called(only(shop), "check_sql", sql=sql)
    assert not data_of(reply)["ok"]
    assert data_of(reply)["problems"][0]["rule"]
    assert said in text_of(reply)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM customers WHERE city = '金卡'",
        "SELECT avg(id) FROM customers WHERE name LIKE '%金卡%'",
    ],
)
async def test_a_text_that_finds_nothing_is_told_where_it_stands(shop: Path, sql: str) -> None:
    note = data_of(await called(only(shop), "run_sql", sql=sql))["note"]
    assert "'金卡会员' stands in customers.level: filter on that column" in note
    hidden = data_of(await called(only(shop, hidden=("customers.level",)), "run_sql", sql=sql))["note"]
    assert "level" not in hidden


async def test_a_count_of_nothing_tells_how_the_text_is_written_in_the_other_language(shop: Path) -> None:
    sql = "SELECT count(*) FROM customers WHERE city = 'Shenzhen'"
    assert "'深圳' stands in customers.city" in data_of(await called(only(shop), "run_sql", sql=sql))["note"]
    none = data_of(await called(only(shop), "run_sql", sql="SELECT count(*) FROM orders WHERE total < 0"))
    assert "note" not in none


async def test_tables_that_multiply_each_other_are_pointed_out(shop: Path) -> None:
    sql = "SELECT count(*) FROM customers, categories"
    assert "categories" in data_of(await called(only(shop), "check_sql", sql=sql))["warnings"][0]
    assert "categories" in data_of(await called(only(shop), "run_sql", sql=sql))["note"]


async def test_a_hopeless_query_is_refused_before_it_runs(shop: Path) -> None:
    sql = "SELECT count(*) FROM orders a, orders b, orders c, orders d"
    reply = await called(only(shop), "run_sql", sql=sql)
    assert reply.is_error
    assert "Join on keys" in text_of(reply)
    assert data_of(await called(only(shop), "check_sql", sql=sql))["problems"][0]["rule"] == "cost"
    patient = Limits(max_scan=1e20, timeout=0.05)
    assert "stopped after" in text_of(await called(only(shop, limits=patient), "run_sql", sql=sql))


async def test_the_caller_may_ask_for_fewer_rows_and_not_for_more(shop: Path) -> None:
    sql = "SELECT id FROM orders ORDER BY id"
    few = data_of(await called(only(shop), "run_sql", sql=sql, limit=2))
    assert (few["rows"], few["cut"]) == ([[1], [2]], True)
    assert data_of(await called(only(shop), "run_sql", sql=sql, limit=10_000))["row_count"] <= 100


async def test_a_table_that_was_made_just_now_is_known(shop: Path) -> None:
    databases = only(shop)
    assert data_of(await called(databases, "run_sql", sql="SELECT count(*) FROM orders"))["rows"] == [[5432]]
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute("CREATE TABLE fresh (id)")
        connection.commit()
    assert data_of(await called(databases, "run_sql", sql="SELECT count(*) FROM fresh"))["rows"] == [[0]]


async def test_what_explains_a_query_or_the_schema_may_be_asked(shop: Path) -> None:
    for sql in ("EXPLAIN QUERY PLAN SELECT * FROM orders", "PRAGMA table_info(orders)"):
        assert data_of(await called(only(shop), "run_sql", sql=sql))["rows"]
