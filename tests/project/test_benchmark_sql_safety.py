"""The parts of the SQL safety benchmark that need no server."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.sql_safety.cases import Case, Expectation, read_cases, read_duckdb_cases, read_extra_cases
from benchmarks.sql_safety.differences import difference
from benchmarks.sql_safety.gold import Gold, gold_queries
from benchmarks.sql_safety.making import functions, procedures, tables
from benchmarks.sql_safety.reading import things_of
from benchmarks.sql_safety.scoring import Outcome, Score
from benchmarks.sql_safety.summing import summed
from benchmarks.sql_safety.target import differing, file_sums
from benchmarks.sql_safety.things import Call, Things
from tao_servers.text2sql.schema import Dialect


def _case(sql: str, expect: Expectation = "allow", dialect: Dialect = "postgres") -> Case:
    return Case("one", dialect, expect, sql)


def _kinds(things: Things, table: str) -> Mapping[str, str]:
    return {name: column.guessed() for name, column in things.tables[table].items()}


def test_t_sql_is_left_out_and_counted(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "dialect": "sqlite", "expect": "allow", "sql": "SELECT 1", "note": None},
        {"id": "b", "dialect": "tsql", "expect": "block", "sql": "EXEC('x')"},
    ]
    lines = "".join(json.dumps(row) + "\n\n" for row in rows)
    (tmp_path / "cases.jsonl").write_text(lines, encoding="utf-8")
    assert read_cases(tmp_path) == ([Case("a", "sqlite", "allow", "SELECT 1")], {"tsql": 1})


def test_an_unknown_expectation_is_an_error(tmp_path: Path) -> None:
    row = {"id": "a", "dialect": "sqlite", "expect": "perhaps", "sql": "SELECT 1"}
    (tmp_path / "cases.jsonl").write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(ValueError, match="expects 'perhaps'; known are allow, block, invalid"):
        read_cases(tmp_path)


def test_attacks_of_ones_own_are_read_by_dialect(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[mysql]\nattacks = ["DO SLEEP(1)"]\n[oracle]\nattacks = ["x"]\n', encoding="utf-8")
    assert read_extra_cases(path) == [Case("mysql_extra_1", "mysql", "block", "DO SLEEP(1)", source="own")]


def test_without_a_file_there_are_no_duckdb_cases(tmp_path: Path) -> None:
    assert read_duckdb_cases(tmp_path / "none.toml") is None


def test_duckdb_cases_come_with_what_makes_their_tables(tmp_path: Path) -> None:
    path = tmp_path / "cases.toml"
    path.write_text(
        'setup = "CREATE TABLE t (a INT)"\n[[case]]\nsql = "FROM t"\nexpect = "allow"\n', encoding="utf-8"
    )
    found = read_duckdb_cases(path)
    assert found is not None
    assert found.setup.startswith("CREATE TABLE")
    assert [(case.sql, case.expect) for case in found.cases] == [("FROM t", "allow")]


def test_columns_go_to_the_table_that_they_are_read_from() -> None:
    things = things_of(
        [
            _case("SELECT u.id, total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.active = TRUE"),
            _case("SELECT total FROM orders WHERE created_at > '2024-01-01' AND price * 2 > 3"),
            _case("SELECT name FROM users WHERE name = 'Anna' OR age > 30"),
        ]
    )
    assert _kinds(things, "users") == {"id": "integer", "active": "boolean", "name": "text", "age": "integer"}
    assert _kinds(things, "orders") == {
        "user_id": "integer",
        "total": "number",
        "created_at": "time",
        "price": "number",
    }
    assert things.tables["users"]["name"].samples == ["Anna"]


def test_system_tables_and_those_of_a_with_are_not_made() -> None:
    sql = "WITH own AS (SELECT * FROM users) SELECT * FROM own, information_schema.tables, sqlite_master"
    assert list(things_of([_case(sql)]).tables) == ["users"]


def test_what_an_attack_would_make_is_not_there_and_what_it_would_destroy_is() -> None:
    attacks = [
        "CREATE TABLE fresh (id int)",
        "SELECT * INTO copied FROM users",
        "DROP TABLE doomed",
        "/* x */ REINDEX TABLE indexed",
        "INSERT INTO logs VALUES ('a', 1)",
        "SELECT setval('counter', 1)",
        "COPY t TO '/tmp/tao/x.csv'",
        "CALL pay(1, 'a')",
    ]
    things = things_of([_case(sql, "block") for sql in attacks])
    assert set(things.tables) == {"users", "doomed", "indexed", "logs", "t"}
    assert _kinds(things, "logs") == {"value_1": "text", "value_2": "integer"}
    assert things.sequences == {"counter"}
    assert things.files == {"/tmp/tao/x.csv"}
    assert things.procedures == {Call("pay", ("integer", "text"))}


def test_what_is_explained_is_looked_into() -> None:
    things = things_of(
        [_case("EXPLAIN (FORMAT JSON) SELECT a FROM told"), _case("EXPLAIN ANALYZE DELETE FROM gone")]
    )
    assert set(things.tables) == {"told", "gone"}


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_statement_is_too_strange_to_be_looked_at(sql: str) -> None:
    for dialect in ("postgres", "sqlite", "mysql", "duckdb"):
        case = Case("one", dialect, "block", sql)
        things_of([case])
        difference(case)
        difference(replace(case, expect="allow"))


def test_tables_made_for_sqlite_can_be_read_and_have_rows() -> None:
    cases = [
        _case("SELECT name, [order] FROM \"the users\" WHERE name = 'O''Hara'", dialect="sqlite"),
        _case("SELECT 名称 FROM 高校 WHERE 创办时间 >= 1924 AND data ->> '$.a' = 'x'", dialect="sqlite"),
        _case("DELETE FROM nothing_known", "block", dialect="sqlite"),
    ]
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in tables(things_of(cases), "sqlite"):
            connection.execute(statement)
        assert connection.execute(cases[0].sql).fetchall() == [("O'Hara", "order 1")]
        assert connection.execute("SELECT count(*) FROM 高校").fetchone() == (3,)
        assert connection.execute("SELECT id FROM nothing_known").fetchall() == [(1,), (2,), (3,)]


def test_functions_that_nothing_answers_are_made_and_those_of_the_server_are_not() -> None:
    things = things_of([_case("SELECT my_helper(1, 'a'), Age(born) FROM t")])
    made = functions(things.functions, {"age"})
    assert list(made) == ["my_helper"]
    assert "my_helper(integer, text)" in made["my_helper"]
    assert [*procedures({Call("pay", ("integer",))}, "written")] == [
        "CREATE PROCEDURE pay(integer) LANGUAGE sql AS 'INSERT INTO written DEFAULT VALUES'"
    ]


@pytest.mark.parametrize(
    ("sql", "expect", "dialect", "part"),
    [
        ("SELECT 1 FROM t WHERE a > $1", "allow", "postgres", "values that are sent beside it"),
        ("EXPLAIN SELECT a FROM t WHERE b = $2", "allow", "postgres", "values that are sent beside it"),
        ("SELECT 1 FROM t WHERE a > ?", "allow", "sqlite", "values that are sent beside it"),
        ("EXPLAIN DELETE FROM t", "allow", "postgres", "explains a statement that writes"),
        (
            "explain (costs off) insert into t values (1)",
            "allow",
            "postgres",
            "explains a statement that writes",
        ),
        ("SELECT hypopg_create_index('CREATE INDEX ON t (a)')", "allow", "postgres", "extension's function"),
        ("SELECT * FROM pg_stat_statements_reset()", "allow", "postgres", "extension's function"),
        ("SELECT pg_terminate_backend", "allow", "postgres", "no table that could have it"),
        ("SELECT id FROM users", "block", "postgres", "one plain query"),
        ("SELECT count(*) FROM users WHERE name = 'DROP'", "block", "mysql", "one plain query"),
    ],
)
def test_a_case_on_which_products_differ_has_a_reason(
    sql: str, expect: Expectation, dialect: Dialect, part: str
) -> None:
    assert part in (difference(_case(sql, expect, dialect)) or "")


@pytest.mark.parametrize(
    ("sql", "expect", "dialect"),
    [
        ("SELECT '$1', \"$2\" FROM t -- $3", "allow", "postgres"),
        ("SELECT current_user, localtime, now()", "allow", "postgres"),
        ("SELECT name FROM t WHERE EXISTS (SELECT id)", "allow", "postgres"),
        ("SELECT * FROM hypopg_list_indexes", "allow", "postgres"),
        ("PRAGMA table_info(users)", "allow", "sqlite"),
        ("SELECT [x * 2 FOR x IN [1, 2]]", "allow", "duckdb"),
        ("EXPLAIN ANALYZE DELETE FROM t", "block", "postgres"),
        ("SELECT 1; SELECT 2", "block", "postgres"),
        ("SELECT pg_sleep(1)", "block", "postgres"),
        ("SELECT * INTO x FROM t", "block", "postgres"),
        ("SELECT id FROM t FOR UPDATE", "block", "postgres"),
        ("SELECT * FROM pg_catalog.pg_authid", "block", "postgres"),
        ("SELECT * FROM pg_ls_dir('.')", "block", "postgres"),
        ("SELECT 1 /*! INTO OUTFILE 'x' */", "block", "mysql"),
        ("SELECT @a := 1", "block", "mysql"),
        ("SELECT id FROM t LIMIT 1 INTO OUTFILE '/tmp/x'", "block", "mysql"),
        ("SELECT NEXT VALUE FOR counted", "block", "mysql"),
        ("SELECT @@datadir", "block", "mysql"),
        ("TABLE pg_authid", "block", "postgres"),
        ("SELECT * FROM pg_shadow", "block", "postgres"),
        ("SELECT id FROM t TABLESAMPLE system (10)", "block", "postgres"),
        ("SELECT 1 IN pragma_database_list", "block", "sqlite"),
        ('FROM "/etc/passwd"', "block", "duckdb"),
        ("SELECT (u).pg_sleep FROM u", "block", "postgres"),
        ("SELECT * FROM (DELETE FROM t RETURNING *) x", "block", "postgres"),
        ("SELECT 1 -- x\r, pg_sleep(1)", "block", "postgres"),
        ("WITH x AS (DELETE FROM t RETURNING id) SELECT id FROM x", "block", "postgres"),
        ("not even sql (", "block", "postgres"),
        ("SELECT id FROM users", "invalid", "postgres"),
    ],
)
def test_where_there_is_doubt_a_case_counts(sql: str, expect: Expectation, dialect: Dialect) -> None:
    assert difference(_case(sql, expect, dialect)) is None


def test_a_changed_a_new_and_a_missing_file_are_seen(tmp_path: Path) -> None:
    for name in ("changed", "gone", "same"):
        (tmp_path / name).write_text("a", encoding="utf-8")
    before = file_sums(tmp_path)
    (tmp_path / "changed").write_text("b", encoding="utf-8")
    (tmp_path / "gone").unlink()
    (tmp_path / "new").write_text("c", encoding="utf-8")
    assert differing(before, file_sums(tmp_path)) == ["file changed", "file gone", "file new"]


def test_gold_queries_are_found_with_their_databases(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    rows = [{"id": f"q{n}", "db_id": "学校", "gold_sql": ["SELECT 1", "SELECT 2"]} for n in range(2)]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "questions.jsonl").write_text(lines, encoding="utf-8")
    database = folder / "databases" / "学校.sqlite"
    assert list(gold_queries(tmp_path, 1)) == [(database, "q0", "SELECT 1"), (database, "q0", "SELECT 2")]
    assert len(list(gold_queries(tmp_path))) == 4


def test_the_figures_tell_rules_engine_and_both_apart() -> None:
    attack, honest = _case("DROP TABLE t", "block"), _case("SELECT 1")
    score = Score(
        "postgres",
        attacks=[
            Outcome(attack, rules="statement: no", refused="no"),
            Outcome(attack, rules="statement: no"),
            Outcome(attack, failed="syntax", parsed=False),
            Outcome(attack, failed="time limit"),
        ],
        honest=[Outcome(honest), Outcome(honest, failed="no such function"), Outcome(honest, refused="no")],
        invalid=[Outcome(replace(honest, expect="invalid"), failed="syntax")],
        changed=["table t"],
    )
    gold = Gold(total=3, allowed=2, changed=["a.sqlite"])
    found = summed([score], gold, {"duckdb": "no cases"}, {"tsql": 2})
    assert found["attacks"] == {"total": 4, "refused": 3, "by_rules": 2, "by_engine": 2}
    assert found["honest"] == {"total": 3, "allowed": 2}
    assert found["invalid"] == {"total": 1, "error": 1}
    assert found["gold"] == {"total": 3, "allowed": 2}
    assert found["databases_changed"] == 2
    engine = found["engines"]["postgres"]
    assert [row["engine"] for row in engine["through_both"]] == ["time limit"]
    assert len(engine["through_rules"]) == 2
    assert len(engine["through_engine"]) == 2
    assert [row["engine"] for row in engine["wrongly_refused"]] == ["no"]
    assert [row["engine"] for row in engine["did_not_run"]] == ["no such function"]
    json.dumps(found)
