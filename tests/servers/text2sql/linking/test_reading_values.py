"""Values read from a real SQLite file through its engine, and literals that cannot end early."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines import Engine, open_engine
from tao_servers.text2sql.linking import ColumnValues, ValueIndex, look_up, read_values
from tao_servers.text2sql.linking.literals import containing, text_literal
from tao_servers.text2sql.schema import Dialect, Schema
from tao_servers.text2sql.stopping import Stop


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    path = tmp_path / "odd.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE "订单 明细" (id INTEGER PRIMARY KEY, "状 态" TEXT, note TEXT, free);
            CREATE TABLE many (name TEXT);
            CREATE TABLE broken_text (a TEXT, b TEXT);
            INSERT INTO broken_text VALUES (cast(x'ff41' AS TEXT), 'whole');
            CREATE TABLE hidden_away (secret TEXT);
            INSERT INTO hidden_away VALUES ('hidden');
            CREATE VIEW gone AS SELECT name FROM nowhere;
            """
        )
        rows = [
            ("已完成", "x" * 500, "自由"),
            ("已取消", "100%_sure!", None),
            ("已完成", "it's 'quoted' \\ ok", ""),
        ]
        connection.executemany('INSERT INTO "订单 明细" ("状 态", note, free) VALUES (?, ?, ?)', rows)
        connection.executemany(
            "INSERT INTO many VALUES (?)", [(f"name {number:05}",) for number in range(3_000)]
        )
        connection.commit()
    return open_engine(Database("odd", str(path)))


@pytest.fixture
def schema(engine: Engine) -> Schema:
    tables = (table for table in engine.tables(Stop()) if table.name != "hidden_away")
    return Schema(tuple(tables), "sqlite", "main")


def _by_place(columns: list[ColumnValues]) -> dict[tuple[str, str], ColumnValues]:
    return {(column.table, column.column): column for column in columns}


def test_distinct_texts_are_read_and_long_ones_left_out(engine: Engine, schema: Schema) -> None:
    found = _by_place(read_values(engine, schema, Stop()))
    assert found["订单 明细", "状 态"] == ColumnValues("订单 明细", "状 态", ("已取消", "已完成"), True)
    assert found["订单 明细", "note"].values == ("100%_sure!", "it's 'quoted' \\ ok")
    assert found["订单 明细", "free"].values == ("自由",)


def test_a_column_with_many_values_is_cut_and_said_to_be(engine: Engine, schema: Schema) -> None:
    found = _by_place(read_values(engine, schema, Stop(), of_a_column=100))
    assert len(found["many", "name"].values) == 100
    assert not found["many", "name"].complete


def test_what_is_not_in_the_schema_is_never_read(engine: Engine, schema: Schema) -> None:
    assert "hidden_away" not in {column.table for column in read_values(engine, schema, Stop())}
    assert look_up(engine, schema, "hidden", Stop()) == []


def test_a_broken_column_does_not_take_its_neighbours_along(engine: Engine, schema: Schema) -> None:
    assert _by_place(read_values(engine, schema, Stop()))["broken_text", "b"].values == ("whole",)


def test_nothing_is_read_once_stopped_or_out_of_time(engine: Engine, schema: Schema) -> None:
    stop = Stop()
    stop.set()
    assert read_values(engine, schema, stop) == []
    assert read_values(engine, schema, Stop(), seconds=0) == []
    assert look_up(engine, schema, "name", stop) == []


def test_no_more_than_the_most_of_all_is_read(engine: Engine, schema: Schema) -> None:
    assert sum(len(column.values) for column in read_values(engine, schema, Stop(), most=50)) <= 51


@pytest.mark.parametrize(
    ("needle", "found"),
    [
        ("name 02999", ["name 02999"]),
        ("NAME 02999", ["name 02999"]),
        ("100%_", ["100%_sure!"]),
        ("sure!", ["100%_sure!"]),
        ("it's 'q", ["it's 'quoted' \\ ok"]),
        ("\\ ok", ["it's 'quoted' \\ ok"]),
        ("%", ["100%_sure!"]),
        ("' OR 1=1 --", []),
        ("'; DROP TABLE many; --", []),
        ("完成", ["已完成"]),
        ("长" * 300, []),
        ("\x00", []),
        ("\ud800", []),
        (" ", []),
    ],
)
def test_a_needle_is_looked_up_as_it_is(
    engine: Engine, schema: Schema, needle: str, found: list[str]
) -> None:
    assert [match.value for match in look_up(engine, schema, needle, Stop())] == found


def test_columns_that_the_index_has_not_whole_are_looked_into_first(tmp_path: Path) -> None:
    path = tmp_path / "wide.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE t ({', '.join(f'c{n} TEXT' for n in range(20))})")
        connection.execute(f"INSERT INTO t VALUES ({', '.join(['?'] * 20)})", ["x"] * 19 + ["sought"])
        connection.commit()
    wide = open_engine(Database("wide", str(path)))
    tables = Schema(tuple(wide.tables(Stop())))
    index = ValueIndex(ColumnValues("t", f"c{n}", ("x",), complete=n < 19) for n in range(20))
    assert look_up(wide, tables, "ough", Stop()) == []
    assert [m.column for m in look_up(wide, tables, "ough", Stop(), index=index)] == ["c19"]


def test_a_look_up_keeps_to_its_table_and_column(engine: Engine, schema: Schema) -> None:
    assert look_up(engine, schema, "name", Stop(), tables=["订单 明细"]) == []
    assert look_up(engine, schema, "name", Stop(), column="note") == []
    assert len(look_up(engine, schema, "name", Stop(), most=5)) == 5


@pytest.mark.parametrize(
    ("dialect", "literal"),
    [
        ("sqlite", r"'it''s \ %'"),
        ("duckdb", r"'it''s \ %'"),
        ("postgres", r"E'it''s \\ %'"),
        ("mysql", "_utf8mb4 0x6974277320" + "5c2025"),
    ],
)
def test_a_text_is_a_literal_of_each_dialect(dialect: Dialect, literal: str) -> None:
    assert text_literal(r"it's \ %", dialect) == literal


def test_signs_with_a_meaning_in_patterns_are_escaped() -> None:
    assert containing("v", "50%_!", "duckdb") == "v ILIKE '%50!%!_!!%' ESCAPE '!'"
