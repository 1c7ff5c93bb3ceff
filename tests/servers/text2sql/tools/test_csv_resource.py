import csv
import io
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import anyio
import pytest
from mcp import Client, MCPError
from mcp.types import INVALID_PARAMS, TextResourceContents

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.server import build_server
from tao_servers.text2sql.tools import Databases
from tao_servers.text2sql.tools.resources import csv_uri
from tests.support.sql_server import database_at

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@asynccontextmanager
async def served(*databases: Database) -> AsyncIterator[Client]:
    with Databases(databases) as opened:
        server = build_server(opened)
        async with Client(server) as client:
            yield client


async def page(client: Client, uri: str | None) -> TextResourceContents:
    assert uri is not None
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    return content


async def refused(path: Path, uri: str) -> tuple[int, str]:
    async with served(database_at(path)) as client:
        with pytest.raises(MCPError) as failed:
            await client.read_resource(uri)
    return failed.value.error.code, failed.value.error.message


async def test_all_rows_come_page_by_page(shop: Path) -> None:
    rows: list[list[str]] = []
    async with served(database_at(shop)) as client:
        uri = csv_uri("shop", "SELECT id, status FROM orders ORDER BY id")
        pages = 0
        while uri is not None:
            content = await page(client, uri)
            header, *further = csv.reader(io.StringIO(content.text, newline=""))
            assert (header, content.mime_type) == (["id", "status"], "text/csv")
            rows += further
            uri, pages = (content.meta or {}).get("tao/next"), pages + 1
    assert [int(row[0]) for row in rows] == list(range(1, 5433))
    assert pages == 11


async def test_the_template_tells_a_host_how_to_page(shop: Path) -> None:
    async with served(database_at(shop)) as client:
        templates = (await client.list_resource_templates()).resource_templates
    (template,) = [one for one in templates if one.name == "rows"]
    assert template.uri_template == "text2sql://{database}/{statement}/rows.csv{?cursor}"
    assert "tao/next" in (template.description or "")


async def test_names_of_databases_and_texts_in_any_script_come_through(shop: Path, odd: Path) -> None:
    databases = [Database("商店 A/b", str(shop)), Database("Odd", str(odd))]
    async with served(*databases) as client:
        sql = "SELECT city FROM customers WHERE city = '上海' LIMIT 1"
        assert (await page(client, csv_uri("商店 A/b", sql))).text == "city\r\n上海\r\n"
        sql = 'SELECT "商品 名称", price, photo FROM "订单 明细" WHERE id = 1'
        text = (await page(client, csv_uri("Odd", sql))).text
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == [
        "铅笔|红\n            色",
        "0.3",
        "<2 bytes>",
    ]


async def test_values_are_quoted_and_formulas_disarmed(tmp_path: Path) -> None:
    path = tmp_path / "odd.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a TEXT, n REAL)")
        cells = ['a "b", c', "=1+1", "-12.50", "+86 138", "@x", "\tx", "x\r\ny", "", None]
        connection.executemany("INSERT INTO t VALUES (?, -5)", [(cell,) for cell in cells])
        connection.commit()
    async with served(database_at(path)) as client:
        text = (await page(client, csv_uri("odd", "SELECT a, n FROM t ORDER BY rowid"))).text
    assert text.endswith("\r\n")
    assert not text.startswith("\ufeff")
    assert '"a ""b"", c",-5\r\n' in text
    read = [row[0] for row in csv.reader(io.StringIO(text, newline=""))]
    assert read == ["a", 'a "b", c', "'=1+1", "-12.50", "'+86 138", "'@x", "'\tx", "x\r\ny", "", ""]


async def test_long_rows_make_short_pages_and_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "long.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)")
        connection.executemany("INSERT INTO t (a) VALUES (?)", [("长" * 25_000,)] * 5)
        connection.commit()
    uri, lengths = csv_uri("long", "SELECT a FROM t ORDER BY id"), []
    async with served(database_at(path)) as client:
        while uri is not None:
            content = await page(client, uri)
            lengths.append(content.text.count("长"))
            uri = (content.meta or {}).get("tao/next")
    assert lengths == [50_000, 50_000, 25_000]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM orders", "read-only"),
        ("SELECT 1; DROP TABLE orders", "exactly one statement"),
        ("SELECT * FROM nothing", "There is no table 'nothing'"),
        ("SELECT load_extension('x')", "load_extension"),
        ("PRAGMA table_info(orders)", "Only the rows of a SELECT"),
        ("EXPLAIN SELECT 1", "Only the rows of a SELECT"),
        ("no SQL", ""),
    ],
)
async def test_the_statement_of_an_address_passes_the_rules_again(shop: Path, sql: str, said: str) -> None:
    uri = csv_uri("shop", sql)
    assert uri is not None
    code, message = await refused(shop, uri)
    assert code == INVALID_PARAMS
    assert said in message


@pytest.mark.parametrize(
    "cursor", ["-1", "x", "1e3", "٣", "", "999999999999999999999", "200000", "1.0", "%00"]
)
async def test_what_is_no_cursor_is_refused(shop: Path, cursor: str) -> None:
    uri = csv_uri("shop", "SELECT 1")
    code, message = await refused(shop, f"{uri}?cursor={cursor}")
    assert code == INVALID_PARAMS
    assert "cursor" in message or "Unknown resource" in message


async def test_a_cursor_beyond_the_end_says_how_many_rows_there_are(shop: Path) -> None:
    uri = csv_uri("shop", "SELECT id FROM categories", 5000)
    assert uri is not None
    code, message = await refused(shop, uri)
    assert code == INVALID_PARAMS
    assert "There is no page after 5,000 rows. There are " in message


@pytest.mark.parametrize("statement", ["@@@", "x", "_w", "", "a" * 5_000, "IA", "%2e%2e%2f", "AAAA"])
async def test_what_is_no_statement_is_refused(shop: Path, statement: str) -> None:
    code, _ = await refused(shop, f"text2sql://shop/{statement}/rows.csv")
    assert code == INVALID_PARAMS


async def test_an_unknown_database_is_named_with_those_that_there_are(shop: Path, odd: Path) -> None:
    uri = csv_uri("Shopp", "SELECT 1")
    assert uri is not None
    async with served(database_at(shop), database_at(odd)) as client:
        with pytest.raises(MCPError, match="Did you mean 'shop'"):
            await client.read_resource(uri)


async def test_an_empty_result_is_a_header(shop: Path) -> None:
    async with served(database_at(shop)) as client:
        content = await page(client, csv_uri("shop", "SELECT id FROM orders WHERE id < 0"))
    assert content.text == "id\r\n"
    assert "tao/next" not in (content.meta or {})


async def test_the_time_limit_of_queries_holds_for_pages_too(shop: Path) -> None:
    uri = csv_uri("shop", ENDLESS)
    assert uri is not None
    with anyio.fail_after(30):
        async with served(database_at(shop, limits=Limits(timeout=0.3))) as client:
            with pytest.raises(MCPError, match=r"0\.3 s"):
                await client.read_resource(uri)


def test_a_statement_too_long_for_an_address_has_none() -> None:
    assert csv_uri("shop", f"SELECT '{'长' * 600}'") is None
    assert csv_uri("shop", "  ") is None
    longest = csv_uri("shop", f"SELECT '{'x' * 1_400}'")
    assert longest is not None
    assert len(longest) < 2_100
