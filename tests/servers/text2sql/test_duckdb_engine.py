"""DuckDB files through the engine: what may be read, what is refused, and how results look."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.duckdb import DuckdbEngine
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, SetupError
from tao_servers.text2sql.limits import Cell, Limits
from tao_servers.text2sql.stopping import Stop

_SETUP = """
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL, feels mood,
    home STRUCT(street VARCHAR, floor INTEGER));
CREATE TABLE orders (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id), amount DECIMAL(10, 2));
CREATE SCHEMA 销售;
CREATE TABLE 销售.订单 (编号 INTEGER);
CREATE VIEW big AS SELECT * FROM orders WHERE amount > 100;
COMMENT ON TABLE people IS '客户';
COMMENT ON COLUMN people.name IS '姓名';
INSERT INTO people VALUES (1, 'Ann', 'glad', NULL), (2, '张伟', NULL, {'street': 'x', 'floor': 2});
INSERT INTO orders VALUES (1, 1, 99.50), (2, 2, 250);
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("duckdb") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(_SETUP)
    return path


@pytest.fixture(scope="module")
def engine(path: Path) -> Iterator[DuckdbEngine]:
    engine = DuckdbEngine(Database("shop", f"duckdb:///{path}"))
    yield engine
    engine.close()


def _rows(engine: DuckdbEngine, sql: str, limits: Limits | None = None) -> list[list[Cell]]:
    return engine.run(sql, limits or Limits(), Stop()).rows


def test_it_proves_that_nothing_can_be_written(engine: DuckdbEngine, path: Path) -> None:
    before = path.read_bytes()
    engine.prove()
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["shop.duckdb"]


def test_tables_come_with_comments_keys_types_and_rows(engine: DuckdbEngine) -> None:
    found = {table.full_name: table for table in engine.tables(Stop())}
    assert list(found) == ["big", "orders", "people", "销售.订单"]
    people = found["people"]
    assert (people.comment, people.rows, people.schema, people.is_view) == ("客户", 2, None, False)
    assert [(c.name, c.type, c.primary_key, c.nullable, c.comment) for c in people.columns] == [
        ("id", "INTEGER", True, False, None),
        ("name", "VARCHAR", False, False, "姓名"),
        ("feels", "ENUM('glad', 'sad')", False, True, None),
        ("home", "STRUCT(street VARCHAR, floor INTEGER)", False, True, None),
    ]
    person = found["orders"].column("person")
    assert person is not None
    assert person.references == "people.id"
    assert (found["big"].is_view, found["big"].rows) == (True, None)
    assert found["销售.订单"].schema == "销售"


def test_a_long_type_is_cut(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "wide.duckdb")) as connection:
        fields = ", ".join(f"field_{number} VARCHAR" for number in range(50))
        connection.execute(f"CREATE TABLE wide (it STRUCT({fields}))")
    engine = DuckdbEngine(Database("wide", str(tmp_path / "wide.duckdb")))
    try:
        [table] = engine.tables(Stop())
    finally:
        engine.close()
    assert len(table.columns[0].type) == 60


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("1.50::DECIMAL(5, 2)", 1.5),
        ("170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"),
        ("TIMESTAMPTZ '2024-01-05 10:00:00+00'", "2024-01-05 10:00:00+00"),
        ("'10:00:00+08'::TIMETZ", "10:00:00+08"),
        ("TIMESTAMP_NS '2024-01-01 00:00:00.123456789'", "2024-01-01 00:00:00.123456789"),
        ("INTERVAL 3 MONTH", "3 months"),
        ("DATE '2024-01-05'", "2024-01-05"),
        ("'infinity'::DATE", "infinity"),
        ("'0044-03-15 (BC)'::DATE", "0044-03-15 (BC)"),
        ("'-infinity'::TIMESTAMP", "-infinity"),
        ("TIME '24:00:00'", "24:00:00"),
        ("'nan'::DOUBLE", "nan"),
        ("'ab'::BLOB", "<2 bytes>"),
        ("'0101'::BIT", "0101"),
        ("'6ccd780c-baba-1026-9564-5b8c656024db'::UUID", "6ccd780c-baba-1026-9564-5b8c656024db"),
        ("{'a': 1, 'b': [1, NULL]}", '{"a": 1, "b": [1, null]}'),
        ("[DATE '2024-01-05']", '["2024-01-05"]'),
        ("{'at': INTERVAL 1 MONTH}", '{"at":"1 month"}'),
        ("map {'k': 2}", '{"k": 2}'),
        ("'{\"a\": 1}'::JSON", '{"a": 1}'),
        ("true", True),
        ("NULL", None),
        ("'中文' || chr(10)", "中文\n"),
    ],
)
def test_values_of_every_type_can_be_shown(engine: DuckdbEngine, expression: str, shown: Cell) -> None:
    assert _rows(engine, f"SELECT {expression} AS value, 1 AS value") == [[shown, 1]]


