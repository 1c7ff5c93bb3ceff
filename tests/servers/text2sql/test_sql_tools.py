import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult

from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.server import build_server
from tao_servers.text2sql.tools import Databases
from tests.support.sql_server import called, data_of, database_at, size_of, text_of

# Those that answer without a model.
TOOLS: list[tuple[str, dict[str, Any]]] = [
    ("list_tables", {}),
    ("describe_table", {"table": "orders"}),
    ("find_values", {"text": "上海"}),
    ("check_sql", {"sql": "SELECT 1"}),
    ("run_sql", {"sql": "SELECT 1"}),
]


async def call(database: Path | None, tool: str, **arguments: Any) -> CallToolResult:
    return await called(opened(database), tool, **arguments)


def opened(*paths: Path | None, **options: Any) -> Databases:
    return Databases(database_at(path, **options) for path in paths if path)


async def rows_of(database: Path, sql: str) -> dict[str, Any]:
    return data_of(await call(database, "run_sql", sql=sql))


def database_with(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


async def test_list_tables_shows_what_a_small_model_needs_to_write_sql_at_once(shop: Path) -> None:
    reply = await call(shop, "list_tables")
    text = text_of(reply)
    assert "customers (客户, 800 rows): id, name, gender, city, level, registered_on" in text
    assert "orders (订单, 5432 rows): id, customer_id -> customers.id, ordered_at" in text
    assert reply.structured_content is not None
    names = [table["name"] for table in reply.structured_content["tables"]]
    assert names == ["categories", "customers", "order_items", "orders", "products"]
    assert reply.structured_content["tables"][3]["joins"] == ["customer_id -> customers.id"]


async def test_describe_table_shows_types_keys_meanings_and_values(shop: Path) -> None:
    reply = await call(shop, "describe_table", table=" ORDERS ")
    text = text_of(reply)
    assert "- id INTEGER PRIMARY KEY: 订单编号" in text
    assert "- customer_id INTEGER -> customers.id: 下单客户" in text
    assert "- status TEXT: 订单状态; values: " in text
    assert reply.structured_content is not None
    status = next(c for c in reply.structured_content["columns"] if c["name"] == "status")
    assert set(status["values"]) == {"已完成", "已取消", "已退款", "已发货", "待发货"}


@pytest.mark.parametrize(
    ("name", "near"),
    [("order", "orders"), ("订单", "orders"), ("x" * 100_000, "categories"), ("", "categories")],
)
async def test_an_unknown_table_names_the_close_or_all_tables(shop: Path, name: str, near: str) -> None:
    reply = await call(shop, "describe_table", table=name)
    assert reply.is_error
    assert near in text_of(reply)
    assert len(text_of(reply)) < 1000


async def test_run_sql_says_the_same_as_a_table_and_as_data(shop: Path) -> None:
    reply = await call(
        shop, "run_sql", sql="SELECT name, price FROM products WHERE id <= 2 ORDER BY price DESC"
    )
    assert text_of(reply).splitlines() == [
        "| name | price |",
        "| --- | --- |",
        "| iPhone 15 Pro Max | 7999 |",
        "| iPhone 15 Pro | 6999 |",
        "",
        "2 rows.",
    ]
    assert reply.structured_content == {
        "columns": ["name", "price"],
        "rows": [["iPhone 15 Pro Max", 7999.0], ["iPhone 15 Pro", 6999.0]],
        "row_count": 2,
        "cut": False,
    }


async def test_a_statement_in_a_markdown_fence_runs(shop: Path) -> None:
    assert (await rows_of(shop, "```sql\nSELECT count(*) FROM orders;\n```"))["rows"] == [[5432]]


async def test_no_match_and_null_are_told(shop: Path) -> None:
    empty = await rows_of(shop, "SELECT id FROM orders WHERE status = '完成'")
    assert empty["rows"] == []
    assert "describe_table" in empty["note"]
    reply = await call(shop, "run_sql", sql="SELECT NULL AS a, 0.1 + 0.2 AS b")
    assert "| NULL | 0.3 |" in text_of(reply)
    assert reply.structured_content is not None
    assert reply.structured_content["rows"] == [[None, 0.3]]


async def test_a_long_result_is_cut_and_says_how_to_get_the_rest(shop: Path) -> None:
    reply = await call(shop, "run_sql", sql="SELECT * FROM orders ORDER BY id")
    assert reply.structured_content is not None
    shown = reply.structured_content["row_count"]
    assert reply.structured_content["cut"]
    assert 30 < shown == len(reply.structured_content["rows"]) <= 100
    assert f"Cut at {shown} of more than 100 rows: use LIMIT and OFFSET" in text_of(reply)
    assert size_of(reply) < 8000


async def test_the_row_limit_is_a_setting(shop: Path) -> None:
    async with Client(build_server(opened(shop, limits=Limits(max_rows=2)))) as client:
        reply = await client.call_tool("run_sql", {"sql": "SELECT id FROM orders ORDER BY id"})
    assert reply.structured_content is not None
    assert reply.structured_content["rows"] == [[1], [2]]


async def test_long_texts_are_cut_so_that_rows_have_room(odd: Path) -> None:
    reply = await call(odd, "run_sql", sql="SELECT body FROM texts")
    assert reply.structured_content is not None
    assert reply.structured_content["row_count"] >= 10
    assert "substr" in reply.structured_content["note"]
    assert size_of(reply) < 8000
    one = await rows_of(odd, "SELECT body FROM texts WHERE body LIKE '7%'")
    assert len(one["rows"][0][0]) >= 2000


async def test_a_bar_or_a_line_break_in_a_cell_does_not_break_the_table(odd: Path) -> None:
    reply = await call(odd, "run_sql", sql='SELECT "商品 名称" FROM "订单 明细" WHERE id = 1')
    assert "| 铅笔\\|红 色 |" in text_of(reply)


async def test_a_row_too_wide_for_any_reader_is_refused(shop: Path) -> None:
    wide = ", ".join(f"printf('%100s', {n}) AS {'c' * 30}{n}" for n in range(150))
    reply = await call(shop, "run_sql", sql=f"SELECT {wide}")
    assert reply.is_error
    assert "select fewer columns" in text_of(reply)


@pytest.mark.parametrize("tables", [60, 3000])
async def test_many_tables_stay_short(tmp_path: Path, tables: int) -> None:
    columns = ", ".join(f"column_{n} INTEGER" for n in range(20))
    script = "".join(f"CREATE TABLE table_{n:05} ({columns});" for n in range(tables))
    path = database_with(tmp_path / "many.sqlite", f"BEGIN; {script} COMMIT;")
    reply = await call(path, "list_tables")
    assert "table_00001" in text_of(reply)
    assert "describe_table" in text_of(reply)
    assert size_of(reply) < 8000
    assert not (await call(path, "describe_table", table=f"table_{tables - 1:05}")).is_error


async def test_a_table_of_many_columns_stays_short(tmp_path: Path) -> None:
    columns = ", ".join(f"a_rather_long_column_name_{n} TEXT" for n in range(1500))
    path = database_with(tmp_path / "wide.sqlite", f"CREATE TABLE wide ({columns})")
    reply = await call(path, "describe_table", table="wide")
    assert "a_rather_long_column_name_0" in text_of(reply)
    assert "more columns are not shown" in text_of(reply)
    assert size_of(reply) < 8000


async def test_a_changed_database_is_read_again(tmp_path: Path) -> None:
    path = database_with(tmp_path / "x.sqlite", "CREATE TABLE a (id)")
    async with Client(build_server(opened(path))) as client:
        assert "a (0 rows): id" in text_of(await client.call_tool("list_tables", {}))
        database_with(path, "CREATE TABLE b (id); INSERT INTO a VALUES (1);" + "-- \n" * 10)
        text = text_of(await client.call_tool("list_tables", {}))
    assert "a (1 rows): id\nb (0 rows): id" in text


@pytest.mark.parametrize(("tool", "arguments"), TOOLS)
async def test_without_a_database_each_tool_says_how_to_name_one(
    tool: str, arguments: dict[str, Any]
) -> None:
    reply = await call(None, tool, **arguments)
    assert reply.is_error
    assert "--database PATH_OR_URL" in text_of(reply)
    assert "[text2sql.databases.NAME]" in text_of(reply)


@pytest.mark.parametrize(("tool", "arguments"), TOOLS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"id,name\n1,x\n" * 100, "not a SQLite 3 database"),
        (b"SQLite format 3\x00" + b"\xff" * 5000, "cannot be read"),
    ],
)
async def test_a_file_that_is_no_database_is_named(
    tmp_path: Path, content: bytes | None, said: str, tool: str, arguments: dict[str, Any]
) -> None:
    path = tmp_path / "x?#% 数据.sqlite"
    if content is not None:
        path.write_bytes(content)
    reply = await call(path, tool, **arguments)
    assert reply.is_error
    assert said in text_of(reply)
    assert "数据.sqlite" in text_of(reply)


