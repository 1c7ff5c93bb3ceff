"""What a refusal advises, what is only warned of, and what is handed on to the database."""

import subprocess
import sys

import pytest

from tao_servers.text2sql.checking import RULES, Problem, check, problems
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.functions import in_from, scalar, telling
from tao_servers.text2sql.schema import Dialect
from tests.support.shop_schemas import DIALECTS, shop_schema


@pytest.mark.parametrize(
    ("dialect", "sql", "advice"),
    [
        ("sqlite", "SELECT * FROM orders WHERE", "near 'SELECT * FROM orders WHERE'"),
        ("postgres", "SELECT * FROM oders", "Did you mean 'orders'"),
        ("mysql", "SELECT * FROM payments", "The tables are: categories, customers"),
        ("duckdb", "SELECT cty FROM customers", "Table 'customers' has no column 'cty'. Did you mean 'city'"),
        (
            "sqlite",
            "SELECT o.statu FROM orders AS o",
            "Table 'orders' has no column 'statu'. Did you mean 'status'",
        ),
        ("postgres", "SELECT name FROM orders", "It is in categories, customers, products: join it"),
        ("postgres", 'SELECT id FROM customers WHERE city = "上海"', "write it in single quotes"),
        ("postgres", "SELECT x.id FROM orders o", "There are: o."),
        ("mysql", "SELECT x.id FROM (SELECT total FROM orders) AS x", "There are: total."),
        ("postgres", "SELECT id FROM invoices", "Did you mean 'sales.invoices'"),
        ("sqlite", "SELECT year(ordered_at) FROM orders", "strftime"),
        ("postgres", "SELECT date_format(ordered_at, '%Y') FROM orders", "to_char"),
        ("duckdb", "SELECT strptim('a', 'b')", "Did you mean strptime"),
        ("sqlite", "DELETE FROM orders", "Only one SELECT"),
        ("postgres", "SELECT count（*） FROM orders", "has a Chinese sign in it"),
        ("mysql", "SELECT * FROM orders；", "has a Chinese sign in it"),
        ("postgres", "SELECT\u3000id FROM orders", "ideographic space (U+3000)"),
        ("postgres", "SELECT N'O\\'", "write E'...'"),
        ("postgres", "SELECT `id` FROM `orders`", "without backticks"),
        ("postgres", "SELECT TOP 10 * FROM orders", "write LIMIT 10 at the end"),
        ("sqlite", "SELECT extract(year FROM ordered_at) FROM orders", "strftime"),
        ("postgres", "SELECT strftime('%Y', ordered_at) FROM orders", "to_char"),
        ("postgres", "SELECT ifnull(total, 0) FROM orders", "Write coalesce(...)"),
        ("sqlite", "SELECT string_agg(status) || listagg(status) FROM orders", "Write string_agg(...)"),
        ("mysql", "SELECT iif(total > 1, 1, 0) FROM orders", "CASE WHEN"),
        ("sqlite", "SELECT id FROM orders WHERE status ILIKE 'a%'", "lower(column) LIKE"),
        ("mysql", "SELECT total::int FROM orders", "CAST(column AS type)"),
        ("duckdb", "SELECT * FROM (DESCRIBE orders)", "statement of its own"),
        ("sqlite", "SELECT 1 FROM orders" + " JOIN orders" * 20, "give each its ON"),
        ("mysql", "SHOW PROCESSLIST", "Of SHOW only TABLES"),
        (
            "postgres",
            "SELECT o.city FROM orders o JOIN customers c ON c.id = o.customer_id",
            "It is in customers.",
        ),
        ("duckdb", "SELECT list_filter([1], x -> x > 1) FROM orders", "write: lambda x: x + 1"),
    ],
)
def test_a_refusal_says_what_to_write_instead(dialect: Dialect, sql: str, advice: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        check(sql, shop_schema(dialect))
    assert advice in str(refused.value)


def test_all_problems_are_told_in_the_order_of_the_rules() -> None:
    found = problems("SELECT evil(nothing), 'a'::orders FROM nowhere, orders o", shop_schema("postgres"))
    assert [problem.rule for problem in found] == ["known functions", "known types", "known tables"]
    assert isinstance(found[0], Problem)
    assert {problem.rule for problem in found} < set(RULES)


def test_each_wrong_name_is_a_problem_of_its_own() -> None:
    found = problems("SELECT totl, nme, totl FROM orders", shop_schema("sqlite"))
    assert [problem.rule for problem in found] == ["known columns", "known columns"]


@pytest.mark.parametrize(
    ("dialect", "sql", "sent"),
    [
        ("mysql", r"SELECT 'O\'Brien', 'a\\'", r"SELECT 'O''Brien', 'a\\'"),
        ("mysql", 'SELECT "say \\"hi\\"", "a"', 'SELECT "say ""hi""", "a"'),
        ("mysql", "SELECT 'say \\\"hi\\\"'", "SELECT 'say \\\"hi\\\"'"),
        ("postgres", "SELECT $$O'Brien$$, $q$a$b$q$", "SELECT  'O''Brien' ,  'a$b' "),
        ("postgres", r"SELECT $$\d$$, 'a\', 'b\c'", r"SELECT  E'\\d' ,  E'a\\' , 'b\c'"),
        ("duckdb", r"SELECT $$O'\d$$, 'a\'", r"SELECT  'O''\d' , 'a\'"),
    ],
)
def test_texts_are_sent_as_every_setting_of_a_server_reads_them(
    dialect: Dialect, sql: str, sent: str
) -> None:
    assert check(sql, shop_schema(dialect)).sql == sent.strip()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("sql", "pair"),
    [
        ("SELECT o.id FROM orders o, customers c", ("o", "c")),
        ("SELECT o.id FROM orders o CROSS JOIN customers c WHERE o.total > 1 AND c.city = 'x'", ("o", "c")),
        ("SELECT 1 FROM orders o JOIN customers c ON c.id = o.customer_id, products p", ("o", "p")),
        ("SELECT (SELECT count(*) FROM orders o, products p) FROM customers", ("o", "p")),
        ("SELECT 1 FROM orders o JOIN order_items i USING (id), categories c", ("o", "c")),
        ("SELECT 1 FROM orders o, (SELECT city, max(id) FROM customers GROUP BY city) x", ("o", "x")),
        ("SELECT 1 FROM orders o, (SELECT sum(id) OVER () FROM customers) x", ("o", "x")),
    ],
)
def test_tables_that_nothing_connects_are_noticed(dialect: Dialect, sql: str, pair: tuple[str, str]) -> None:
    (warning,) = check(sql, shop_schema(dialect)).warnings
    assert f"Nothing connects {pair[0]!r} and {pair[1]!r}" in warning


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT o.id FROM orders o, customers c WHERE c.id = o.customer_id",
        "SELECT o.id FROM orders o, customers c WHERE c.city = 'x' AND (o.customer_id = c.id OR o.id = c.id)",
        "SELECT status, city FROM orders JOIN customers ON customer_id = customers.id",
        "SELECT o.id FROM orders o, (SELECT max(id) AS m FROM customers) AS x",
        "SELECT o.id FROM orders o CROSS JOIN (SELECT 1 AS one) AS x",
        "SELECT o.id FROM orders o, (SELECT round(avg(total), 2) AS a FROM orders) AS x WHERE o.total > a",
        "WITH t AS (SELECT sum(total) AS s FROM orders) SELECT o.total / t.s FROM orders o CROSS JOIN t",
        "SELECT o.id FROM orders o JOIN (customers c JOIN products p ON p.id = c.id) ON c.id = o.customer_id",
        "SELECT a.id FROM orders a JOIN order_items b USING (id) JOIN products p ON p.id = b.product_id",
        "SELECT o.id FROM orders o, customers c WHERE EXISTS (SELECT 1 WHERE c.id = o.customer_id)",
    ],
)
def test_tables_that_are_connected_are_not_warned_of(dialect: Dialect, sql: str) -> None:
    assert check(sql, shop_schema(dialect)).warnings == ()


