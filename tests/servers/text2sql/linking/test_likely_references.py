"""References that nobody declared are told from the names of columns, and no others."""

import pytest

from tao_servers.text2sql.linking import with_likely_references
from tao_servers.text2sql.schema import Column, Schema, Table


def table(name: str, *columns: str | Column, is_view: bool = False) -> Table:
    """A table of texts; a name that ends in # is a whole number's."""
    made = [
        one
        if isinstance(one, Column)
        else Column(one.rstrip("#"), "INTEGER" if one.endswith("#") else "TEXT")
        for one in columns
    ]
    return Table(name, tuple(made), is_view=is_view)


def key(name: str, kind: str = "INTEGER") -> Column:
    return Column(name, kind, primary_key=True)


def told(*tables: Table) -> dict[str, str]:
    """The references that are there, by `table.column`."""
    schema = with_likely_references(Schema(tables))
    return {
        f"{one.name}.{column.name}": column.references
        for one in schema.tables
        for column in one.columns
        if column.references
    }


@pytest.mark.parametrize(
    ("column", "target"),
    [
        ("customer_id#", key("id")),
        ("customerId#", key("id")),
        ("CUSTOMER_ID#", key("CustomerID")),
        ("customer#", key("id")),
        ("payer_customer_id#", key("customer_id")),
        ("customer_code", "code"),
        ("customer_name", "customer_name"),
        ("from_customer", "customer_code"),
        ("payingcustomerid#", "customerid#"),
    ],
)
def test_a_column_that_is_called_like_the_key_of_a_table_refers_to_it(
    column: str, target: str | Column
) -> None:
    far = target.name if isinstance(target, Column) else target.rstrip("#")
    found = told(table("customers", target, "city"), table("orders", "number#", column))
    assert found == {f"orders.{column.rstrip('#')}": f"customers.{far}"}


@pytest.mark.parametrize(
    "column",
    ["paid#", "city", "customer_count#", "customer_id", "customers_seen#", "id#", "name", "due_customer#"],
)
def test_other_columns_refer_to_nothing(column: str) -> None:
    assert told(table("customers", key("id"), "name", "city"), table("orders", column)) == {}


def test_an_ending_within_a_word_tells_of_a_key_only_when_it_is_long_enough() -> None:
    for column in ("cartid#", "oldartid#"):
        assert told(table("art", key("artid")), table("baskets", key("id"), column)) == {}
    assert told(table("carts", key("cartid")), table("xs", key("id"), "mycartid#")) == {}
    found = told(table("carts", key("cartid")), table("baskets", key("id"), "oldcartid#"))
    assert found == {"baskets.oldcartid": "carts.cartid"}


def test_columns_of_the_same_name_are_no_reference_where_neither_table_is_told_by_them() -> None:
    assert told(table("invoices", "total#", "paid#"), table("fines", "reason", "paid#")) == {}
    assert told(table("visits", "day", "patient_id#"), table("bills", "sum#", "patient_id#")) == {}


def test_chinese_names_tell_of_keys_too() -> None:
    found = told(table("城市", "城市编号", "名称"), table("高校", "高校编号", "名称", "所在城市编号"))
    assert found == {"高校.所在城市编号": "城市.城市编号"}


def test_what_the_columns_of_a_table_or_of_a_schema_all_begin_with_is_passed_over() -> None:
    found = told(
        table("orders", "o_orderkey#", "o_custkey#", "o_total#"),
        table("lineitem", "l_orderkey#", "l_linenumber#", "l_price#"),
    )
    assert found == {"lineitem.l_orderkey": "orders.o_orderkey"}
    found = told(
        table("sbcustomer", key("sbcustid", "TEXT"), "sbcustname", "sbcustcity"),
        table("sbtransaction", key("sbtxid", "TEXT"), "sbtxcustid", "sbtxamount#"),
    )
    assert found == {"sbtransaction.sbtxcustid": "sbcustomer.sbcustid"}


def test_what_could_mean_two_tables_refers_to_none() -> None:
    found = told(
        table("city", key("city_id")), table("cities", key("city_id")), table("shops", key("id"), "city_id#")
    )
    assert found == {}


def test_tables_that_declare_references_keep_theirs_and_get_no_others() -> None:
    declared = Column("buyer", "INTEGER", references="people.id")
    found = told(table("people", key("id")), table("shops", key("id")), table("orders", declared, "shop_id#"))
    assert found == {"orders.buyer": "people.id"}


def test_a_key_of_several_columns_and_a_view_are_no_targets() -> None:
    found = told(
        table("days", key("day_id"), key("town_id")),
        table("towns", "town_id#", is_view=True),
        table("visits", "day_id#", "town_id#"),
    )
    assert found == {}


def test_a_table_does_not_refer_to_itself() -> None:
    assert told(table("people", key("people_id"), "other_people_id#")) == {}


def test_the_tables_and_everything_else_of_them_stay_as_they_are() -> None:
    schema = Schema(
        (table("customers", key("id")), table("orders", key("id"), "customer_id#")), "duckdb", "main"
    )
    found = with_likely_references(schema)
    assert (found.dialect, found.home) == ("duckdb", "main")
    assert [one.name for one in found.tables] == ["customers", "orders"]
    assert [column.name for column in found.tables[1].columns] == ["id", "customer_id"]
    assert with_likely_references(Schema(())).tables == ()