async def test_a_folder_without_data_is_no_database(tmp_path: Path) -> None:
    reply = await call(tmp_path, "list_tables")
    assert reply.is_error
    assert str(tmp_path) in text_of(reply)


async def test_a_name_with_odd_characters_is_opened(shop: Path) -> None:
    path = shop.with_name("a?mode=rwc#% 数据.sqlite")
    shutil.copy(shop, path)
    assert (await rows_of(path, "SELECT count(*) FROM orders"))["rows"] == [[5432]]


@pytest.mark.parametrize(
    "comments",
    [
        b"\xff\xfe\x00",
        b"tables: [1, 2]",
        b"tables: {orders: text}",
        b"just text",
        b"tables: {orders: {columns: {id: [1]}}}",
        b"{{{",
        b"!!python/object/apply:os.system ['true']",
        b"[" * 2000,
    ],
)
async def test_a_wrong_comments_file_is_named_with_its_form(shop: Path, comments: bytes) -> None:
    shop.with_suffix(".yaml").write_bytes(comments)
    reply = await call(shop, "list_tables")
    assert reply.is_error
    assert "shop.yaml" in text_of(reply)
    assert "tables: {orders:" in text_of(reply)


@pytest.mark.parametrize("comments", [None, "", "tables:\n", "tables: {gone: {comment: x, columns: {y: z}}}"])
async def test_a_database_without_comments_is_read(shop: Path, comments: str | None) -> None:
    shop.with_suffix(".yaml").unlink()
    if comments is not None:
        shop.with_suffix(".yaml").write_text(comments, encoding="utf-8")
    assert "orders (5432 rows): id" in text_of(await call(shop, "list_tables"))


