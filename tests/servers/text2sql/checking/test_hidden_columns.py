"""No way of writing a statement reads a column that is hidden: `phone` of customers."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.text2sql.checking import check, problems
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.schema import Column, Dialect, Schema, Table
from tests.support.shop_schemas import DIALECTS, shop_schema

EVERYWHERE = [
    "SELECT phone FROM customers",
    "SELECT PHONE FROM customers",
    "SELECT c.phone FROM customers c",
    "SELECT * FROM customers",
    "SELECT c.* FROM orders o JOIN customers c ON c.id = o.customer_id",
    "SELECT id FROM customers WHERE phone LIKE '138%'",
    "SELECT id FROM customers ORDER BY phone",
    "SELECT count(*) FROM customers GROUP BY phone",
    "SELECT 1 FROM customers HAVING max(phone) > '1'",
    "SELECT rank() OVER (ORDER BY phone) FROM customers",
    "SELECT (SELECT phone FROM customers LIMIT 1) FROM suppliers",
    "SELECT (SELECT phone FROM customers LIMIT 1) AS phone FROM suppliers s",
    "SELECT s.id FROM suppliers s WHERE EXISTS (SELECT 1 FROM customers WHERE phone = s.phone)",
    "SELECT s.id FROM suppliers s JOIN customers c USING (phone)",
    "SELECT s.id FROM customers c JOIN suppliers s USING (phone)",
    "SELECT s.id FROM suppliers s NATURAL JOIN customers c",
    "SELECT id FROM suppliers WHERE (id, phone) IN (SELECT id, phone FROM customers)",
    "SELECT id FROM suppliers WHERE id IN (SELECT * FROM customers)",
    "SELECT name AS phone FROM customers WHERE phone > ''",
    "SELECT name AS phone FROM customers GROUP BY phone",
    "SELECT name AS phone FROM customers ORDER BY lower(phone)",
    "SELECT phone FROM (SELECT * FROM customers) AS x",
    "WITH x AS (SELECT * FROM customers) SELECT phone FROM x",
    "WITH x(a, b, c, d, e, f) AS (SELECT * FROM customers) SELECT f FROM x",
    "SELECT (SELECT c.phone FROM suppliers c) FROM customers c",
    "SELECT (SELECT phone FROM (SELECT 1 AS phone, 2 AS b) AS x WHERE c.phone = '1') FROM customers c",
    "SELECT id FROM suppliers UNION SELECT phone FROM customers",
    "SELECT max(CASE WHEN phone > '1' THEN 1 END) FROM customers",
    "SELECT count(DISTINCT phone), count(*) FROM customers",
    "SELECT id FROM customers LIMIT (SELECT length(phone) FROM customers)",
    "SELECT coalesce(NULL, c.phone) FROM customers AS c",
    "SELECT x.id FROM customers x JOIN customers y ON x.phone = y.phone",
]
# Where the condition of a join sees less than the rest of the SELECT; SQLite makes no such difference.
JOINED = [
    "SELECT s.id FROM suppliers s, customers c JOIN products p ON phone = '1'",
    "SELECT s.id FROM suppliers s, customers c JOIN products p USING (phone)",
    "SELECT s.id FROM suppliers s, customers c JOIN (SELECT '1' AS phone) AS p USING (phone)",
    "SELECT s.id FROM suppliers s JOIN customers c JOIN products p ON phone = '1' ON s.id = c.id",
    "SELECT s.id FROM suppliers s JOIN (customers c JOIN products p ON phone = '1') ON s.id = c.id",
    "WITH RECURSIVE customers AS (SELECT phone FROM customers) SELECT phone FROM customers",
]
BY_DIALECT: dict[Dialect, list[str]] = {
    "sqlite": [
        'SELECT "phone" FROM customers',
        "SELECT [phone], `phone` FROM customers",
        "SELECT rowid FROM customers",
        "SELECT j.value FROM json_each(json_array(phone)) j, customers",
        "SELECT o.id FROM orders o JOIN orders p ON \"phone\" > '1' JOIN customers c ON 1 = 1",
        "SELECT 1 WHERE 1 IN customers",
        "SELECT * FROM pragma_table_info('customers')",
        "PRAGMA table_info(customers)",
        "SELECT id FROM customers WHERE customers MATCH 'x'",
    ],
    "postgres": [
        "WITH x AS (SELECT phone FROM customers), customers AS (SELECT '1' AS phone) SELECT phone FROM x",
        'SELECT "phone" FROM customers',
        "TABLE customers",
        "SELECT c FROM customers c",
        "SELECT c::text, customers FROM customers c, customers",
        "SELECT (c).phone, (c).* FROM customers c",
        "SELECT row_to_json(c), to_jsonb(c.*) FROM customers c",
        "SELECT c.row_to_json FROM customers c",
        "SELECT count(c) FROM customers c",
        "SELECT phone FROM customers AS c(id, name, city, level, since, phone)",
        "SELECT f FROM customers AS c(a, b, c, d, e, f)",
        "SELECT x.* FROM suppliers s, LATERAL (SELECT c.* FROM customers c) x",
        "SELECT phone FROM customers, (SELECT 1) AS phone",
        "SELECT jsonb_typeof(phone -> 'a') FROM customers",
        "SELECT (SELECT count(*) FROM orders o JOIN suppliers s ON phone = '1') FROM customers",
        "SELECT (SELECT 1 FROM suppliers c, (SELECT c.phone) x) FROM customers c",
        "SELECT (SELECT phone FROM (SELECT 1 AS phone, 2 AS b) AS x(a)) FROM customers",
        "SELECT phone FROM customers, jsonb_array_elements('[]') AS phone",
        "SELECT NULL::customers",
        "EXPLAIN VERBOSE SELECT id FROM customers",
        "SELECT col_description(1, 2), 'customers'::regclass",
    ],
    "mysql": [
        "WITH x AS (SELECT phone FROM customers), customers AS (SELECT '1' AS phone) SELECT phone FROM x",
        "WITH CUSTOMERS AS (SELECT '1' AS phone) SELECT phone FROM customers",
        "SELECT `phone` FROM customers",
        "TABLE customers",
        'SELECT "phone" FROM customers',
        "SELECT JSON_TYPE(phone->'$.a') FROM customers",
        "SELECT GROUP_CONCAT(id ORDER BY phone SEPARATOR ',') FROM customers",
        "SELECT id FROM customers WHERE MATCH (phone) AGAINST ('1')",
        "SELECT id FROM suppliers WHERE (1, 2) IN (TABLE customers)",
        "SELECT shop.customers.phone FROM customers",
        "SHOW CREATE TABLE customers",
        "DESC customers phone",
    ],
    "duckdb": [
        'SELECT "phone" FROM customers',
        "FROM customers",
        "FROM customers SELECT phone",
        "TABLE customers",
        "SELECT c FROM customers c",
        "SELECT * EXCLUDE (id) FROM customers",
        "SELECT COLUMNS('ph.*') FROM customers",
        "SELECT COLUMNS(lambda c: c = 'phone') FROM customers",
        "SELECT * REPLACE (1 AS id) FROM customers",
        "SELECT * LIKE 'ph%' FROM customers",
        "SELECT phone.upper() FROM customers",
        "SELECT customers.phone.upper() FROM customers",
        "SELECT upper(phone -> '$.a') FROM customers",
        "SELECT list_filter([1], lambda x: phone = '1') FROM customers",
        "SELECT [1 FOR phone IN [phone]] FROM customers",
        "SELECT list_transform([{'phone': 1}], lambda c: c.phone) FROM customers c",
        "SELECT list_transform([{'x': 1}], lambda phone: phone.x) FROM customers",
        "SELECT [phone.x FOR phone IN [{'x': 1}]] FROM customers",
        "SELECT struct_pack(phone := phone) FROM customers",
        "SELECT rowid FROM customers",
        "SELECT f FROM customers c(a, b, c, d, e, f)",
        "PIVOT customers ON city",
        "UNPIVOT customers ON COLUMNS(*)",
        "SELECT * FROM (PIVOT orders ON status IN (SELECT phone FROM customers)) p",
        "SELECT * FROM suppliers POSITIONAL JOIN customers",
        "SELECT * REPLACE ((SELECT max(phone) FROM customers) AS id) FROM suppliers",
        "DESCRIBE customers",
        "SUMMARIZE customers",
        "SUMMARIZE SELECT * FROM customers",
    ],
}
CASES = [(d, sql) for d in DIALECTS for sql in (*EVERYWHERE, *BY_DIALECT[d])]
JOINED_CASES: list[tuple[Dialect, str]] = [(d, sql) for d in ("mysql", "duckdb") for sql in JOINED]
JOINED_CASES += [("postgres", sql) for sql in JOINED if "RECURSIVE" not in sql]


@pytest.mark.parametrize(("dialect", "sql"), CASES + JOINED_CASES)
def test_a_statement_that_reads_a_hidden_column_is_refused(dialect: Dialect, sql: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        check(sql, shop_schema(dialect, hides=True))
    assert "phone" not in str(refused.value) or "phone" in sql.lower()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_refused_star_names_the_columns_to_write(dialect: Dialect) -> None:
    with pytest.raises(QueryRefused, match="Name those that you need: id, name, city, level, since"):
        check("SELECT * FROM customers", shop_schema(dialect, hides=True))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_cannot_be_told_from_a_hidden_column_says_how_to_write_it(dialect: Dialect) -> None:
    with pytest.raises(QueryRefused, match=r"could be taken for a column .* Write table\.column"):
        check("SELECT upper(city) AS place FROM customers GROUP BY place", shop_schema(dialect, hides=True))


def test_a_hidden_twin_that_differs_only_in_case_is_not_read_in_postgres() -> None:
    table = Table("people", (Column("id", "int"), Column("Phone", "text")), hides=True)
    schema = Schema((table,), "postgres", "public", open=False)
    check('SELECT "Phone" FROM people', schema)
    with pytest.raises(QueryRefused, match='Write it with its capitals in double quotes: "Phone"'):
        check("SELECT phone FROM people", schema)


def test_a_table_that_differs_only_in_case_is_not_read_where_something_is_withheld() -> None:
    for dialect in ("postgres", "mysql"):
        schema = Schema((Table("orders", (Column("id", "int"),)),), dialect, "shop", open=False)
        quoted = '"Orders"' if dialect == "postgres" else "Orders"
        with pytest.raises(QueryRefused, match=r"as it is|capitals in double quotes"):
            check(f"SELECT id FROM {quoted}", schema)


NAMES = st.sampled_from(
    ["id", "name", "phone", "total", "c.phone", "o.phone", "c.id", "x.phone", "c", "rowid"]
)
TABLES = st.sampled_from(
    ["customers", "customers c", "orders o", "suppliers", "suppliers c", "customers AS x"]
)


@st.composite
def queries(draw: st.DrawFn, depth: int = 2) -> str:
    def inner() -> str:
        return draw(queries(depth - 1)) if depth else "SELECT phone FROM suppliers"

    name = st.one_of(NAMES, st.builds("max({})".format, NAMES), st.just("*"))
    columns = ", ".join(
        f"{draw(name)}{draw(st.sampled_from(['', ' AS phone', ' AS a']))}".replace("* AS phone", "*").replace(
            "* AS a", "*"
        )
        for _ in range(draw(st.integers(1, 2)))
    )
    source = draw(st.one_of(TABLES, st.just(f"({inner()}) AS x")))
    join = draw(
        st.sampled_from(
            [
                "",
                ", orders o",
                " JOIN suppliers USING (id)",
                " JOIN orders o ON phone = o.id",
                " NATURAL JOIN orders",
            ]
        )
    )
    where = draw(st.sampled_from(["", " WHERE {0} = 1", " WHERE {0} IN ({1})", " WHERE EXISTS ({1})"]))
    order = draw(st.sampled_from(["", " ORDER BY {0}", " GROUP BY {0}", " ORDER BY upper({0})"]))
    start = draw(st.sampled_from(["", "WITH c AS ({1}) ", "WITH customers AS ({1}) "]))
    parts = (part.format(draw(NAMES), inner() if "{1}" in part else "") for part in (start, where, order))
    first, condition, last = parts
    return f"{first}SELECT {columns} FROM {source}{join}{condition}{last}"


@settings(max_examples=100, deadline=None)
@given(sql=queries())
def test_what_passes_never_makes_sqlite_read_the_hidden_column(sql: str) -> None:
    try:
        check(sql, shop_schema("sqlite", hides=True))
    except QueryRefused:
        return
    read: list[str] = []

    def watch(action: int, table: str | None, column: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_READ and (table, column) == ("customers", "phone"):
            read.append(sql)
        return sqlite3.SQLITE_OK

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "CREATE TABLE customers (id, name, city, level, since, phone);"
            "CREATE TABLE orders (id, customer_id, status, total, ordered_at);"
            "CREATE TABLE suppliers (id, phone, mood)"
        )
        connection.set_authorizer(watch)
        try:
            connection.execute(sql).fetchall()
        except sqlite3.OperationalError:
            # Ambiguous or unknown: then nothing was given back.
            return
    assert not read


SIGNS = "()*,.;:'\"`[]{}?@$#=<>|-/\u3000"
WORDS = "SELECT FROM customers phone c AS JOIN USING WITH PIVOT lambda -> :: -- /* NULL 1 OVER COLUMNS"
PIECES = st.sampled_from([*SIGNS, *WORDS.split()])


@settings(max_examples=100, deadline=None)
@given(
    case=st.sampled_from(CASES),
    changes=st.lists(st.tuples(st.floats(0, 1), st.booleans(), PIECES), min_size=1, max_size=5),
)
def test_whatever_is_written_is_either_let_pass_or_refused(
    case: tuple[Dialect, str], changes: list[tuple[float, bool, str]]
) -> None:
    dialect, sql = case
    for place, replaces, piece in changes:
        at = int(place * len(sql))
        sql = f"{sql[:at]} {piece} {sql[at + 5 * replaces :]}"
    schema = shop_schema(dialect, hides=True)
    try:
        check(sql, schema)
        refused = None
    except QueryRefused as exc:
        refused = (exc.rule, str(exc))
    found = [(problem.rule, problem.text) for problem in problems(sql, schema)]
    assert found[:1] == ([refused] if refused else [])
