"""Rules and engine, each alone: hostile.toml must be refused by both, honest.toml must pass both."""

import hashlib
import sqlite3
import tomllib
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.execute import Limits, run_query
from tao_servers.text2sql.schema import Database, Schema, read_schema
from tao_servers.text2sql.validate import check

DOUBLING = (
    "WITH RECURSIVE s(t) AS (SELECT 'a' UNION ALL SELECT t || t FROM s WHERE length(t) < {doubled} LIMIT 30)"
)


def cases(name: str, kind: str = "case") -> list[dict[str, Any]]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)[kind]
    for case in found:
        doubling = DOUBLING.format(doubled=case.get("doubled"))
        case["sql"] = case.get("sql", "").replace("{text}", doubling) * case.get("times", 1)
    return found


def by_text(case: dict[str, Any]) -> str:
    return ascii(case["sql"].removeprefix(DOUBLING.format(doubled=case.get("doubled")))[:60])


HOSTILE, HONEST = cases("hostile.toml"), cases("honest.toml")
SLOW = cases("hostile.toml", "slow")
GROWING = [case["part"] for case in cases("hostile.toml", "growing")]
STOPS = {
    "time": r"stopped after 0\.05 s",
    "length": r"A value has over [\d,]+ bytes",
    "pattern": r"pattern may have 64 bytes",
}


@pytest.fixture
def schema(shop: Path) -> Schema:
    return read_schema(Database(shop))


def stored(folder: Path, size: int) -> Path:
    path = folder / "long.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, name TEXT, body TEXT)")
        connection.execute("INSERT INTO texts VALUES (1, 'name', ?)", ("a" * size,))
        connection.commit()
    return path


def state(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("case", HOSTILE, ids=by_text)
def test_a_hostile_statement_is_refused_by_its_rule(case: dict[str, Any], schema: Schema) -> None:
    with pytest.raises(QueryRefused) as refused:
        check(case["sql"], schema)
    assert refused.value.rule == case["rule"], str(refused.value)
    assert 10 < len(str(refused.value)) < 700


@pytest.mark.parametrize("case", HOSTILE, ids=by_text)
def test_the_engine_alone_lets_no_hostile_statement_through(case: dict[str, Any], shop: Path) -> None:
    before = state(shop.parent)
    with nullcontext() if case.get("engine") == "runs" else pytest.raises((QueryRefused, QueryFailed)):
        run_query(shop, case["sql"], Limits(timeout=1.0))
    assert state(shop.parent) == before


@pytest.mark.parametrize("case", HONEST, ids=by_text)
def test_an_honest_statement_passes_rules_and_engine(
    case: dict[str, Any], schema: Schema, shop: Path
) -> None:
    check(case["sql"], schema)
    rows = run_query(shop, case["sql"])
    assert rows.rows
    if "first" in case:
        assert rows.rows[0][0] == case["first"]


RUNAWAY = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n ORDER BY i DESC",
    "SELECT count(*) FROM orders a, orders b, orders c, orders d",
]


@pytest.mark.parametrize("sql", RUNAWAY)
def test_a_runaway_statement_is_stopped_by_the_time_limit(sql: str, schema: Schema, shop: Path) -> None:
    check(sql, schema)
    with pytest.raises(QueryFailed, match=r"stopped after 0\.05 s"):
        run_query(shop, sql, Limits(timeout=0.05))


@pytest.mark.parametrize("case", SLOW, ids=by_text)
def test_no_single_function_outruns_the_time_limit(case: dict[str, Any], schema: Schema, shop: Path) -> None:
    check(case["sql"], schema)
    with pytest.raises(QueryFailed, match=STOPS[case["stopped_by"]]):
        run_query(shop, case["sql"], Limits(timeout=0.05 if case["stopped_by"] == "time" else 10.0))


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("part", GROWING)
def test_a_statement_that_grows_when_written_out_is_refused(
    part: str, backwards: bool, schema: Schema
) -> None:
    def chain(length: int) -> str:
        parts = ["p0 AS (SELECT id AS x FROM orders)"]
        parts += [f"p{n} AS ({part.format(before=f'p{n - 1}')})" for n in range(1, length + 1)]
        return f"WITH {', '.join(parts[::-1] if backwards else parts)} SELECT count(x) FROM p{length}"

    check(chain(3), schema)
    with pytest.raises(QueryRefused) as refused:
        check(chain(30), schema)
    assert refused.value.rule == "small when written out"


@pytest.mark.parametrize(
    ("size", "select", "said"),
    [
        (
            40_000,
            "instr(body, 'b')",
            r"over 30,000 bytes, the most in a statement with 'instr'.*substr\(column",
        ),
        (70_000, "body LIKE '%b'", r"over 60,000 bytes, the most in a statement with 'like'.*substr\(column"),
        (1_100_000, "body", r"over 1,000,000 bytes: too long even for length\(column\) and substr"),
        (1_100_000, "substr(body, 1, 10)", r"over 1,000,000 bytes: too long even for"),
    ],
)
def test_a_stored_value_that_is_too_long_is_told(tmp_path: Path, size: int, select: str, said: str) -> None:
    path = stored(tmp_path, size)
    with pytest.raises(QueryFailed, match=said):
        run_query(path, f"SELECT {select} FROM texts")
    assert run_query(path, "SELECT id FROM texts WHERE trim(name) LIKE 'n%'").rows == [[1]]


