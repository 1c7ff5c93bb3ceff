"""From a question to the tables of a schema."""

import datetime
from collections.abc import Iterator

import pytest

from tao_servers.text2sql.linking import ColumnValues, Linker, ValueIndex
from tao_servers.text2sql.schema import Column, Schema, Table
from tests.support.concepts import BrokenEmbedder, Concepts


def _table(name: str, *columns: str, comment: str | None = None) -> Table:
    """Columns such as `id`, `customer_id>customers.id` or `status:订单状态`."""
    return Table(name, tuple(_columns(columns)), 10, comment)


def _columns(texts: tuple[str, ...]) -> Iterator[Column]:
    for text in texts:
        name, _, reference = text.partition(">")
        name, _, comment = name.partition(":")
        type_ = "INTEGER" if name.endswith("id") else "TEXT"
        yield Column(name, type_, name == "id", reference or None, comment or None)


_SHOP = Schema(
    (
        _table("customers", "id", "name", "city:城市", comment="客户"),
        _table("orders", "id", "customer_id>customers.id", "status:订单状态", comment="订单"),
        _table("order_items", "id", "order_id>orders.id", "product_id>products.id", "quantity"),
        _table("products", "id", "productName", "price", comment="商品"),
        _table("employees", "id", "salary", "hired_on"),
        _table("audit_log", "id", "message"),
    )
)


def _names(question: str, linker: Linker | None = None, most: int = 2, *, closed: bool = True) -> list[str]:
    link = (linker or Linker(_SHOP)).link(question, most_tables=most, closed=closed)
    return [table.name for table in link.tables]


@pytest.mark.parametrize(
    ("question", "table"),
    [
        ("How many employees were hired?", "employees"),
        ("average salary of an employee", "employees"),
        ("商品有多少种", "products"),
        ("商品價格", "products"),
        ("each product name", "products"),
    ],
)
def test_a_table_is_found_by_words_of_its_name_columns_and_comments(question: str, table: str) -> None:
    assert _names(question, most=1)[0] == table


def test_tables_on_the_joins_between_those_chosen_are_added() -> None:
    question = "customers who bought products"
    chosen = _names(question, closed=False)
    assert sorted(chosen) == ["customers", "products"]
    assert _names(question) == [*chosen, *sorted(["order_items", "orders"], key=_names(question).index)]
    assert sorted(_names(question)) == ["customers", "order_items", "orders", "products"]


def test_a_question_in_another_language_finds_its_tables_by_meaning() -> None:
    embedder = Concepts("employee 员工", "salary 工资", "customer 客户", "product 商品")
    assert _names("员工的工资是多少", Linker(_SHOP, embedder=embedder), most=1) == ["employees"]
    assert _names("员工的工资是多少", most=1) != ["employees"]


def test_a_value_that_is_named_brings_its_table() -> None:
    values = ValueIndex([ColumnValues("customers", "city", ("北京市",), True)])
    link = Linker(_SHOP, values=values).link("北京有多少", most_tables=1)
    assert [table.name for table in link.tables] == ["customers"]
    assert [(match.column, match.value, match.words) for match in link.values] == [("city", "北京市", "北京")]


def test_numbers_and_dates_come_with_the_link_and_numbers_of_dates_do_not() -> None:
    link = Linker(_SHOP).link("最近30天金额超过200万的订单", as_of=datetime.date(2025, 6, 17))
    assert [match.value for match in link.numbers] == [2_000_000]
    assert [match.first for match in link.dates] == [datetime.date(2025, 5, 18)]


def test_a_wide_table_keeps_its_keys_and_the_columns_asked_for() -> None:
    wide = _table(
        "facts", "id", *(f"filler_{n}" for n in range(200)), "discount_rate", "shop_id>shops.code", "region"
    )
    schema = Schema((wide, _table("shops", "code", "name"), *_SHOP.tables))
    values = ValueIndex([ColumnValues("facts", "region", ("North",), True)])
    link = Linker(schema, values=values).link("discount rate in North", most_tables=2, most_columns=5)
    facts = next(table for table in link.tables if table.name == "facts")
    assert len(facts.columns) == 5
    assert {"id", "shop_id", "discount_rate", "region"} <= {column.name for column in facts.columns}


def test_a_broken_embedder_leaves_words_alone() -> None:
    broken = BrokenEmbedder("x")
    values = ValueIndex([ColumnValues("customers", "city", ("北京市",), True)], embedder=broken)
    linker = Linker(_SHOP, values=values, embedder=broken)
    assert _names("employees by salary", linker, most=1) == ["employees"]
    assert linker.link("北京").values[0].value == "北京市"


def test_vectors_of_a_schema_are_made_once() -> None:
    embedder = Concepts("employee 员工")
    linker = Linker(_SHOP, embedder=embedder)
    linker.prepare()
    made = len(embedder.embedded)
    linker.link("员工")
    linker.link("employees")
    assert len(embedder.embedded) == made > 0


def test_tables_without_declared_keys_are_neighbours_by_a_column_that_names_a_thing() -> None:
    schema = Schema(
        (
            _table("zz_visit", "patient_id", "day"),
            _table("patient", "patient_id", "name"),
            *(_table(f"other_{n}", "label") for n in range(20)),
        )
    )
    assert _names("patient names", Linker(schema), most=2) == ["patient", "zz_visit"]


def test_tables_that_share_a_column_of_any_other_name_are_no_neighbours() -> None:
    others = (_table(f"other_{n}", "label") for n in range(20))
    schema = Schema((_table("patient", "name", "paid"), *others, _table("zz_fine", "reason", "paid")))
    assert _names("patient names", Linker(schema), most=2) == ["patient"]


def test_a_key_that_only_names_tell_of_is_a_way_between_tables() -> None:
    schema = Schema(
        (
            _table("patient", "patient_id", "name"),
            _table("visit", "visit_id", "patient_id", "drug_id"),
            _table("drug", "drug_id", "label"),
            *(_table(f"other_{n}", "text") for n in range(20)),
        )
    )
    assert _names("names of patients with labels of drugs", Linker(schema, embedder=None), most=2)[2:] == [
        "visit"
    ]


@pytest.mark.parametrize("question", ["", "？？？", "\x00\ud800", "a" * 100_000, "长" * 10_000])
def test_odd_questions_get_an_answer(question: str) -> None:
    assert len(Linker(_SHOP, embedder=Concepts("x")).link(question, most_tables=3).tables) <= 7


def test_a_schema_without_tables_links_to_nothing() -> None:
    assert Linker(Schema(()), embedder=Concepts("x")).link("orders").tables == ()


def test_a_table_without_columns_and_keys_to_nowhere_do_no_harm() -> None:
    schema = Schema((Table("bare", ()), _table("t", "id", "gone_id>gone.id", "self_id>t.id", "odd>t")))
    link = Linker(schema, embedder=Concepts("t")).link("t bare")
    assert {table.name for table in link.tables} == {"bare", "t"}


def test_the_same_question_gives_the_same_link() -> None:
    assert Linker(_SHOP).link("orders of customers") == Linker(_SHOP).link("orders of customers")
