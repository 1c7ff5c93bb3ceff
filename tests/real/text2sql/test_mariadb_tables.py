from collections.abc import Iterator

import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.mysql import MysqlEngine
from tao_servers.text2sql.errors import QueryFailed
from tao_servers.text2sql.schema import Schema, Table
from tao_servers.text2sql.stopping import Stop
from tests.support.mariadb_server import MISSING, MariadbServer, has_mariadb, mariadb_server

pytestmark = [pytest.mark.real, pytest.mark.skipif(not has_mariadb(), reason=MISSING)]

_MANY = ", ".join(f"'value{number}'" for number in range(200))


@pytest.fixture(scope="module")
def server() -> Iterator[MariadbServer]:
    with mariadb_server() as server:
        server.admin("CREATE DATABASE shop", "CREATE DATABASE sales_eu", "CREATE DATABASE private")
        server.admin(
            "CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(50) NOT NULL COMMENT '姓名')"
            " COMMENT '客户'",
            "CREATE TABLE orders (id BIGINT UNSIGNED, line INT, customer_id INT, status ENUM('已付', '待发'),"
            f" kind ENUM({_MANY}), price DECIMAL(65, 30), place POINT, flags BIT(8), data JSON, old YEAR,"
            " PRIMARY KEY (id, line), FOREIGN KEY (customer_id) REFERENCES customers (id))",
            "CREATE TABLE sales_eu.bills (id INT PRIMARY KEY, customer_id INT,"
            " FOREIGN KEY (customer_id) REFERENCES shop.customers (id))",
            "CREATE TABLE `订单 明细` (`商品.名称` TEXT, `back``tick` INT)",
            "CREATE TABLE latin (a VARCHAR(10)) CHARACTER SET latin1",
            "CREATE VIEW cheap AS SELECT id, status FROM orders WHERE price < 5",
            "CREATE TABLE gone (a INT)",
            "CREATE VIEW broken AS SELECT * FROM gone",
            "DROP TABLE gone",
            "CREATE SEQUENCE numbers",
            "CREATE TABLE big AS SELECT seq AS a, seq AS b FROM seq_1_to_20000",
            "CREATE TABLE keyed (a INT PRIMARY KEY)",
            "INSERT INTO keyed SELECT seq FROM seq_1_to_20000",
            "CREATE TABLE private.secret (a INT)",
            "ANALYZE TABLE big, keyed",
            database="shop",
        )
        server.reader("shop", "GRANT SELECT ON shop.* TO reader", "GRANT SELECT ON sales_eu.* TO reader")
        yield server


def _engine(server: MariadbServer, *schemas: str) -> MysqlEngine:
    return MysqlEngine(
        Database("shop", server.url("shop", user="reader", password="geheim"), schemas=schemas)
    )


@pytest.fixture
def engine(server: MariadbServer) -> Iterator[MysqlEngine]:
    engine = _engine(server)
    yield engine
    engine.close()


def _by_name(tables: list[Table]) -> dict[str, Table]:
    return {table.full_name: table for table in tables}


def test_tables_have_types_keys_comments_and_counts(engine: MysqlEngine) -> None:
    tables = _by_name(engine.tables(Stop()))
    customers, orders = tables["customers"], tables["orders"]
    assert customers.comment == "客户"
    assert customers.columns[1].comment == "姓名"
    assert not customers.columns[1].nullable
    assert [column.name for column in orders.columns if column.primary_key] == ["id", "line"]
    types = {column.name: column.type for column in orders.columns}
    assert types["status"] == "enum('已付','待发')"
    assert types["kind"].startswith("enum('value0',")
    assert len(types["kind"]) < 310
    assert types["price"] == "decimal(65,30)"
    assert types["place"] == "point"
    assert {c.name: c.references for c in orders.columns if c.references} == {"customer_id": "customers.id"}
    assert 15_000 < (tables["big"].rows or 0) < 25_000
    assert all(table.schema is None for table in tables.values())


def test_views_are_told_from_tables_and_broken_ones_left_out(engine: MysqlEngine) -> None:
    tables = _by_name(engine.tables(Stop()))
    assert tables["cheap"].is_view
    assert tables["cheap"].rows is None
    assert tables["cheap"].comment is None
    assert "broken" not in tables
    assert "numbers" not in tables
    assert list(tables) == sorted(tables)


def test_names_may_be_chinese_with_spaces_dots_and_back_quotes(engine: MysqlEngine) -> None:
    table = _by_name(engine.tables(Stop()))["订单 明细"]
    assert [column.name for column in table.columns] == ["商品.名称", "back`tick"]


def test_further_databases_are_read_only_when_they_are_named(server: MariadbServer) -> None:
    engine = _engine(server, "SALES_*", "private", "mysql")
    tables = engine.tables(Stop())
    engine.close()
    bills = _by_name(tables)["sales_eu.bills"]
    assert bills.columns[1].references == "customers.id"
    assert {table.schema for table in tables} == {None, "sales_eu"}
    schema = Schema(tuple(tables), dialect="mysql", home=engine.home)
    assert schema.table("customers", "shop") is not None


def test_an_account_without_rights_on_a_table_does_not_see_it(server: MariadbServer) -> None:
    address = server.reader("shop", "GRANT SELECT (id) ON shop.customers TO one", user="one")
    engine = MysqlEngine(Database("shop", address))
    (table,) = engine.tables(Stop())
    engine.close()
    assert [column.name for column in table.columns] == ["id"]


def test_reading_tables_can_be_cancelled(engine: MysqlEngine) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(QueryFailed, match="cancelled"):
        engine.tables(stop)


@pytest.mark.parametrize(
    ("sql", "least", "most"),
    [
        ("SELECT * FROM big x, big y, big z", 1e12, 1e13),
        ("SELECT * FROM keyed WHERE a = 7", 1, 1),
        ("SELECT * FROM big JOIN keyed ON big.a = keyed.a", 3e4, 5e4),
        ("SELECT a, (SELECT max(b) FROM big WHERE big.b = keyed.a) FROM keyed", 1e8, 1e9),
        ("SELECT * FROM big UNION SELECT * FROM big", 3e4, 5e4),
        (
            "SELECT count(*) FROM (SELECT a, max(b) FROM big GROUP BY a) d JOIN keyed ON keyed.a = d.a",
            3e4,
            1e5,
        ),
        (
            "WITH RECURSIVE r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r WHERE n < 9) SELECT * FROM r",
            1,
            100,
        ),
        ("SELECT 1 -- nothing", 1, 1),
    ],
)
def test_a_plan_tells_about_how_many_rows_are_read(
    engine: MysqlEngine, sql: str, least: float, most: float
) -> None:
    rows = engine.expected_rows(sql, Stop())
    assert rows is not None
    assert least <= rows <= most


def test_a_plan_that_may_not_be_seen_is_unknown(engine: MysqlEngine) -> None:
    # The account of these tests lacks SHOW VIEW.
    assert engine.expected_rows("SELECT * FROM cheap", Stop()) is None
    assert engine.expected_rows("SHOW TABLES", Stop()) is None


def test_a_plan_of_a_wrong_statement_says_what_is_wrong(engine: MysqlEngine) -> None:
    with pytest.raises(QueryFailed, match="Unknown column 'nope'"):
        engine.expected_rows("SELECT nope FROM big", Stop())
