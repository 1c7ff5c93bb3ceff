from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.text2sql.engines.mysql.guard import MOST_CHARACTERS, check_statement, is_query
from tao_servers.text2sql.errors import QueryFailed, QueryRefused


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        " \t\n(select 1) union (select 2);",
        "SELECT 1 ; -- done\n # really",
        "-- first\n/* then */ # and\nSELECT 1",
        "WITH a AS (SELECT 1 AS n) SELECT n FROM a",
        "VALUES (1), (2)",
        "TABLE orders",
        "SHOW CREATE TABLE orders",
        "DESCRIBE orders",
        "EXPLAIN SELECT 1",
        "SELECT id, /* primary key */ name FROM users",
        "SELECT id FROM users -- export INTO OUTFILE later",
        "SELECT 'INTO; DROP /*! x */ SLEEP(1)', \"it's; FOR UPDATE\", 'a''b\\'; INTO'",
        "SELECT `into`, `for update`, load_file, sleep FROM t",
        "SELECT 5 % 3, '100%', a--1 FROM t",
        "SELECT 价格 FROM 订单 WHERE 状态 = '已付；款'",
        "SELECT @a, @@version, t.`x``y` FROM t",
        "SELECT 1.5e3, .5, 0x41, x'41', 2e1",
    ],
)
def test_what_only_reads_passes(sql: str) -> None:
    check_statement(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t",
        "/* SELECT */ DELETE FROM t",
        "INS/**/ERT INTO users VALUES (1)",
        "SET @a = 1",
        "SET STATEMENT max_statement_time = 0 FOR SELECT 1",
        "DO SLEEP(1)",
        "CALL p()",
        "HANDLER t OPEN",
        "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t",
        "PREPARE s FROM 'DROP TABLE t'",
        "EXECUTE IMMEDIATE 'DROP TABLE t'",
        "ANALYZE DELETE FROM t",
        "KILL 1",
        "LOCK TABLES t WRITE",
        "USE other",
        "SHOW GRANTS",
        "show  create /* */ user root",
        "SELECT 1; DROP TABLE t",
        "SELECT 1;;SELECT 2",
        "SELECT 1 INTO @a",
        "SELECT 1.INTO @a",
        "SELECT 1.5INTO @a",
        "SELECT 1e1INTO OUTFILE '/tmp/x'",
        "SELECT 'a'INTO DUMPFILE '/tmp/x'",
        "SELECT * INTO OUTFILE '/tmp/data.csv' FROM users",
        "SELECT * FROM t FOR UPDATE",
        "SELECT * FROM t FOR\n/* now */ share",
        "SELECT * FROM t LOCK IN SHARE MODE",
        "SELECT @a := 1",
        "SELECT SLEEP(10)",
        "SELECT sleep /* a while */ (10)",
        "SELECT `sleep`(10)",
        "SELECT BENCHMARK(1000000000, SHA2('a', 512))",
        "SELECT GET_LOCK('a', 10)",
        "SELECT LOAD_FILE('/etc/passwd')",
        "SELECT sys_exec('id')",
        "SELECT NEXT VALUE FOR s",
        "SELECT NEXTVAL(s)",
        "SELECT 1 /*! INTO OUTFILE '/tmp/x' */",
        "SELECT /*!50000 1 */",
        "SELECT 1 /*M! INTO @a */",
        "SELECT /*+ SET_VAR(max_execution_time = 0) */ 1",
        "/*!50000 DROP TABLE users */",
        "SELECT '\\'' INTO @a",
        "SELECT '--' INTO @a",
        "SELECT 1 --x\nINTO @a",
    ],
)
def test_what_does_more_is_refused(sql: str) -> None:
    with pytest.raises(QueryRefused, match="only read") as caught:
        check_statement(sql)
    assert caught.value.rule == "engine"


@pytest.mark.parametrize(
    ("sql", "seen"),
    [
        ("", "empty"),
        (" ; -- nothing", "empty"),
        ("SELECT 'a", "never closed"),
        ("SELECT 'a\\'", "never closed"),
        ("SELECT `a", "never closed"),
        ("SELECT 1 /* a", "never closed"),
        ("SELECT '\0'", "NUL"),
        ("SELECT '\ud800'", "surrogate"),
        ("SELECT '" + "x" * MOST_CHARACTERS + "'", "at most 1,000,000"),
    ],
)
def test_what_cannot_be_read_says_why(sql: str, seen: str) -> None:
    with pytest.raises(QueryFailed, match=seen):
        check_statement(sql)


@pytest.mark.parametrize("piece", ["''", '"', "`", "/*", "\\'", "a ", "1,", "/*!", "--", "'\"", "0x"])
def test_a_million_of_anything_is_read_once(piece: str) -> None:
    # A search to the end for each of them would not come back within the test suite's patience.
    with suppress(QueryFailed, QueryRefused):
        check_statement("SELECT " + piece * (900_000 // len(piece)))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="'\"`\\;/*!-# \nINTOselctSL1.e@:=()M+\0", max_size=40))
def test_any_text_passes_or_is_refused(text: str) -> None:
    with suppress(QueryFailed, QueryRefused):
        check_statement("SELECT " + text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_nothing_in_a_text_is_taken_for_a_word(text: str) -> None:
    quoted = (
        text.replace("\0", "").replace("\\", "\\\\").replace("'", "''").encode("utf-8", "ignore").decode()
    )
    check_statement(f"SELECT '{quoted}'")


def test_only_queries_have_a_plan() -> None:
    assert is_query("/* a */ (SELECT 1)")
    assert not is_query("SHOW TABLES")
    assert not is_query("EXPLAIN SELECT 1")
