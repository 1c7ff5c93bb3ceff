"""What the engine makes of a server's version, plans and errors."""

import pytest

from tao_servers.text2sql.engines.mysql.failures import of_connecting, of_reconnecting, of_statement
from tao_servers.text2sql.engines.mysql.flavour import Server
from tao_servers.text2sql.engines.mysql.plan import examined_rows
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, SetupError


@pytest.mark.parametrize(
    ("version", "limit"),
    [
        ("8.0.36", "max_execution_time = 2500"),
        ("8.4.0-commercial", "max_execution_time = 2500"),
        ("5.7.44-log", "max_execution_time = 2500"),
        ("8.0.11-TiDB-v7.5.0", "max_execution_time = 2500"),
        ("10.11.18-MariaDB-0+deb12u1", "max_statement_time = 2.500"),
        ("5.5.5-10.6.1-MariaDB", "max_statement_time = 2.500"),
    ],
)
def test_each_server_is_given_its_own_time_limit(version: str, limit: str) -> None:
    statements = " ".join(Server(version).settings(2.5, 101))
    assert limit in statements
    assert "sql_select_limit = 101" in statements
    assert "START TRANSACTION READ ONLY" in statements


def test_no_limit_is_ever_zero_which_would_mean_none() -> None:
    assert "max_execution_time = 1" in Server("8.0.36").settings(0.0)[0]
    assert "max_statement_time = 0.001" in Server("11.4.2-MariaDB").settings(0.0)[0]


def test_quotes_and_backslashes_are_read_in_one_way_whatever_the_servers_mode() -> None:
    reading = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE,ORACLE"
    mode = f"ONLY_FULL_GROUP_BY,{reading},STRICT_ALL_TABLES"
    assert Server("8.0.36", mode).plain_mode == "ONLY_FULL_GROUP_BY,STRICT_ALL_TABLES"
    assert Server("8.0.36", "x'; DROP TABLE t; --").plain_mode == ""


@pytest.mark.parametrize("code", [1792, 1044, 1142, 1143, 1227, 1290, 1370, 3948, 4166])
def test_a_denied_statement_is_refused_by_the_engine(code: int) -> None:
    error = of_statement(RuntimeError(code, "denied."), "MySQL", 5)
    assert isinstance(error, QueryRefused)
    assert error.rule == "engine"
    assert "denied" in str(error)


@pytest.mark.parametrize(
    ("code", "message", "seen"),
    [
        (3024, "Query execution was interrupted, maximum statement execution time exceeded", "after 5 s"),
        (1969, "Query execution was interrupted (max_statement_time exceeded)", "after 5 s"),
        (1317, "Query execution was interrupted", "Run it again"),
        (2006, "MySQL server has gone away", "the server restarted?"),
        (2013, "Lost connection to MySQL server during query", "the server restarted?"),
        (1205, "Lock wait timeout exceeded", "locked"),
        (1054, "Unknown column 'x' in 'field list'", "Unknown column 'x'"),
        (1146, "Table 'shop.x' doesn't exist", "list_tables"),
        (
            1064,
            "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server"
            " version for the right syntax to use near 'FROM' at line 1",
            "error in your SQL syntax near 'FROM' at line 1.",
        ),
    ],
)
def test_a_failed_statement_says_what_to_do(code: int, message: str, seen: str) -> None:
    error = of_statement(RuntimeError(code, message), "MySQL", 5)
    assert isinstance(error, QueryFailed)
    assert seen in str(error)
    assert "manual" not in str(error)


def test_a_long_message_is_cut() -> None:
    assert len(str(of_statement(RuntimeError(1064, "x" * 10_000), "MySQL", 5))) < 600


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (
            RuntimeError(1045, "Access denied for user 'a'@'b' (using password: YES)"),
            "the password in the address",
        ),
        (RuntimeError(1049, "Unknown database 'x'"), "SHOW DATABASES"),
        (RuntimeError(1044, "Access denied for user 'a'@'%' to database 'x'"), "GRANT SELECT"),
        (RuntimeError(2003, "Can't connect to MySQL server on 'h'"), "Check host and port"),
        (RuntimeError(1040, "Too many connections"), "raise its limit"),
        (
            RuntimeError(
                "'cryptography' package is required for sha256_password or caching_sha2_password auth methods"
            ),
            "ssl=true",
        ),
        (RuntimeError(1130, "Host 'x' is not allowed to connect"), "not allowed"),
    ],
)
def test_a_connection_that_fails_says_what_to_do(error: Exception, seen: str) -> None:
    failure = of_connecting(error, "mysql://a:***@h/x")
    assert isinstance(failure, SetupError)
    assert seen in str(failure)
    assert "mysql://a:***@h/x" in str(failure)


def test_a_server_that_is_gone_for_a_moment_fails_only_the_query() -> None:
    assert isinstance(of_reconnecting(RuntimeError(2003, "refused"), "mysql://h/x"), QueryFailed)
    assert isinstance(of_reconnecting(RuntimeError(1045, "denied"), "mysql://h/x"), SetupError)


def _step(number: int | None, kind: str, rows: object, **more: object) -> dict[str, object]:
    return {"id": number, "select_type": kind, "type": "ALL", "rows": rows, "Extra": "", **more}


def test_joined_tables_multiply_and_selects_add_up() -> None:
    assert examined_rows([_step(1, "SIMPLE", "1000"), _step(1, "SIMPLE", 1)]) == 2_000
    assert examined_rows([_step(1, "SIMPLE", 10**6) for _ in range(3)]) == pytest.approx(1e18, rel=1e-3)
    union = [_step(1, "PRIMARY", 50), _step(2, "UNION", 70), _step(None, "UNION RESULT", None)]
    assert examined_rows(union) == 120


def test_a_dependent_subquery_counts_once_for_each_row() -> None:
    assert examined_rows([_step(1, "PRIMARY", 1000), _step(2, "DEPENDENT SUBQUERY", 500)]) == 501_000
    assert examined_rows([_step(2, "SUBQUERY", 500), _step(1, "PRIMARY", 1000)]) == 1_500


def test_what_a_table_filters_is_not_joined_further() -> None:
    steps = [_step(1, "SIMPLE", 1000, filtered="1.00"), _step(1, "SIMPLE", 100, filtered="100.00")]
    assert examined_rows(steps) == 2_000


def test_a_hash_join_on_an_equality_reads_each_table_once_but_a_cross_join_does_not() -> None:
    hashed = "Using where; Using join buffer (hash join)"
    first = _step(1, "SIMPLE", 10**6, filtered=100.0)
    assert examined_rows([first, _step(1, "SIMPLE", 10**6, filtered=10.0, Extra=hashed)]) == 2 * 10**6
    cross = _step(1, "SIMPLE", 10**6, filtered=100.0, Extra="Using join buffer (hash join)")
    assert (examined_rows([first, cross]) or 0) > 1e12
    bnlh = _step(1, "SIMPLE", 10**6, type="hash_ALL", Extra="Using join buffer (flat, BNLH join)")
    assert examined_rows([_step(1, "SIMPLE", 10**6), bnlh]) == 2 * 10**6


def test_a_plan_of_another_form_is_unknown() -> None:
    assert examined_rows([{"id": "TableReader_5", "estRows": "10.00", "task": "root"}]) is None
    assert examined_rows([_step(1, "SIMPLE", None)]) == 1
    assert examined_rows([_step(1, "SIMPLE", "viele", filtered="nan")]) == 1