def test_a_text_in_double_quotes_passes_in_sqlite_with_a_warning() -> None:
    checked = check('SELECT id FROM customers WHERE city = "上海"', shop_schema("sqlite"))
    assert checked.warnings == ("'上海' is no column and so taken for text; write text in single quotes.",)


def test_what_is_sent_has_no_comment_and_no_semicolon() -> None:
    sql = "-- first\n  SELECT id /* the key */\nFROM orders -- all;\n ; ;\n-- last"
    assert " ".join(check(sql, shop_schema("postgres")).sql.split()) == "SELECT id FROM orders"
    sent = check("SELECT '-- a; /* b */' AS x;", shop_schema("postgres")).sql
    assert sent == "SELECT '-- a; /* b */' AS x"


def test_the_tables_that_are_read_are_told() -> None:
    sql = (
        "WITH orders AS (SELECT id FROM customers) SELECT o.id FROM orders o JOIN sales.invoices i USING (id)"
    )
    read = check(sql, shop_schema("postgres")).tables
    assert {table.full_name for table in read} == {"customers", "sales.invoices"}
    assert check("SELECT 1", shop_schema("postgres")).tables == ()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_further_functions_may_be_called_by_their_names(dialect: Dialect) -> None:
    schema, functions = shop_schema(dialect), ("Harmless", "tools.shout")
    check("SELECT harmless(id), HARMLESS (1) FROM orders", schema, functions)
    with pytest.raises(QueryRefused, match="'harmful' is not available"):
        check("SELECT harmful(id) FROM orders", schema, functions)
    if dialect == "postgres":
        check("SELECT tools.shout('a'), f.a FROM harmless(1) AS f(a)", schema, functions)
        with pytest.raises(QueryRefused):
            check("SELECT f.pg_read_file FROM harmless(1) AS f", schema, functions)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_lists_of_functions_are_in_lower_case_and_hold_nothing_that_acts(dialect: Dialect) -> None:
    names = scalar(dialect) | in_from(dialect).keys() | telling(dialect).keys()
    assert all(name == name.lower() for name in names)
    acting = {
        *(
            "benchmark",
            "currval",
            "dblink",
            "get_lock",
            "getenv",
            "lastval",
            "last_insert_id",
            "load_extension",
        ),
        *("load_file", "lo_get", "lo_import", "nextval", "pg_advisory_lock", "pg_ls_dir", "pg_notify"),
        *("pg_read_file", "pg_sleep", "pg_terminate_backend", "query_to_xml", "read_csv", "read_text"),
        *("set_config", "setseed", "setval", "sleep", "sleep_ms", "ts_stat", "ts_rewrite", "write_log"),
    }
    assert not acting & names


@pytest.mark.real
def test_importing_the_rules_loads_no_parser() -> None:
    code = (
        "import sys, tao_servers.text2sql.checking, tao_servers.text2sql.functions;"
        "sys.exit('sqlglot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
