"""A table that is joined for a column may not change what else the statement says."""

import pytest

from tao_servers.text2sql.mending import mend
from tao_servers.text2sql.schema import Column, Schema, Table


def _column(text: str) -> Column:
    name, _, reference = text.partition(">")
    return Column(name, "int" if name.endswith("id") else "text", name == "id", reference or None)


def table(name: str, *columns: str) -> Table:
    return Table(name, tuple(map(_column, columns)))


SHOP = Schema(
    (
        table("customers", "id", "age", "city"),
        table("orders", "id", "customer_id>customers.id", "status", "product_id>products.id"),
        table("products", "id", "price"),
        table("details", "id>customers.id", "phone"),
    )
)
MANY = "JOIN orders ON customers.id = orders.customer_id"


@pytest.mark.parametrize(
    "written",
    [
        "SELECT COUNT(*) FROM customers WHERE status = 'done'",
        "SELECT SUM(age) FROM customers WHERE status = 'done'",
        "SELECT city, AVG(age) FROM customers WHERE status = 'done' GROUP BY city",
        "SELECT city FROM customers WHERE status = 'done' GROUP BY city HAVING COUNT(*) > 1",
        "SELECT city FROM customers WHERE status = 'done' GROUP BY city ORDER BY SUM(age)",
        "SELECT COUNT(*), MAX(status) FROM customers",
        "SELECT RANK() OVER (ORDER BY age) FROM customers WHERE status = 'done'",
        "SELECT COUNT(*) FROM (SELECT city FROM customers WHERE status = 'done') x",
        "WITH x AS (SELECT age FROM customers WHERE status = 'done') SELECT AVG(age) FROM x",
    ],
)
def test_no_table_is_joined_that_would_have_rows_counted_several_times(written: str) -> None:
    found = mend(written, SHOP)
    assert (found.sql, found.mends) == (written, ())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "SELECT city FROM customers WHERE status = 'done'",
            f"SELECT city FROM customers {MANY} WHERE orders.status = 'done'",
        ),
        (
            "SELECT MAX(age) FROM customers WHERE status = 'done'",
            f"SELECT MAX(age) FROM customers {MANY} WHERE orders.status = 'done'",
        ),
        (
            "SELECT city, COUNT(status) FROM customers GROUP BY city",
            f"SELECT city, COUNT(orders.status) FROM customers {MANY} GROUP BY city",
        ),
        (
            "SELECT COUNT(DISTINCT city) FROM customers WHERE status = 'done'",
            f"SELECT COUNT(DISTINCT city) FROM customers {MANY} WHERE orders.status = 'done'",
        ),
        (
            "SELECT COUNT(*) FROM products WHERE id IN (SELECT age FROM customers WHERE status = 'done')",
            "SELECT COUNT(*) FROM products WHERE id IN"
            f" (SELECT age FROM customers {MANY} WHERE orders.status = 'done')",
        ),
        (
            "SELECT COUNT(*) FROM orders WHERE price > 3",
            "SELECT COUNT(*) FROM orders JOIN products ON orders.product_id = products.id"
            " WHERE products.price > 3",
        ),
        (
            "SELECT COUNT(*) FROM customers WHERE phone > 3",
            "SELECT COUNT(*) FROM customers JOIN details ON customers.id = details.id"
            " WHERE details.phone > 3",
        ),
    ],
)
def test_a_table_is_joined_where_that_changes_nothing_else(written: str, expected: str) -> None:
    assert mend(written, SHOP).sql == expected


def test_behind_an_outer_join_another_one_keeps_its_rows() -> None:
    left = "customers c LEFT JOIN orders o ON c.id = o.customer_id"
    found = mend(f"SELECT c.city, price FROM {left}", SHOP).sql
    assert found == (
        f"SELECT c.city, products.price FROM {left} LEFT JOIN products ON o.product_id = products.id"
    )


def test_columns_of_the_same_name_tie_nothing_unless_they_name_a_key() -> None:
    schema = Schema((table("invoices", "total", "paid"), table("fines", "reason", "paid")))
    written = "SELECT total, reason FROM invoices"
    assert mend(written, schema).sql == written
    named = Schema((table("patient", "patient_id", "name"), table("visits", "day", "patient_id")))
    assert mend("SELECT day, name FROM visits", named).sql == (
        "SELECT day, patient.name FROM visits JOIN patient ON visits.patient_id = patient.patient_id"
    )


def test_a_table_that_is_named_but_not_read_is_joined_and_nothing_else_is_told() -> None:
    schema = Schema(
        (
            table("order_items", "order_id>orders.id", "quantity"),
            table("orders", "id", "ordered_at"),
        )
    )
    found = mend("SELECT SUM(quantity) FROM order_items WHERE orders.ordered_at LIKE '2025%'", schema)
    key = "order_items.order_id = orders.id"
    assert found.mends == (f"joined orders on {key}",)
    assert found.sql == (
        f"SELECT SUM(quantity) FROM order_items JOIN orders ON {key} WHERE orders.ordered_at LIKE '2025%'"
    )


def test_a_column_of_a_table_that_is_named_may_be_half_told_there_and_nowhere_else() -> None:
    schema = Schema(
        (
            table("sbtransaction", "sbtxid", "sbtxcustid>sbcustomer.sbcustid", "sbtxamount"),
            table("sbcustomer", "sbcustid", "sbcustcountry"),
        )
    )
    known = "SELECT {}, SUM(sbtxamount) FROM sbtransaction{} GROUP BY {}"
    key = "sbtransaction.sbtxcustid = sbcustomer.sbcustid"
    written = known.format("sbcustomer.sbcountry", "", "sbcustomer.sbcountry")
    assert mend(written, schema).sql == known.format(
        "sbcustomer.sbcustcountry", f" JOIN sbcustomer ON {key}", "sbcustomer.sbcustcountry"
    )
    unnamed = known.format("sbcountry", "", "sbcountry")
    assert mend(unnamed, schema).sql == unnamed


@pytest.mark.parametrize("tie", ["routes.id = lands.id", "lands.id = routes.id"])
def test_a_join_is_not_tied_to_nothing(tie: str) -> None:
    schema = Schema(
        (
            table("routes", "line", "town_id>towns.id"),
            table("towns", "id", "province"),
            table("lands", "line", "land"),
        )
    )
    known = "SELECT towns.province FROM routes JOIN towns ON routes.town_id = towns.id JOIN lands ON"
    sql = mend(f"{known} {tie}", schema).sql
    assert "towns.id = towns.id" not in sql
    assert "lands.id" in sql


@pytest.mark.parametrize(
    ("tie", "expected"),
    [
        ("c.customer_id = c.id", "o.customer_id = c.id"),
        ("o.customer_id = c.id AND c.status = 'done'", "o.customer_id = c.id AND o.status = 'done'"),
    ],
)
def test_what_ties_nothing_yet_is_taken_from_where_it_is(tie: str, expected: str) -> None:
    known = "SELECT c.city FROM orders AS o JOIN customers AS c ON"
    assert mend(f"{known} {tie}", SHOP).sql == f"{known} {expected}"
