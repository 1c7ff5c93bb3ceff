"""A schema as a text for a prompt."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.models.texts import estimate_tokens
from tao_servers.text2sql.checking import problems
from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.rendering import render
from tao_servers.text2sql.schema import Column, Dialect, Samples, Schema, Table
from tests.support.shop_schemas import DIALECTS

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
        "customers(id, name TEXT) -- 客户, 120 rows\n"
        "orders(id, customer_id = customers.id, status \"订单状态\" ['已完成', '已取消'],"
        " total [0.5 .. 99999], \"order\" ['a, b', 'it''s', ...]) -- 订单, 5432 rows"
    )


def test_types_stand_where_no_value_shows_them_and_at_times() -> None:
    times = Column("paid", "DATETIME"), Column("day", "DATE"), Column("note", "TEXT"), Column("bare", "")
    known = {"t": {"paid": Samples(["2025-05-01 10:00"], False), "note": Samples(["x"], True)}}
    text = render(Schema((Table("t", times),)), samples=known)
    assert text == "t(paid DATETIME ['2025-05-01 10:00', ...], day DATE, note ['x'], bare)"


def test_values_are_written_as_a_statement_has_them() -> None:
    columns = (Column("n", "INT"), Column("code", "TEXT"), Column("ok", "BOOLEAN"), Column("odd", "REAL"))
    known = {
        "n": Samples(["-1.5e+3", "7"], True),
        "code": Samples(["007"], True),
        "ok": Samples(["true", "False"], True),
        "odd": Samples(["n/a", "1"], True),
    }
    text = render(Schema((Table("t", columns, 1),)), samples={"t": known})
    assert text == "t(n [-1.5e+3, 7], code ['007'], ok [true, False], odd ['n/a', 1]) -- 1 row"


def test_the_values_of_keys_say_nothing() -> None:
    known = {"customers": {"id": Samples(["11"], True)}, "orders": {"customer_id": Samples(["22"], True)}}
    text = render(_SHOP, samples=known)
    assert "11" not in text
    assert "22" not in text


def test_a_part_is_shown_in_the_order_given_without_keys_that_lead_out_of_it() -> None:
    assert [line.partition("(")[0] for line in render(_SHOP, [_ORDERS, _CUSTOMERS]).splitlines()] == [
        "orders",
        "customers",
    ]
    alone = render(_SHOP, [_ORDERS])
    assert "customer_id" in alone
    assert "customers" not in alone


@pytest.mark.parametrize("most", [220, 150, 120, 90])
def test_a_bound_is_kept_and_the_keys_with_it(most: int) -> None:
    text = render(_SHOP, samples=_SAMPLES, most_chars=most)
    assert len(text) <= most
    assert "customers(id" in text
    assert "orders(id" in text
    assert "customer_id = customers.id" in text


def test_a_bound_that_is_too_small_leaves_tables_and_keys() -> None:
    assert render(_SHOP, samples=_SAMPLES, most_chars=1) == (
        "customers(id, ... 1 more columns)\norders(id, customer_id = customers.id, ... 3 more columns)"
    )


def test_a_column_that_a_key_refers_to_stays_with_the_key() -> None:
    towns = Table("towns", (Column("size", "REAL"), Column("code", "TEXT")))
    visits = Table("visits", (Column("town", "TEXT", references="towns.code"),))
    text = render(Schema((towns, visits)), most_chars=1)
    assert "= towns.code" in text
    assert "towns(code" in text


def test_example_values_go_before_comments_and_comments_before_columns() -> None:
    full = render(_SHOP, samples=_SAMPLES)
    shorter = render(_SHOP, samples=_SAMPLES, most_tokens=estimate_tokens(full) - 5)
    assert "订单状态" in shorter
    assert "'已完成', '已取消'" not in shorter
    bare = render(_SHOP, samples=_SAMPLES, most_tokens=45)
    assert estimate_tokens(bare) <= 45
    assert "订单状态" not in bare
    assert "status" in bare


def test_columns_that_are_left_out_are_counted() -> None:
    wide = Table("wide", (_ID, *(Column(f"c{number}", "TEXT") for number in range(99))))
    text = render(Schema((wide,)), most_chars=400)
    assert text.endswith(", ... 69 more columns)")
    assert text.startswith("wide(id, c0")


def test_no_text_of_the_database_can_look_like_another_table() -> None:
    column = Column("a", "TEXT, fake\n(id)", comment="x\nfake(id)\x00\u202e")
    hostile = Table("t", (column,), comment="c\r\n\r\nfake(id)")
    text = render(Schema((hostile,)), samples={"t": {"a": Samples(["v\nfake(id)", "y" * 500], False)}})
    assert text.startswith("t(a ")
    assert text.endswith(" -- c fake(id)")
    assert len(text.splitlines()) == 1
    assert "\x00" not in text
    assert "\u202e" not in text
    assert len(text) < 150


@pytest.mark.parametrize("name", ["t\nfake(id)", "t\r\nfake(id)", "t\u2028fake(id)", "t\x85fake(id)"])
def test_no_name_can_look_like_another_table(name: str) -> None:
    key = Column("k", "INT", references=f"{name}.id")
    schema = Schema((Table(name, (_ID, Column(name, "TEXT"))), Table("u", (key,))))
    for text in (render(schema), render(schema, most_chars=1)):
        assert len(text.splitlines()) == 2


def test_a_wide_space_in_a_name_stays_as_it_is() -> None:
    assert render(Schema((Table("订单\u3000明细", (_ID,)),))) == '"订单\u3000明细"(id)'


def test_a_comment_cannot_end_its_quotes() -> None:
    text = render(Schema((Table("t", (Column("a", "", comment='x" = secrets.id, b "y'),)),)))
    assert text.count('"') in {2, 4}
    assert 'x" = secrets' not in text


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
    assert text == '"Sales".users(id)\nvisits(user_id = "Sales".users.id)'


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


_WORDS_OF_SOME_DIALECTS = [
    *("values", "interval", "map", "lock", "window", "with", "offset"),
    *("fetch", "if", "cube", "any", "rollup", "insert", "force"),
]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_that_are_shown_without_quotes_are_names_to_the_rules(dialect: Dialect) -> None:
    refused = []
    for word in _WORDS_OF_SOME_DIALECTS:
        name = identifier(word, dialect)
        schema = Schema((Table(word, (_ID, Column(word, "TEXT"))),), dialect)
        sql = f"SELECT {name}.{name}, MAX({name}) FROM {name} WHERE {name} = 'a' GROUP BY {name}"
        if problems(sql, schema):
            refused.append(word)
    assert refused == []


_NAMES = st.text(alphabet="ab1_ 订单\"'`#(),;-=", min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(_NAMES, min_size=1, max_size=12, unique=True), st.integers(1, 400))
def test_whatever_the_bound_keys_stay_and_the_text_is_the_same_again(names: list[str], most: int) -> None:
    columns = (_ID, *(Column(name, "TEXT", comment=name) for name in names))
    schema = Schema((Table("t", columns, 1),))
    text = render(schema, most_chars=most)
    assert text == render(schema, most_chars=most)
    assert text.startswith("t(id")
    assert len(text.splitlines()) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_NAMES, min_size=1, max_size=4, unique=True),
    st.text(max_size=200),
    st.lists(st.text(), max_size=4),
)
def test_whatever_comments_and_values_say_a_table_is_a_line(
    names: list[str], comment: str, values: list[str]
) -> None:
    column = Column("a", comment, comment=comment)
    schema = Schema(tuple(Table(name, (_ID, column), 1, comment) for name in names))
    samples = {name: {"a": Samples(values, complete=True)} for name in names}
    text = render(schema, samples=samples)
    assert len(text.splitlines()) == len(names)
    assert text.isprintable() or "\n" in text