def test_a_stored_value_within_the_limit_is_read_as_the_message_advises(tmp_path: Path) -> None:
    rows = run_query(stored(tmp_path, 900_000), "SELECT length(body), substr(body, 1, 3) FROM texts").rows
    assert rows == [[900_000, "aaa"]]


def test_a_statement_too_large_for_the_engine_is_told(shop: Path) -> None:
    searches = " + ".join(["instr(name, city)"] * 500)
    with pytest.raises(QueryFailed, match="too large to run"):
        run_query(shop, f"SELECT {searches} FROM customers")


def test_a_cancelled_statement_stops(shop: Path) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    with pytest.raises(QueryFailed):
        run_query(shop, RUNAWAY[0], Limits(timeout=30.0), cancelled=cancelled)
    assert asked > 2


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE s(t) AS (SELECT 'x' UNION ALL SELECT t || t FROM s LIMIT 40) SELECT length(t) FROM s",
        "SELECT group_concat(a.name || b.name) FROM products a, products b",
        "SELECT " + ", ".join(["1"] * 500),
    ],
)
def test_a_result_that_would_fill_the_memory_is_refused(sql: str, schema: Schema, shop: Path) -> None:
    check(sql, schema)
    with pytest.raises(QueryFailed):
        run_query(shop, sql)


def test_no_more_rows_are_read_than_the_limit(shop: Path) -> None:
    rows = run_query(shop, "SELECT id FROM orders ORDER BY id", Limits(max_rows=3))
    assert (rows.rows, rows.more) == ([[1], [2], [3]], True)
    assert not run_query(shop, "SELECT id FROM orders LIMIT 3", Limits(max_rows=3)).more


@pytest.mark.parametrize(
    ("sql", "advice"),
    [
        ("SELECT * FROM orders WHERE", "near 'SELECT * FROM orders WHERE'"),
        ("SELECT * FROM oders", "Did you mean 'orders'"),
        ("SELECT * FROM 客户", "Did you mean 'customers'"),
        ("SELECT * FROM invoices", "The tables are: categories, customers"),
        ("SELECT cty FROM customers", "Did you mean 'city'"),
        ("SELECT o.statu FROM orders AS o", "Table 'orders' has no column 'statu'. Did you mean 'status'"),
        ("SELECT name FROM orders", "It is in categories, customers, products: join it"),
        ('SELECT id FROM customers WHERE city = "上海"', "write it in single quotes"),
        ("SELECT year(ordered_at) FROM orders", "strftime"),
        ("DELETE FROM orders", "Only one SELECT"),
    ],
)
def test_a_refusal_says_what_to_write_instead(sql: str, advice: str, schema: Schema) -> None:
    with pytest.raises(QueryRefused) as refused:
        check(sql, schema)
    assert advice in str(refused.value)


@pytest.mark.parametrize(
    "sql", ["SELECT x.id FROM (SELECT total FROM orders) AS x", "SELECT id FROM orders, customers"]
)
def test_what_only_sqlite_can_see_is_told_in_its_words(sql: str, schema: Schema, shop: Path) -> None:
    check(sql, schema)
    with pytest.raises(QueryFailed, match=r"no such column|ambiguous column"):
        run_query(shop, sql)


def test_views_and_full_text_can_be_read_but_not_what_hides_behind_a_view(odd: Path) -> None:
    schema = read_schema(Database(odd))
    for sql, expected in [
        ("SELECT id FROM cheap", 1),
        ("SELECT body FROM notes WHERE notes MATCH 'hello' ORDER BY rank", "hello world"),
        (
            'SELECT j.value FROM "订单 明细" AS d, json_each(d.tags) AS j WHERE d."商品 名称" IS NOT NULL',
            "红",
        ),
    ]:
        check(sql, schema)
        assert run_query(odd, sql).rows[0][0] == expected
    with pytest.raises(QueryRefused):
        run_query(odd, "SELECT * FROM secrets")


def test_blobs_infinities_and_broken_text_become_plain_cells(odd: Path) -> None:
    rows = run_query(odd, 'SELECT photo, price, "商品 名称" FROM "订单 明细" ORDER BY id').rows
    assert rows[0][0] == "<2 bytes>"
    assert rows[1] == [None, "inf", None]
    assert run_query(odd, "SELECT body FROM texts").rows[0] == ["\ufffdA"]


def test_a_lone_surrogate_is_refused_by_rules_and_engine(schema: Schema, shop: Path) -> None:
    with pytest.raises(QueryRefused):
        check("SELECT '\ud800'", schema)
    with pytest.raises(QueryFailed):
        run_query(shop, "SELECT '\ud800'")