def test_order_and_names_stay_when_times_are_shown_as_text(engine: DuckdbEngine) -> None:
    found = engine.run(
        'SELECT DATE \'2024-01-01\' + x::INTEGER AS "a ""day""", -x AS x FROM range(3) t(x) ORDER BY x;--完',
        Limits(),
        Stop(),
    )
    assert found.columns == ['a "day"', "x"]
    assert found.rows == [["2024-01-03", -2], ["2024-01-02", -1], ["2024-01-01", 0]]


def test_a_pivot_by_month_is_run(engine: DuckdbEngine) -> None:
    sql = (
        "PIVOT (SELECT DATE '2024-01-01' AS month, * FROM orders) ON person USING sum(amount) GROUP BY month"
    )
    assert _rows(engine, sql) == [["2024-01-01", 99.5, 250.0]]


def test_rows_cells_and_columns_are_bounded(engine: DuckdbEngine) -> None:
    found = engine.run(
        "SELECT x, repeat('é', 50) FROM range(10000000) t(x)", Limits(max_rows=2, max_cell=3), Stop()
    )
    assert (found.rows, found.more) == ([[0, "ééé… (50 characters)"], [1, "ééé… (50 characters)"]], True)
    with pytest.raises(QueryFailed, match="at most 200"):
        _rows(engine, f"SELECT {', '.join('1' for _ in range(201))}")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("", "no statement"),
        ("-- nothing", "no statement"),
        ("SELEC 1", "syntax error"),
        ("SELECT nme FROM people", "nme"),
        ("SELECT * FROM peeple", "people"),
        ("SELECT ?", "placeholder"),
        ("SELECT 1 \x00 2", "syntax error"),
        ("SELECT 'a'::INTEGER", "Could not convert"),
    ],
)
def test_a_wrong_statement_says_what_is_wrong(engine: DuckdbEngine, sql: str, said: str) -> None:
    with pytest.raises(QueryFailed, match=said):
        _rows(engine, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; SELECT 2",
        "SELECT '\ud800'",
        "SELECT 1" + " " * 1_000_000,
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    ],
    ids=["two statements", "no Unicode", "too long", "too deep"],
)
def test_what_is_no_usual_statement_gets_an_error(engine: DuckdbEngine, sql: str) -> None:
    with pytest.raises((QueryFailed, QueryRefused)):
        _rows(engine, sql)
    assert _rows(engine, "SELECT 1") == [[1]]


def test_nothing_of_one_call_is_left_for_the_next(engine: DuckdbEngine) -> None:
    _rows(engine, "PIVOT orders ON person USING sum(amount)")
    found = _rows(
        engine, "SELECT count(*) FROM duckdb_types() WHERE schema_name = 'temp' OR type_name LIKE '__pivot%'"
    )
    assert found == [[0]]


def test_the_plan_tells_how_many_rows_to_expect(engine: DuckdbEngine) -> None:
    crossed = "SELECT * FROM range(1000000) a, range(1000000) b"
    assert engine.expected_rows("SELECT * FROM people", Stop()) == 2
    assert (engine.expected_rows(crossed, Stop()) or 0) >= 1e12
    assert (engine.expected_rows(f"EXPLAIN {crossed}", Stop()) or 0) >= 1e12
    assert engine.expected_rows("DELETE FROM people", Stop()) is None
    with pytest.raises(QueryFailed, match="nme"):
        engine.expected_rows("SELECT nme FROM people", Stop())


