"""Names and conditions that look wrong and are right, or that nobody could tell for sure."""

from collections.abc import Sequence

import pytest

from tao_servers.text2sql.mending import mend
from tao_servers.text2sql.schema import Column, Dialect, Schema, Table
from tests.support.mending_schemas import music_schema, school_schema
from tests.support.shop_schemas import DIALECTS


def table(name: str, *columns: str, schema: str | None = None) -> Table:
    """A table of texts; `id` is its key, and a name may say what it refers to: `a_id>a.id`."""
    parted = (column.partition(">") for column in columns)
    made = (Column(one, "text", primary_key=one == "id", references=far or None) for one, _, far in parted)
    return Table(name, tuple(made), schema=schema)


def unchanged(written: str, schema: Schema) -> bool:
    found = mend(written, schema)
    return (found.sql, found.mends) == (written, ())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_view_with_a_column_called_like_a_call_leaves_that_call_alone(dialect: Dialect) -> None:
    schema = Schema(
        (table("customers", "id", "city"), table("by_city", "city", "count(*)", "upper(city)")), dialect
    )
    for call in ("COUNT(*)", "count(*)", "UPPER(city)"):
        assert unchanged(f"SELECT {call} FROM customers", schema)


def test_a_column_with_brackets_in_its_name_still_gets_its_quotes() -> None:
    schema = Schema((table("sales", "id", "价格(元)", "amount (USD)"),))
    assert mend("SELECT 价格(元) FROM sales", schema).sql == 'SELECT "价格(元)" FROM sales'
    assert mend("SELECT amount (USD) FROM sales", schema).sql == 'SELECT "amount (USD)" FROM sales'


@pytest.mark.parametrize(
    "written",
    [
        'SELECT COUNT(DISTINCT "buyer") FROM orders',
        'SELECT "revenue" FROM orders',
        'SELECT "revenue" AS r FROM orders',
        'SELECT ("revenue") FROM orders',
        'SELECT SUM("revenue" * 2) FROM orders',
        "SELECT SUM(CASE WHEN id = '1' THEN \"revenue\" ELSE 0 END) FROM orders",
        'SELECT UPPER("buyer") FROM orders',
        'SELECT id FROM orders GROUP BY "buyer"',
        'SELECT id FROM orders ORDER BY "buyer" DESC',
        "SELECT id FROM orders WHERE \"buyer\" = 'x'",
        'SELECT id, RANK() OVER (ORDER BY "revenue") FROM orders',
    ],
)
@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_a_quoted_name_that_is_no_column_does_not_become_a_constant(dialect: Dialect, written: str) -> None:
    assert unchanged(written, Schema((table("orders", "id", "amount"),), dialect))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('SELECT id || "x y" FROM orders', "SELECT id || 'x y' FROM orders"),
        ('SELECT date_trunc("month", id) FROM orders', "SELECT date_trunc('month', id) FROM orders"),
        ('SELECT coalesce(id, "none") FROM orders', "SELECT coalesce(id, 'none') FROM orders"),
        (
            "SELECT CASE WHEN id = '1' THEN \"yes\" ELSE id END FROM orders",
            "SELECT CASE WHEN id = '1' THEN 'yes' ELSE id END FROM orders",
        ),
    ],
)
def test_a_quoted_name_where_a_text_makes_sense_becomes_one_and_that_is_told(
    written: str, expected: str
) -> None:
    found = mend(written, Schema((table("orders", "id", "amount"),), "duckdb"))
    assert found.sql == expected
    assert found.mends[0].endswith("' is no column and so taken for text")


def test_full_text_search_by_the_name_of_the_table_stays() -> None:
    schema = Schema((table("docs", "doc", "body"), table("mail", "mails", "body")))
    for written in (
        "SELECT body FROM docs WHERE docs MATCH 'x'",
        "SELECT body FROM docs WHERE docs MATCH 'x' ORDER BY bm25(docs)",
        "SELECT snippet(mail, 0, '', '', '', 9) FROM mail",
    ):
        assert unchanged(written, schema)
    assert mend("SELECT docs FROM docs", schema).sql == "SELECT doc FROM docs"


TIED = [
    "SELECT a.name FROM staff a JOIN staff b WHERE a.salary > b.salary",
    "SELECT a.name FROM staff a JOIN staff b",
    "SELECT e.name FROM events e JOIN periods p WHERE e.day BETWEEN p.first AND p.until",
    "SELECT e.name FROM events e JOIN periods p WHERE day BETWEEN first AND until",
    "SELECT e.name FROM events e JOIN periods p WHERE lower(e.name) = lower(p.title) AND p.id = '1'",
    "SELECT e.name FROM events e JOIN periods p WHERE (e.name LIKE p.title || '%')",
    "SELECT e.name FROM events e JOIN periods p GROUP BY e.name HAVING max(e.day) > p.until",
]
TIES = Schema(
    (
        table("staff", "id", "name", "salary", "manager_id>staff.id"),
        table("events", "id", "name", "day", "period_id>periods.id"),
        table("periods", "id", "title", "first", "until"),
    )
)


@pytest.mark.parametrize("written", TIED)
def test_a_join_that_is_tied_by_another_condition_gets_no_key(written: str) -> None:
    assert unchanged(written, TIES)


@pytest.mark.parametrize("where", ["", " WHERE e.day > '1' AND p.title = 'x'", " WHERE title = 'x'"])
def test_conditions_on_one_table_each_are_no_tie(where: str) -> None:
    found = mend(f"SELECT e.name FROM events e JOIN periods p{where}", TIES)
    assert found.sql == f"SELECT e.name FROM events e JOIN periods p ON e.period_id = p.id{where}"


