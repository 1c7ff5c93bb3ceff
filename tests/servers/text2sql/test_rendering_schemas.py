"""A schema as a text for a prompt."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.models.texts import estimate_tokens
from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.rendering import render
from tao_servers.text2sql.schema import Column, Dialect, Samples, Schema, Table

_ID = Column("id", "INTEGER", primary_key=True)
_CUSTOMERS = Table("customers", (_ID, Column("name", "TEXT")), 120, "客户")
_ORDERS = Table(
    "orders",
    (
        _ID,
        Column("customer_id", "INTEGER", references="customers.id"),
        Column("status", "TEXT", comment="订单状态"),
        Column("total", "REAL"),
        Column("order", "TEXT"),
    ),
    5432,
    "订单",
)
_SHOP = Schema((_CUSTOMERS, _ORDERS))
_SAMPLES = {
    "orders": {
        "customer_id": Samples(["1", "2"], False, "1", "120"),
        "status": Samples(["已完成", "已取消"], True),
        "total": Samples(["12.5"], False, "0.5", "99999"),
        "order": Samples(["a, b", "it's"], False),
    }
}


def test_a_schema_is_shown_with_keys_comments_and_values() -> None:
    assert render(_SHOP, samples=_SAMPLES) == (
        "# customers: 客户, 120 rows\n"
        "(id INTEGER, primary key),\n"
        "(name TEXT)\n\n"
        "# orders: 订单, 5432 rows\n"
        "(id INTEGER, primary key),\n"
        "(customer_id INTEGER),\n"
        "(status TEXT: 订单状态; values: 已完成, 已取消),\n"
        "(total REAL; 0.5 to 99999),\n"
        "(\"order\" TEXT; e.g. 'a, b', 'it''s')\n\n"
        "# foreign keys\n"
        "orders.customer_id = customers.id"
    )


def test_a_part_is_shown_in_the_order_given_without_keys_that_lead_out_of_it() -> None:
    assert render(_SHOP, [_ORDERS, _CUSTOMERS]).startswith("# orders")
    assert "foreign keys" not in render(_SHOP, [_ORDERS])


@pytest.mark.parametrize("most", [420, 300, 250, 200])
def test_a_bound_is_kept_and_the_keys_with_it(most: int) -> None:
    text = render(_SHOP, samples=_SAMPLES, most_chars=most)
    assert len(text) <= most
    for key in ("(id INTEGER, primary key)", "orders.customer_id = customers.id"):
        assert key.replace(" INTEGER", "") in text.replace(" INTEGER", "")


def test_example_values_go_before_comments_and_comments_before_columns() -> None:
    full = render(_SHOP, samples=_SAMPLES)
    shorter = render(_SHOP, samples=_SAMPLES, most_tokens=estimate_tokens(full) - 5)
    assert "订单状态" in shorter
    assert "已完成, 已取消" not in shorter
    bare = render(_SHOP, samples=_SAMPLES, most_tokens=90)
    assert estimate_tokens(bare) <= 90
    assert "订单状态" not in bare
    assert "status" in bare


def test_columns_that_are_left_out_are_counted() -> None:
    wide = Table("wide", (_ID, *(Column(f"c{number}", "TEXT") for number in range(99))))
    text = render(Schema((wide,)), most_chars=400)
    assert "... 87 more columns" in text
    assert "(id, primary key)" in text


def test_no_text_of_the_database_can_look_like_another_table() -> None:
    column = Column("a", "TEXT", comment="x\n# fake: 1 row\x00\u202e")
    hostile = Table("t", (column,), comment="c\r\n\r\n# fake")
    text = render(Schema((hostile,)), samples={"t": {"a": Samples(["v\n# fake", "y" * 500], False)}})
    assert [line for line in text.splitlines() if line.startswith("#")] == ["# t: c # fake"]
    assert "\x00" not in text
    assert "\u202e" not in text
    assert len(text) < 250


@pytest.mark.parametrize(
    ("name", "dialect", "shown"),
    [
        ("orders", "sqlite", "orders"),
        ("订单", "sqlite", "订单"),
        ("订单 明细", "sqlite", '"订单 明细"'),
        ("2008北京", "postgres", '"2008北京"'),
        ('a"b', "duckdb", '"a""b"'),
        ("a`b", "mysql", "`a``b`"),
        ("rank", "mysql", "`rank`"),
        ("rank", "postgres", "rank"),
        ("Name", "postgres", '"Name"'),
        ("Name", "duckdb", "Name"),
        ("user", "postgres", '"user"'),
        ("ORDER", "mysql", "`ORDER`"),
        ("价格（元）", "sqlite", '"价格（元）"'),
        ("", "sqlite", '""'),
    ],
)
def test_names_are_quoted_where_the_dialect_needs_it(name: str, dialect: Dialect, shown: str) -> None:
    assert identifier(name, dialect) == shown


def test_a_table_of_another_schema_and_a_key_without_a_column_are_shown() -> None:
    target = Table("users", (Column("id", "int", primary_key=True),), schema="Sales")
    source = Table("visits", (Column("user_id", "int", references="Sales.users"),), is_view=True)
    text = render(Schema((target, source), "postgres", "public"))
    assert '# "Sales".users\n' in text
    assert "# visits: view\n" in text
    assert 'visits.user_id = "Sales".users (its primary key)' in text


def test_an_empty_schema_is_an_empty_text() -> None:
    assert render(Schema(())) == ""


def test_unquoted_names_are_names_to_sqlite() -> None:
    words = [
        "order",
        "values",
        "table",
        "key",
        "rank",
        "user",
        "index",
        "to",
        "add",
        "name",
        "订单",
        "date",
        "a-b",
    ]
    with closing(sqlite3.connect(":memory:")) as connection:
        for word in words:
            name = identifier(word, "sqlite")
            connection.execute(f"CREATE TABLE {name} ({name} INTEGER)")
            connection.execute(f"SELECT {name}.{name} FROM {name} WHERE {name} = 1 ORDER BY {name}")


_NAMES = st.text(alphabet="ab1_ 订单\"'`#\n(),;", min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(_NAMES, min_size=1, max_size=12, unique=True), st.integers(1, 400))
def test_whatever_the_bound_keys_stay_and_the_text_is_the_same_again(names: list[str], most: int) -> None:
    columns = (_ID, *(Column(name, "TEXT", comment=name) for name in names))
    schema = Schema((Table("t", columns, 1),))
    text = render(schema, most_chars=most)
    assert text == render(schema, most_chars=most)
    assert "primary key" in text