def test_a_query_that_is_too_slow_is_stopped(engine: DuckdbEngine) -> None:
    with pytest.raises(QueryFailed, match=r"stopped after 0\.2 s"):
        _rows(engine, "SELECT count(*) FROM range(10000000000) a, range(1000) b", Limits(timeout=0.2))
    assert _rows(engine, "SELECT 1") == [[1]]


def test_a_running_query_can_be_cancelled(engine: DuckdbEngine) -> None:
    stop = Stop()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    with pytest.raises(QueryFailed, match="cancelled"):
        engine.run("SELECT count(*) FROM range(10000000000) a, range(1000) b", Limits(timeout=60), stop)
    timer.join()
    with pytest.raises(QueryFailed, match="cancelled"):
        engine.run("SELECT 1", Limits(), stop)


@pytest.mark.real
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT length(repeat('x', 1900000000))",
        "SELECT len(range(300000000))",
        "SELECT len(list_distinct(range(50000000)))",
        "SELECT levenshtein(repeat('a', 300000), repeat('b', 300000))",
        "SELECT list(x) FROM range(1000000000) t(x)",
        "SELECT repeat('x', 500000000) FROM range(5)",
    ],
)
def test_one_long_step_or_a_huge_value_ends_as_well(engine: DuckdbEngine, sql: str) -> None:
    with pytest.raises(QueryFailed, match=r"stopped|memory"):
        _rows(engine, sql, Limits(timeout=0.5))
    assert _rows(engine, "SELECT 1") == [[1]]


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "live.duckdb"
    engine = DuckdbEngine(Database("live", str(path)))
    try:
        stamps = []
        for number in (1, 2):
            with duckdb.connect(str(path)) as connection:
                connection.execute(f"CREATE OR REPLACE TABLE t AS SELECT {number} AS a")
            stamps.append(engine.stamp())
            assert _rows(engine, "SELECT a FROM t") == [[number]]
        assert stamps[0] != stamps[1]
        path.unlink()
        assert engine.stamp() is None
        with pytest.raises(SetupError, match="does not exist"):
            engine.run("SELECT 1", Limits(), Stop())
    finally:
        engine.close()


@pytest.mark.real
def test_a_file_that_another_program_writes_to_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "held.duckdb"
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    engine = DuckdbEngine(Database("held", str(path)))
    try:
        with subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline().strip() == b"held"
            with pytest.raises(SetupError, match="open for writing"):
                engine.prove()
            writer.communicate()
        engine.prove()
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.duckdb", None, "does not exist"),
        ("empty.duckdb", b"", "is empty"),
        ("text.duckdb", b"nothing of the kind", "no DuckDB database"),
        ("cut.duckdb", b"\x00" * 8 + b"DUCK" + b"\x40" * 100, "cannot be opened"),
    ],
)
def test_a_file_that_is_no_database_is_refused(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    engine = DuckdbEngine(Database("bad", f"duckdb:///{tmp_path / name}"))
    try:
        with pytest.raises(SetupError, match=said):
            engine.prove()
    finally:
        engine.close()


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(SetupError, match="in memory"):
        DuckdbEngine(Database("memory", "duckdb:///:memory:")).prove()


def test_names_are_quoted(engine: DuckdbEngine) -> None:
    assert engine.quoted('a"b') == '"a""b"'
    assert engine.dialect == "duckdb"


def test_a_closed_engine_says_so(path: Path) -> None:
    engine = DuckdbEngine(Database("shop", str(path)))
    engine.prove()
    engine.close()
    with pytest.raises(QueryFailed, match="closed"):
        engine.run("SELECT 1", Limits(), Stop())


def test_several_statements_run_at_once(engine: DuckdbEngine) -> None:
    found: list[list[list[Cell]]] = []
    threads = [
        threading.Thread(target=lambda: found.append(_rows(engine, "SELECT sum(x) FROM range(1000) t(x)")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[[499500]]] * 4
