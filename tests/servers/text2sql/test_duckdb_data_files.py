"""Files of data as tables: csv, tsv, json lines, parquet and workbooks, good and bad."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.duckdb import DuckdbEngine
from tao_servers.text2sql.errors import QueryRefused, SetupError
from tao_servers.text2sql.limits import Cell, Limits
from tao_servers.text2sql.schema import Table
from tao_servers.text2sql.stopping import Stop
from tests.support.office_files import Cell as Value
from tests.support.office_files import xlsx

Opener = Callable[[object], DuckdbEngine]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    engines: list[DuckdbEngine] = []

    def open_it(address: object) -> DuckdbEngine:
        engines.append(DuckdbEngine(Database("data", str(address)), cache_folder=tmp_path / "cache"))
        return engines[-1]

    yield open_it
    for engine in engines:
        engine.close()


def _rows(engine: DuckdbEngine, sql: str) -> list[list[Cell]]:
    return engine.run(sql, Limits(), Stop()).rows


def _tables(engine: DuckdbEngine) -> dict[str, Table]:
    return {table.name: table for table in engine.tables(Stop())}


def _types(table: Table) -> list[tuple[str, str]]:
    return [(column.name, column.type) for column in table.columns]


def test_a_folder_is_one_database_of_tables(opened: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "员工.csv").write_text("姓名,年龄\n张三,3\n", encoding="utf-8")
    (folder / "parts.tsv").write_text("id\tname\n1\ta b\n", encoding="utf-8")
    (folder / "events.jsonl").write_text('{"a": 1, "b": {"c": [1]}}\n{"a": 2}\n', encoding="utf-8")
    (folder / "list.json").write_text('[{"x": "一"}, {"x": "二"}]', encoding="utf-8")
    (folder / "notes.txt").write_text("not data", encoding="utf-8")
    made = f"COPY (SELECT 7 AS n, DATE '2024-01-05' AS d) TO '{folder / 'p.q.parquet'}'"
    with duckdb.connect() as connection:
        connection.execute(made)
    engine = opened(folder)
    engine.prove()
    assert sorted(_tables(engine)) == ["events", "list", "p_q", "parts", "员工"]
    assert _rows(engine, "SELECT * FROM 员工, parts") == [["张三", 3, 1, "a b"]]
    assert _rows(engine, "SELECT b.c[1] FROM events ORDER BY a") == [[1], [None]]
    assert _rows(engine, "SELECT x FROM list") == [["一"], ["二"]]
    assert _rows(engine, "SELECT n, d FROM p_q") == [[7, "2024-01-05"]]


@pytest.mark.parametrize(
    ("content", "name", "remark"),
    [
        (
            "姓名,城市\n王,".encode() + b"\xff" + "北\n".encode(),
            "姓名",
            "1 characters could not be read as utf-8",
        ),
        ("姓名,城市\n王,北京\n".encode("gbk"), "姓名", "Read as gb18030."),
    ],
)
def test_what_is_no_sound_utf8_is_read_as_what_it_most_likely_is(
    opened: Opener, tmp_path: Path, content: bytes, name: str, remark: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    table = opened(path).tables(Stop())[0]
    assert table.columns[0].name == name
    assert remark in (table.comment or "")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_every_usual_encoding_is_read(opened: Opener, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "cities.csv"
    path.write_text("city,population\n北京,21893095\nGuangzhou,18676605\n", encoding=encoding)
    assert _rows(opened(path), "SELECT * FROM cities") == [["北京", 21893095], ["Guangzhou", 18676605]]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_found_out(opened: Opener, tmp_path: Path, separator: str) -> None:
    path = tmp_path / "s.csv"
    lines = [separator.join(row) for row in (("a", "b"), ("1", "x y"), ("2", '"q\nr"'))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert _rows(opened(path), "SELECT a, b FROM s") == [[1, "x y"], [2, "q\nr"]]


def test_a_late_odd_value_costs_no_row(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_text("a,b\n" + "1,2\n" * 30_000 + "N/A,3\n", encoding="utf-8")
    assert _rows(opened(path), "SELECT count(*), max(a) FROM late") == [[30_001, "N/A"]]


def test_ragged_and_broken_rows_are_kept(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text('a,b\n1,2\n3\n4,5,6\n7,"un"quoted"\n8,9\n', encoding="utf-8")
    assert [row[0] for row in _rows(opened(path), "SELECT a FROM ragged ORDER BY a")] == [1, 3, 4, 7, 8]


def test_leading_zeros_dates_and_headings_survive(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("code,day,day,\n007,2024-01-05,x,1\n", encoding="utf-8")
    [table] = opened(path).tables(Stop())
    assert [kind for _, kind in _types(table)] == ["VARCHAR", "DATE", "VARCHAR", "BIGINT"]
    assert len({column.name.lower() for column in table.columns}) == 4


def test_broken_json_lines_are_counted_in_the_comment(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"a": 1}\nbroken\n{"a": 2}\n', encoding="utf-8")
    engine = opened(path)
    assert _rows(engine, "SELECT a FROM log") == [[1], [2]]
    assert "1 lines are no JSON" in (_tables(engine)["log"].comment or "")


def test_sheets_keep_their_types(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    people: list[list[Value]] = [
        ["name", "age", "rate", "ok", "mixed"],
        ["Ann", 31, 1.5, True, 1],
        ["王芳", 28, 2, False, "x"],
        [None, None, 3, None, None],
    ]
    path.write_bytes(xlsx({"人员": people, "empty": [], "more": [["a"], [1]]}))
    engine = opened(path)
    tables = _tables(engine)
    assert sorted(tables) == ["more", "人员"]
    assert _types(tables["人员"]) == [
        ("name", "VARCHAR"),
        ("age", "BIGINT"),
        ("rate", "DOUBLE"),
        ("ok", "BOOLEAN"),
        ("mixed", "VARCHAR"),
    ]
    assert _rows(engine, "SELECT * FROM 人员") == [
        ["Ann", 31, 1.5, True, "1"],
        ["王芳", 28, 2.0, False, "x"],
        [None, None, 3.0, None, None],
    ]


def test_a_title_over_merged_cells_becomes_the_comment(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    rows: list[list[Value]] = [
        ["2024 年销售", None, None],
        [None, None, None],
        ["月", "金额", "金额"],
        ["一月", 10, 20],
        ["二月", 30, None],
    ]
    path.write_bytes(xlsx({"Sheet1": rows}, merged=["A1:C1"]))
    [table] = opened(path).tables(Stop())
    assert (table.name, table.comment, table.rows) == ("report", "2024 年销售", 2)
    assert _types(table) == [("月", "VARCHAR"), ("金额", "BIGINT"), ("金额_2", "BIGINT")]


def test_names_are_made_unique(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "Sales.tsv").write_text("a\n2\n", encoding="utf-8")
    (tmp_path / "x.xlsx").write_bytes(xlsx({"sales": [["a"], [3]], "b": [["a"], [4]]}))
    assert sorted(name.lower() for name in _tables(opened(tmp_path))) == ["b", "sales", "sales_2", "x_sales"]


def test_a_pattern_takes_what_fits(opened: Opener, tmp_path: Path) -> None:
    for name in ("a1.csv", "a2.csv", "b.csv", "[odd].csv"):
        (tmp_path / name).write_text("x\n1\n", encoding="utf-8")
    assert sorted(_tables(opened(tmp_path / "a*.csv"))) == ["a1", "a2"]
    assert sorted(_tables(opened(tmp_path / "[odd].csv"))) == ["[odd]"]


def test_files_are_prepared_once_and_again_after_a_change(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    engine = opened(path)
    assert _rows(engine, "SELECT a FROM t") == [[1]]
    stamp, [first] = engine.stamp(), list((tmp_path / "cache").glob("*.duckdb"))
    assert _rows(opened(path), "SELECT a FROM t") == [[1]]
    assert list((tmp_path / "cache").glob("*.duckdb")) == [first]
    path.write_text("a\n1\n22\n", encoding="utf-8")
    assert _rows(engine, "SELECT a FROM t") == [[1], [22]]
    assert engine.stamp() != stamp
    [second] = (tmp_path / "cache").glob("*.duckdb")
    assert second != first
    assert {p.suffix for p in (tmp_path / "cache").iterdir()} <= {".duckdb", ".lock"}


def test_what_a_killed_process_left_of_a_file_is_removed(opened: Opener, tmp_path: Path) -> None:
    path, cache = tmp_path / "t.csv", tmp_path / "cache"
    path.write_text("a\n1\n", encoding="utf-8")
    opened(path).prove()
    [first] = cache.glob("*.duckdb")
    place = first.name.partition("-")[0]
    (cache / f"{place}-0123.part").write_bytes(b"half of it")
    (cache / f"{place}-0123.part.files").mkdir()
    path.write_text("a\n1\n22\n", encoding="utf-8")
    assert _rows(opened(path), "SELECT a FROM t") == [[1], [22]]
    assert {p.suffix for p in cache.iterdir()} == {".duckdb", ".lock"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_what_is_kept_is_for_its_owner_alone(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    opened(path).prove()
    [kept] = (tmp_path / "cache").glob("*.duckdb")
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0


def test_the_files_themselves_cannot_be_read_or_written(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    before = path.stat()
    engine = opened(path)
    for sql in (
        f"FROM read_csv('{path}')",
        f"FROM '{path}'",
        f"COPY t TO '{path}'",
        "INSERT INTO t VALUES (2)",
    ):
        with pytest.raises(QueryRefused):
            _rows(engine, sql)
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (before.st_mtime_ns, before.st_size)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "is empty"),
        ("junk.csv", bytes(range(256)) * 20, "is no text"),
        ("control.csv", bytes(range(1, 32)) * 20, "is no text"),
        ("junk.xlsx", b"PK\x03\x04 not really", "no workbook"),
        ("junk.parquet", b"PAR1 not really PAR1", "cannot be read"),
        ("junk.json", b"{]", "cannot be read"),
        ("blank.xlsx", xlsx({"a": []}), "no sheet with cells"),
    ],
)
def test_a_bad_file_is_refused_with_its_name(
    opened: Opener, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SetupError, match=said) as caught:
        opened(tmp_path / name).prove()
    assert name in str(caught.value)


def test_one_bad_file_among_several_is_left_out(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_bytes(b"\x00\x01\x02")
    (tmp_path / "good.csv").write_text("a\n1\n", encoding="utf-8")
    assert list(_tables(opened(tmp_path))) == ["good"]


def test_a_folder_without_data_files_is_refused(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    for address in (tmp_path, tmp_path / "*.csv"):
        with pytest.raises(SetupError, match="no data files"):
            opened(address).prove()


def test_a_file_that_disappears_is_named(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    engine = opened(path)
    engine.prove()
    path.unlink()
    assert engine.stamp() is None
    with pytest.raises(SetupError, match="does not exist"):
        engine.tables(Stop())
