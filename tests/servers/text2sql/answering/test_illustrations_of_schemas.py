"""Examples that a schema makes by itself: each one passes the rules and runs, whatever the schema."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_prompts import Language, sections
from tao_servers.text2sql.answering.illustrating import illustrations
from tao_servers.text2sql.checking import check
from tao_servers.text2sql.examples import Example
from tao_servers.text2sql.schema import Column, Dialect, Samples, Schema, Table
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop
from tests.support.mending_schemas import music_schema, school_schema
from tests.support.scripted_sql import made
from tests.support.shop_schemas import DIALECTS, shop_schema
from tests.support.sql_server import database_at

LANGUAGES: tuple[Language, ...] = ("zh", "en")
BOTH = pytest.mark.parametrize("language", LANGUAGES)
EACH_DIALECT = pytest.mark.parametrize("dialect", DIALECTS)
ID = Column("id", "INTEGER", primary_key=True)
PEOPLE = Table("people", (ID, Column("name", "TEXT"), Column("age", "REAL"), Column("pay", "REAL")), 9)
NAMES = {"people": {"name": Samples(["Ann", "Bo"], False), "age": Samples(["5.5"], False, "5.5", "90")}}

Known = Mapping[str, Mapping[str, Samples]]


def of(schema: Schema, language: Language = "en", samples: Known | None = None) -> tuple[Example, ...]:
    return illustrations(schema, schema.tables, samples or {}, language)


def read(path: Path) -> tuple[Schema, Known]:
    """The schema of a database, and the samples of its columns."""
    source, stop = Source(database_at(path)), Stop()
    try:
        schema = source.schema(stop)
        return schema, {table.full_name: source.samples(table, stop) for table in schema.tables}
    finally:
        source.close()


def run_all(path: Path, examples: Sequence[Example]) -> int:
    """How many of them found something."""
    with closing(sqlite3.connect(path)) as connection:
        return sum(bool(connection.execute(one.sql).fetchall()) for one in examples)


@BOTH
def test_a_shop_has_an_example_of_every_kind_and_each_runs(shop_template: Path, language: Language) -> None:
    schema, samples = read(shop_template)
    examples = of(schema, language, samples)
    assert len(examples) >= 8
    assert len({example.sql for example in examples}) == len(examples)
    assert any(" JOIN " in example.sql for example in examples)
    for example in examples:
        check(example.sql, schema)
    assert run_all(shop_template, examples) >= 6


@BOTH
def test_every_part_of_the_prompt_is_filled_by_a_schema_that_has_everything(
    tmp_path: Path, language: Language
) -> None:
    path = made(
        tmp_path / "all.sqlite",
        "CREATE TABLE towns (id INTEGER PRIMARY KEY, name TEXT, region TEXT, size REAL, age REAL);"
        "CREATE TABLE guides (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, guest TEXT, reason TEXT, price REAL, days REAL,"
        " town INTEGER REFERENCES towns (id), guide INTEGER REFERENCES guides (id));"
        "INSERT INTO towns VALUES (1, 'Oslo', 'east', 5.5, 9), (2, 'Bergen', 'west', 7, 8),"
        " (3, 'Moss', 'east', 1, 3);"
        "INSERT INTO guides VALUES (1, 'Dag'), (2, 'Eva');"
        "INSERT INTO visits VALUES (1, 'Ann', 'work', 20, 3, 1, 1), (2, 'Bo', 'fun', 30, 4, 1, 1),"
        " (3, 'Cy', 'fun', 25, 1, 2, 2);",
    )
    schema, samples = read(path)
    examples = of(schema, language, samples)
    assert len(examples) == len(sections("text2sql/illustrations", language))
    assert run_all(path, examples) >= len(examples) - 3


def test_a_question_has_the_comments_in_chinese_and_the_names_in_english() -> None:
    table = replace(PEOPLE, comment="客户", columns=(ID, *PEOPLE.columns[1:3]))
    schema = Schema((replace(table, columns=(ID, table.columns[1], Column("age", "REAL", comment="年龄"))),))
    assert of(schema, "zh")[0].question == "年龄不低于平均年龄的客户有哪些？"
    assert of(schema, "en")[0].question == "Which people have at least the average age?"
    assert of(schema, "zh")[0].sql == of(schema, "en")[0].sql
    long = Schema((replace(table, comment="客户" * 100),))
    assert "客户" not in of(long, "zh")[0].question


def test_the_same_tables_make_the_same_examples() -> None:
    schema = music_schema()
    assert of(schema, "zh") == of(music_schema(), "zh")


@BOTH
@EACH_DIALECT
def test_every_example_passes_the_rules_in_every_dialect(dialect: Dialect, language: Language) -> None:
    for schema in (shop_schema(dialect), school_schema(dialect), music_schema(dialect)):
        examples = of(schema, language)
        assert examples
        for example in examples:
            check(example.sql, schema)


@EACH_DIALECT
def test_values_are_written_so_that_a_model_can_read_them(dialect: Dialect) -> None:
    (with_value,) = (one for one in of(Schema((PEOPLE,), dialect), "en", NAMES) if "Ann" in one.question)
    assert "'Ann'" in with_value.sql


@pytest.mark.parametrize(
    "table",
    [
        Table("numbers", (ID, Column("size", "REAL"))),
        Table("bare", (ID,)),
        Table("nothing", ()),
        Table("codes", (ID, Column("code", "TEXT"), Column("no", "INTEGER"))),
    ],
    ids=lambda table: table.name,
)
@BOTH
def test_a_table_with_nothing_to_name_a_thing_by_makes_no_example(table: Table, language: Language) -> None:
    assert of(Schema((table,)), language) == ()


@BOTH
def test_no_tables_make_no_examples(language: Language) -> None:
    assert of(Schema(()), language) == ()


@BOTH
def test_a_table_that_refers_to_itself_is_not_joined_with_itself(language: Language) -> None:
    boss = Column("boss", "INTEGER", references="people.id")
    schema = Schema((replace(PEOPLE, columns=(*PEOPLE.columns, boss)),))
    examples = of(schema, language, NAMES)
    assert examples
    assert not any("JOIN" in example.sql for example in examples)


def test_a_key_to_a_table_that_is_not_shown_makes_no_join() -> None:
    gone = replace(PEOPLE, columns=(*PEOPLE.columns, Column("city", "INTEGER", references="cities.id")))
    assert not any("JOIN" in example.sql for example in of(Schema((gone,))))


def test_what_a_key_refers_to_is_no_label() -> None:
    towns = Table("towns", (Column("town", "TEXT"), Column("mayor", "TEXT"), Column("size", "REAL")))
    visits = Table("visits", (Column("place", "TEXT", references="towns.town"), Column("price", "REAL")))
    (single, *_) = (one for one in of(Schema((towns, visits))) if " JOIN " not in one.sql)
    assert "SELECT mayor FROM towns" in single.sql


@BOTH
@pytest.mark.parametrize("name", ["people\nDROP TABLE people", "a\r\nb", "x\u2028y", "x\x85y"])
def test_a_name_cannot_end_the_question(name: str, language: Language) -> None:
    columns = (ID, Column(name, "TEXT"), Column(f"{name} size", "REAL"))
    for example in of(Schema((Table(name, columns),)), language):
        assert len(example.question.splitlines()) == 1
        assert example.sql.startswith("SELECT")


def test_texts_with_dollars_are_taken_as_they_are() -> None:
    odd = Table("$table", (ID, Column("${label}", "TEXT", comment="$x"), Column("$number", "REAL")))
    first = of(Schema((odd,)), "zh")[0]
    assert first.sql.startswith('SELECT "${label}" FROM "$table" WHERE "$number" >=')


@BOTH
def test_names_of_any_length_leave_an_example_short(language: Language) -> None:
    long = "x" * 5_000
    table = Table(long, (ID, Column(f"{long}_name", "TEXT"), Column(f"{long}_size", "REAL")))
    examples = of(Schema((table, PEOPLE)), language)
    assert sum(len(f"{one.question}{one.sql}") for one in examples) < 5_000


_LETTERS = "ab1_ 订单\"'`[].,;()$%-?AB😀é"
_NAMES = st.one_of(
    st.text(alphabet=_LETTERS, min_size=1, max_size=6).filter(lambda name: not name.isspace()),
    st.sampled_from(
        ["order", "group", "select", "name", "名称", "user", "table", "2020年", "price", "id", "a"]
    ),
)
_TYPES = st.sampled_from(["TEXT", "REAL", "INTEGER", "DATE", "VARCHAR(9)", "BLOB", "", "BOOLEAN", "NUMERIC"])
_VALUES: st.SearchStrategy[int | float | str | None] = st.one_of(
    st.none(), st.integers(-9, 9), st.floats(0, 9), st.sampled_from(["Ann", "it's", "", "订单\nx", "é\\"])
)


@dataclass(frozen=True)
class _Plan:
    """A table to make: its columns, how many of them are its key, what the last refers to, and its rows."""

    name: str
    columns: list[tuple[str, str]]
    keys: int
    refers: int
    rows: list[list[int | float | str | None]]


@st.composite
def _plans(draw: st.DrawFn) -> list[_Plan]:
    names = draw(st.lists(_NAMES, min_size=1, max_size=3, unique_by=lambda name: name.casefold()))
    plans = []
    for name in names:
        column = st.tuples(_NAMES, _TYPES)
        columns = draw(st.lists(column, min_size=1, max_size=5, unique_by=lambda one: one[0].casefold()))
        rows = draw(st.lists(st.lists(_VALUES, min_size=5, max_size=5), max_size=4))
        keys = draw(st.integers(0, min(2, len(columns))))
        plans.append(_Plan(name, columns, keys, draw(st.integers(-1, len(names) - 1)), rows))
    return plans


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _fill(path: Path, plans: Sequence[_Plan]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for plan in plans:
            parts = [f"{_quoted(name)} {kind}" for name, kind in plan.columns]
            if plan.keys:
                parts.append(
                    f"PRIMARY KEY ({', '.join(_quoted(name) for name, _ in plan.columns[: plan.keys])})"
                )
            if plan.refers >= 0:
                parent = plans[plan.refers]
                target = f"{_quoted(parent.name)} ({_quoted(parent.columns[0][0])})"
                parts.append(f"FOREIGN KEY ({_quoted(plan.columns[-1][0])}) REFERENCES {target}")
            connection.execute(f"CREATE TABLE {_quoted(plan.name)} ({', '.join(parts)})")
            slots = ", ".join("?" * len(plan.columns))
            for row in plan.rows:
                values = row[: len(plan.columns)]
                with suppress(sqlite3.IntegrityError):
                    connection.execute(f"INSERT INTO {_quoted(plan.name)} VALUES ({slots})", values)
        connection.commit()


@settings(max_examples=40, deadline=None)
@given(_plans(), st.sampled_from(LANGUAGES))
def test_whatever_the_schema_every_example_passes_the_rules_and_runs(
    plans: list[_Plan], language: Language
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "generated.sqlite"
        _fill(path, plans)
        schema, samples = read(path)
        examples = of(schema, language, samples)
        run_all(path, examples)
    for dialect in DIALECTS:
        other = Schema(schema.tables, dialect, {"postgres": "public", "duckdb": "main"}.get(dialect))
        for example in of(other, language, samples):
            check(example.sql, other)
            assert example.question


def test_a_schema_of_a_database_with_nothing_in_it_still_illustrates(tmp_path: Path) -> None:
    path = made(
        tmp_path / "empty.sqlite",
        "CREATE TABLE towns (id INTEGER PRIMARY KEY, name TEXT, size REAL);"
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, town INTEGER REFERENCES towns (id), price REAL);",
    )
    schema, samples = read(path)
    examples = of(schema, "en", samples)
    assert any("JOIN" in example.sql for example in examples)
    run_all(path, examples)
