"""What does more than read is refused, each by the rule that says why."""

import tomllib
from pathlib import Path

import pytest

from tao_servers.text2sql.checking import RULES, check, problems
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.schema import Dialect
from tests.support.shop_schemas import DIALECTS, shop_schema

HOSTILE: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("hostile_by_rule.toml").read_text(encoding="utf-8")
)


def cases() -> list[tuple[str, str, str]]:
    """Each statement with its dialect and rule; those of `everywhere` once a dialect."""
    found: list[tuple[str, str, str]] = []
    for dialect in DIALECTS:
        for group in ("everywhere", dialect):
            found += [(dialect, rule, sql) for rule, given in HOSTILE[group].items() for sql in given]
    return found


@pytest.mark.parametrize(("dialect", "rule", "sql"), cases())
def test_a_hostile_statement_is_refused_by_its_rule(dialect: Dialect, rule: str, sql: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        check(sql, shop_schema(dialect))
    assert refused.value.rule == rule, str(refused.value)
    assert 10 < len(str(refused.value)) < 700


@pytest.mark.parametrize(("dialect", "rule", "sql"), cases())
def test_what_is_refused_is_a_problem_as_well(dialect: Dialect, rule: str, sql: str) -> None:
    found = problems(sql, shop_schema(dialect))
    assert found[0].rule == rule
    assert [problem.rule for problem in found] == sorted((p.rule for p in found), key=RULES.index)
    assert len(set(found)) == len(found)


NAMES_ITS_TABLES = {
    "sqlite": ["SELECT * FROM pragma_table_info('orders')", "PRAGMA table_info(orders)"],
    "postgres": ["SELECT relname FROM pg_class", "SELECT 'orders'::regclass", "SELECT pg_get_viewdef(1)"],
    "mysql": ["SHOW TABLES", "SHOW CREATE TABLE orders", "DESCRIBE orders", 'SELECT "phone" FROM orders'],
    "duckdb": ["SHOW TABLES", "DESCRIBE orders", "SELECT * FROM duckdb_columns()", "SUMMARIZE orders"],
}


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [(d, sql) for d, given in NAMES_ITS_TABLES.items() for sql in given]
    + [(d, "SELECT * FROM information_schema.columns") for d in DIALECTS]
    + [(d, "SELECT * FROM sqlite_master") for d in DIALECTS],
)
def test_the_catalogue_is_closed_where_something_is_withheld(dialect: Dialect, sql: str) -> None:
    with pytest.raises(QueryRefused):
        check(sql, shop_schema(dialect, hides=True))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_too_long_too_deep_and_too_strange_statements_are_refused(dialect: Dialect) -> None:
    schema = shop_schema(dialect)
    for sql in [
        "SELECT " + "1, " * 4_000_000 + "1",
        "SELECT " + "(" * 4_000 + "1" + ")" * 4_000,
        "SELECT " + "NOT " * 2_400 + "1",
        "SELECT " + "(SELECT " * 59 + "1" + ")" * 59,
        "/*" * 4_000,
        "'" * 9_999,
        "SELECT '\ud800'",
        "\x00\x01\x02",
        "\ufeffSELECT 1",
        "SELECT 1 --\r, 2",
        "",
        " \n;; -- nothing",
    ]:
        with pytest.raises(QueryRefused):
            check(sql, schema)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    "part",
    [
        "SELECT a.x FROM {before} a, {before} b",
        "SELECT x + x AS x FROM {before}",
        "SELECT x FROM {before} UNION ALL SELECT x FROM {before}",
        "SELECT (SELECT x FROM {before}) + (SELECT max(x) FROM {before}) AS x",
        "SELECT x + (SELECT x) AS x FROM {before}",
        "SELECT 1 AS x WHERE 1 IN {before} OR 2 IN {before}",
        "SELECT CASE WHEN x > 1 THEN x END AS x FROM (SELECT x FROM {before})",
    ],
)
def test_a_statement_that_grows_when_written_out_is_refused_for_sqlite(part: str, backwards: bool) -> None:
    def chain(length: int) -> str:
        parts = ["p0 AS (SELECT id AS x FROM orders)"]
        parts += [f"p{n} AS ({part.format(before=f'p{n - 1}')})" for n in range(1, length + 1)]
        return f"WITH {', '.join(parts[::-1] if backwards else parts)} SELECT count(x) FROM p{length}"

    schema = shop_schema("sqlite")
    check(chain(3), schema)
    with pytest.raises(QueryRefused) as refused:
        check(chain(30), schema)
    assert refused.value.rule == "small when written out"
