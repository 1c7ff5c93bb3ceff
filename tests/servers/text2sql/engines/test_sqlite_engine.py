"""SQLite's engine alone, without the rules before it."""

import hashlib
import sqlite3
import tomllib
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines import Engine, open_engine
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, SetupError
from tao_servers.text2sql.limits import Limits, Rows
from tao_servers.text2sql.stopping import Stop

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


HOSTILE, HONEST = cases("hostile_sqlite.toml"), cases("honest_sqlite.toml")
SLOW = cases("hostile_sqlite.toml", "slow")
STOPS = {
    "time": r"stopped after 0\.05 s",
    "length": r"A value has over [\d,]+ bytes",
    "pattern": r"pattern may have 64 bytes",
}


def run(path: Path, sql: str, limits: Limits | None = None, stop: Stop | None = None, **options: Any) -> Rows:
    return engine_of(path, **options).run(sql, limits or Limits(), stop or Stop())


def engine_of(path: Path, **options: Any) -> Engine:
    return open_engine(Database("x", str(path), **options))


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, phone TEXT);
            INSERT INTO people VALUES (1, 'Li', '13800000000');
            CREATE TABLE wages (person INTEGER REFERENCES people (id), pay REAL);
            CREATE VIEW prefixes AS SELECT substr(phone, 1, 2) AS prefix FROM people;
            """
        )
    return path


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
def test_the_engine_alone_lets_no_hostile_statement_through(case: dict[str, Any], shop: Path) -> None:
    before = state(shop.parent)
    with nullcontext() if case.get("engine") == "runs" else pytest.raises((QueryRefused, QueryFailed)):
        run(shop, case["sql"], Limits(timeout=1.0))
    assert state(shop.parent) == before


@pytest.mark.parametrize("case", HONEST, ids=by_text)
def test_an_honest_statement_passes_the_engine(case: dict[str, Any], shop: Path) -> None:
    rows = run(shop, case["sql"])
    assert rows.rows
    if "first" in case:
        assert rows.rows[0][0] == case["first"]


RUNAWAY = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n ORDER BY i DESC",
    "SELECT count(*) FROM orders a, orders b, orders c, orders d",
]


@pytest.mark.parametrize("sql", RUNAWAY)
def test_a_runaway_statement_is_stopped_by_the_time_limit(sql: str, shop: Path) -> None:
    with pytest.raises(QueryFailed, match=r"stopped after 0\.05 s"):
        run(shop, sql, Limits(timeout=0.05))


@pytest.mark.parametrize("case", SLOW, ids=by_text)
def test_no_single_function_outruns_the_time_limit(case: dict[str, Any], shop: Path) -> None:
    with pytest.raises(QueryFailed, match=STOPS[case["stopped_by"]]):
        run(shop, case["sql"], Limits(timeout=0.05 if case["stopped_by"] == "time" else 10.0))


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
        run(path, f"SELECT {select} FROM texts")
    assert run(path, "SELECT id FROM texts WHERE trim(name) LIKE 'n%'").rows == [[1]]


def test_a_stored_value_within_the_limit_is_read_as_the_message_advises(tmp_path: Path) -> None:
    rows = run(stored(tmp_path, 900_000), "SELECT length(body), substr(body, 1, 3) FROM texts").rows
    assert rows == [[900_000, "aaa"]]


def test_a_statement_too_large_for_the_engine_is_told(shop: Path) -> None:
    searches = " + ".join(["instr(name, city)"] * 500)
    with pytest.raises(QueryFailed, match="too large to run"):
        run(shop, f"SELECT {searches} FROM customers")


def test_a_cancelled_statement_stops(shop: Path) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(QueryFailed, match="was cancelled"):
        run(shop, RUNAWAY[0], Limits(timeout=30.0), stop)


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE s(t) AS (SELECT 'x' UNION ALL SELECT t || t FROM s LIMIT 40) SELECT length(t) FROM s",
        "SELECT group_concat(a.name || b.name) FROM products a, products b",
        "SELECT " + ", ".join(["1"] * 500),
    ],
)
def test_a_result_that_would_fill_the_memory_is_refused(sql: str, shop: Path) -> None:
    with pytest.raises(QueryFailed):
        run(shop, sql)


def test_no_more_rows_are_read_than_the_limit(shop: Path) -> None:
    rows = run(shop, "SELECT id FROM orders ORDER BY id", Limits(max_rows=3))
    assert (rows.rows, rows.more) == ([[1], [2], [3]], True)
    assert not run(shop, "SELECT id FROM orders LIMIT 3", Limits(max_rows=3)).more


@pytest.mark.parametrize(
    "sql", ["SELECT x.id FROM (SELECT total FROM orders) AS x", "SELECT id FROM orders, customers"]
)
def test_what_only_sqlite_can_see_is_told_in_its_words(sql: str, shop: Path) -> None:
    with pytest.raises(QueryFailed, match=r"no such column|ambiguous column"):
        run(shop, sql)


def test_views_and_full_text_can_be_read(odd: Path) -> None:
    for sql, expected in [
        ("SELECT id FROM cheap", 1),
        ("SELECT body FROM notes WHERE notes MATCH 'hello' ORDER BY rank", "hello world"),
        (
            'SELECT j.value FROM "订单 明细" AS d, json_each(d.tags) AS j WHERE d."商品 名称" IS NOT NULL',
            "红",
        ),
        ("SELECT name FROM secrets ORDER BY name", "broken"),
    ]:
        assert run(odd, sql).rows[0][0] == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT phone FROM people",
        "SELECT * FROM people",
        "SELECT name FROM people WHERE phone LIKE '1%'",
        "SELECT (SELECT max(p.phone) FROM people AS p)",
        "SELECT count(phone) FROM people",
        "SELECT name FROM people ORDER BY phone",
        "SELECT pay FROM wages",
        "SELECT count(*) FROM wages",
        "WITH x AS (SELECT phone FROM people) SELECT * FROM x",
        "WITH x AS (SELECT * FROM wages) SELECT * FROM x",
        "WITH prefixes AS (SELECT phone AS prefix FROM people) SELECT * FROM prefixes",
        'WITH "PREFIXES"(prefix) /* */ AS (SELECT phone FROM people) SELECT * FROM prefixes',
        "WITH [prefixes]--\nAS MATERIALIZED (SELECT phone AS prefix FROM people) SELECT * FROM prefixes",
        "WITH x AS (SELECT value FROM json_each(json_array(phone)), people) SELECT * FROM x",
        "SELECT sql FROM sqlite_master",
        "PRAGMA table_info(people)",
        "SELECT * FROM pragma_table_info('people')",
    ],
)
def test_the_engine_itself_withholds_hidden_columns_and_other_tables(people: Path, sql: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        run(people, sql, tables=("people",), hidden=("people.phone",))
    assert refused.value.rule == "engine"
    assert "json_each" in sql or run(people, sql).columns


def test_a_view_may_read_what_is_hidden_when_it_may_itself_be_read(people: Path) -> None:
    restricted: dict[str, Any] = {"tables": ("people", "prefixes"), "hidden": ("people.phone",)}
    assert run(people, "SELECT prefix FROM prefixes", **restricted).rows == [["13"]]
    assert run(people, "SELECT name, count(*) FROM people", **restricted).rows == [["Li", 1]]
    used = "WITH x AS (SELECT prefix FROM prefixes) SELECT count(*) FROM x JOIN prefixes AS p USING (prefix)"
    assert run(people, used, **restricted).rows == [[1]]


def test_nothing_can_be_written_and_that_is_proved(people: Path) -> None:
    before = state(people.parent)
    engine_of(people).prove()
    assert state(people.parent) == before
    with pytest.raises(SetupError, match="does not exist"):
        engine_of(people.with_name("gone.sqlite")).prove()


def test_tables_come_with_types_keys_and_row_counts(people: Path) -> None:
    tables = {table.name: table for table in engine_of(people).tables(Stop())}
    assert list(tables) == ["people", "prefixes", "wages"]
    assert [column.type for column in tables["wages"].columns] == ["INTEGER", "REAL"]
    assert tables["wages"].columns[0].references == "people.id"
    assert (tables["people"].rows, tables["prefixes"].is_view) == (1, True)


@pytest.mark.parametrize(
    ("sql", "low", "high"),
    [
        ("SELECT * FROM orders WHERE id = 3", 1, 10),
        ("SELECT count(*) FROM orders", 5000, 6000),
        ("SELECT count(*) FROM orders a, orders b, orders c", 1e11, 1e12),
        ("SELECT count(*) FROM orders AS a JOIN customers AS b ON a.customer_id = b.id", 5000, 50_000),
        ("SELECT (SELECT count(*) FROM orders x WHERE x.total > o.total) FROM orders o", 1e7, 1e8),
        ("SELECT 1", 0, 2),
    ],
)
def test_the_plan_tells_about_how_many_rows_are_read(shop: Path, sql: str, low: float, high: float) -> None:
    expected = engine_of(shop).expected_rows(sql, Stop())
    assert expected is not None
    assert low <= expected <= high


@pytest.mark.parametrize(("rows", "most"), [(15, 15 * 15), (150_000, 4e6**2)])
def test_numbers_that_leave_most_out_do_not_make_a_table_large(
    tmp_path: Path, rows: int, most: float
) -> None:
    path = tmp_path / "calls.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE calls (phone INTEGER PRIMARY KEY, length)")
        connection.executemany(
            "INSERT INTO calls VALUES (?, 1)", ((13_000_000_000 + 7919 * n,) for n in range(rows))
        )
        connection.commit()
    expected = engine_of(path).expected_rows("SELECT count(*) FROM calls a CROSS JOIN calls b", Stop())
    assert expected is not None
    assert rows**2 <= expected <= most


def test_the_stamp_changes_with_the_file(people: Path) -> None:
    engine = engine_of(people)
    before = engine.stamp()
    assert engine.stamp() == before
    with closing(sqlite3.connect(people)) as connection:
        connection.execute("CREATE TABLE later (" + ", ".join(f"c{n}" for n in range(400)) + ")")
    assert engine.stamp() != before


def test_blobs_infinities_and_broken_text_become_plain_cells(odd: Path) -> None:
    rows = run(odd, 'SELECT photo, price, "商品 名称" FROM "订单 明细" ORDER BY id').rows
    assert rows[0][0] == "<2 bytes>"
    assert rows[1] == [None, "inf", None]
    assert run(odd, "SELECT body FROM texts").rows[0] == ["\ufffdA"]


def test_a_lone_surrogate_is_refused(shop: Path) -> None:
    with pytest.raises(QueryFailed):
        run(shop, "SELECT '\ud800'")