async def test_views_are_listed_and_broken_ones_left_out(odd: Path) -> None:
    text = text_of(await call(odd, "list_tables"))
    assert "cheap (1 rows): id" in text
    assert "broken" not in text
    assert "notes_data" not in text


async def test_refusals_reach_the_model_with_the_valid_names(shop: Path) -> None:
    reply = await call(shop, "run_sql", sql="SELECT cty FROM customers")
    assert reply.is_error
    assert "Did you mean 'city'" in text_of(reply)


async def test_cancelling_the_call_stops_the_statement(shop: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with anyio.fail_after(20):
        async with Client(build_server(opened(shop, limits=Limits(timeout=600.0)))) as client:
            with anyio.move_on_after(0.3):
                await client.call_tool("run_sql", {"sql": endless})


async def test_the_tools_are_short_and_say_that_they_only_read(shop: Path) -> None:
    async with Client(build_server(opened(shop))) as client:
        tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == [*(name for name, _ in TOOLS), "ask_database"]
    for tool in tools:
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert tool.annotations.idempotent_hint
        assert tool.annotations.open_world_hint is False
        assert tool.output_schema is not None
    shown = [tool.name + (tool.description or "") + json.dumps(tool.input_schema) for tool in tools]
    # Six at some 600 each. All but two are secondary, so that a small model is shown those two alone.
    assert len("".join(shown)) < 3600


@pytest.mark.real
async def test_the_server_answers_over_stdio(shop: Path) -> None:
    arguments = ["-m", "tao_servers.text2sql", "--database", str(shop)]
    with anyio.fail_after(60):
        async with Client(StdioServerParameters(command=sys.executable, args=arguments)) as client:
            replies = [await client.call_tool(tool, arguments) for tool, arguments in TOOLS]
    assert [reply.is_error for reply in replies] == [False] * len(TOOLS)
    assert "orders (订单, 5432 rows)" in text_of(replies[0])


@pytest.mark.real
async def test_the_server_starts_without_a_database(tmp_path: Path) -> None:
    process = StdioServerParameters(command=sys.executable, args=["-m", "tao_servers.text2sql"], cwd=tmp_path)
    with anyio.fail_after(60):
        async with Client(process) as client:
            reply = await client.call_tool("list_tables", {})
    assert "--database PATH_OR_URL" in text_of(reply)