def test_a_second_garbled_condition_is_not_overwritten_by_the_key() -> None:
    schema = Schema((table("a", "id", "b_id>b.id", "year"), table("b", "id", "year")))
    found = mend("SELECT a.id FROM a JOIN b ON a.b_id = b.id AND a.yaer = b.yaer", schema)
    assert found.sql == "SELECT a.id FROM a JOIN b ON a.b_id = b.id AND a.year = b.year"
    both = mend("SELECT a.id FROM a JOIN b ON a.bid = b.idx AND a.yaer = b.yaer", schema)
    assert both.sql.endswith("AND a.year = b.year")
    own = mend("SELECT s.name FROM staff s JOIN staff t ON s.salery = t.salery", TIES)
    assert own.sql.endswith("ON s.salary = t.salary")


def test_a_name_that_two_tables_have_is_taken_from_neither() -> None:
    schema = Schema(
        (
            table("orders", "id", "customer_id>customers.id", "product_id>products.id"),
            table("customers", "id", "name"),
            table("products", "id", "name"),
        )
    )
    joins = "orders T1 JOIN customers T2 ON T1.customer_id = T2.id JOIN products T3 ON T1.product_id = T3.id"
    assert unchanged(f"SELECT T1.name FROM {joins}", schema)
    assert unchanged(f"SELECT T1.names FROM {joins}", schema)
    # What it begins with says whose name it is.
    found = mend(f"SELECT product_name FROM {joins}", schema).sql
    assert found == f"SELECT T3.name FROM {joins}"


def test_a_made_up_table_is_not_the_one_that_is_joined_with_it() -> None:
    courses = table("courses", "course_id", "course_name")
    schema = Schema((courses, table("visits", "course_id>courses.course_id")))
    made_up = "SELECT T1.course_name FROM {} AS T1 JOIN {} AS T2 ON T1.course_id = T2.course_id"
    assert unchanged(made_up.format("zzz_qqq", "courses"), schema)
    found = mend(made_up.format("zzz_qqq", "visits"), schema)
    assert found.sql == made_up.format("courses", "visits")


def test_a_table_that_two_schemas_have_is_taken_from_neither() -> None:
    tables = (table("customer", "id", schema="sales"), table("customer", "id", schema="archive"))
    one = Schema((tables[0], table("orders", "total")), "postgres", "public")

    def near(name: str, others: Sequence[str]) -> list[float]:
        return [0.8 if other == "customer" else 0.1 for other in others]

    found = mend("SELECT id FROM clients", one, near=near)
    assert found.sql == "SELECT id FROM sales.customer"
    both = Schema((*tables, table("orders", "total")), "postgres", "public")
    assert mend("SELECT id FROM clients", both, near=near).mends == ()


@pytest.mark.parametrize(
    ("written", "real"),
    [
        ("employer_id", "employee_id"),
        ("payer", "payee"),
        ("lessor_name", "lessee_name"),
        ("internal_price", "external_price"),
        ("increase_rate", "decrease_rate"),
        ("inbound_total", "outbound_total"),
        ("maxprice", "minprice"),
        ("weight", "height"),
        ("country_name", "county_name"),
        ("unpaid_total", "paid_total"),
        ("is_inactive", "is_active"),
        ("team_a", "team_b"),
        ("buyer_name", "seller_name"),
        ("start_date", "end_date"),
        ("未付款金额", "付款金额"),
        ("最低气温", "最高气温"),
    ],
)
def test_a_column_that_says_something_else_is_not_the_one_that_was_written(written: str, real: str) -> None:
    def near(name: str, others: Sequence[str]) -> list[float]:
        return [0.7 if other == "id" else 0.9 for other in others]

    for one, other in ((written, real), (real, written)):
        schema = Schema((table("facts", "id", other),))
        statement = f"SELECT {one} FROM facts"
        assert unchanged(statement, schema)
        assert mend(statement, schema, near=near).mends == ()


def test_a_short_word_with_another_letter_is_another_word() -> None:
    assert unchanged("SELECT rate FROM facts", Schema((table("facts", "id", "date"),)))


def test_slips_of_the_pen_are_still_mended() -> None:
    for written, real in (
        ("emploee_id", "employee_id"),
        ("extenral_price", "external_price"),
        ("yaer", "year"),
    ):
        schema = Schema((table("facts", "id", real),))
        assert mend(f"SELECT {written} FROM facts", schema).sql == f"SELECT {real} FROM facts"


def test_a_name_in_chinese_quotes_gets_those_of_the_dialect() -> None:
    written = "SELECT “名称”, T.“城市id” FROM “高校” T WHERE 类别 = “名称”"
    found = {dialect: mend(written, school_schema(dialect)).sql for dialect in ("mysql", "postgres")}
    assert found["mysql"] == "SELECT 名称, T.城市id FROM 高校 T WHERE 类别 = '名称'"
    assert found["postgres"] == found["mysql"]
    assert mend("SELECT “unit price” FROM “order”", music_schema("mysql")).sql == (
        "SELECT `unit price` FROM `order`"
    )
    assert mend("SELECT “name” FROM singers", music_schema("postgres")).sql == 'SELECT "Name" FROM singers'


def test_what_cannot_be_read_loses_the_text_around_it_all_the_same() -> None:
    found = mend("Here it is:\n```sql\nSELECT COUNT(* FROM 高校\n```\nIt counts.", school_schema())
    assert found.sql == "SELECT COUNT(* FROM 高校"
    assert found.mends == ("took the statement out of the text around it",)
    signs = mend("```sql\nSELECT （名称 FROM 高校，\n```", school_schema())
    assert signs.sql == "SELECT （名称 FROM 高校，"
