import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.engine import Engine
from tao_servers.text2sql.engines.mysql import MysqlEngine
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, SetupError
from tao_servers.text2sql.limits import Limits, Rows
from tao_servers.text2sql.stopping import Stop
from tests.support.mariadb_server import MISSING, MariadbServer, has_mariadb, mariadb_server

pytestmark = [pytest.mark.real, pytest.mark.skipif(not has_mariadb(), reason=MISSING)]

_ENDLESS = "SELECT count(*) FROM big x JOIN big y JOIN big z ON x.a + y.a + z.a = 7"
_LIMITS = Limits(timeout=20)


@pytest.fixture(scope="module")
def server() -> Iterator[MariadbServer]:
    with mariadb_server("--max-allowed-packet=256M") as server:
        server.admin("CREATE DATABASE shop")
        server.admin(
            "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20))",
            "INSERT INTO t VALUES (1, '铅笔'), (2, '100%')",
            "CREATE TABLE log (n INT) ENGINE = MyISAM",
            "CREATE TABLE big AS SELECT seq AS a FROM seq_1_to_20000",
            "CREATE SEQUENCE numbers",
            "CREATE FUNCTION writing() RETURNS INT MODIFIES SQL DATA"
            " BEGIN INSERT INTO log VALUES (1); RETURN 1; END",
            "CREATE FUNCTION loosening() RETURNS INT MODIFIES SQL DATA"
            " BEGIN SET @@session.tx_read_only = 0; RETURN 1; END",
            "CREATE VIEW writes AS SELECT writing() AS n",
            "CREATE VIEW loosens AS SELECT loosening() AS n",
            "CREATE VIEW counts AS SELECT NEXTVAL(numbers) AS n",
            database="shop",
        )
        server.reader("shop")
        yield server


def _engine(server: MariadbServer, connections: int = 5) -> MysqlEngine:
    address = server.url("shop", user="reader", password="geheim")
    return MysqlEngine(Database("shop", address, connections=connections))


@pytest.fixture
def engine(server: MariadbServer) -> Iterator[MysqlEngine]:
    engine = _engine(server)
    yield engine
    engine.close()


def _run(engine: Engine, sql: str, limits: Limits = _LIMITS, stop: Stop | None = None) -> Rows:
    return engine.run(sql, limits, stop or Stop())


def test_a_statement_gives_its_rows(engine: MysqlEngine) -> None:
    assert _run(engine, "SELECT id, name FROM t ORDER BY id") == Rows(
        ["id", "name"], [[1, "铅笔"], [2, "100%"]], more=False
    )


def test_a_long_recursion_is_not_cut_in_silence(engine: MysqlEngine) -> None:
    rounds = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
    assert _run(engine, f"{rounds} SELECT count(*) FROM n").rows == [[5000]]


def test_percent_signs_and_braces_are_left_alone(engine: MysqlEngine) -> None:
    rows = _run(engine, "SELECT '%s %(x)s {y} :z ?', 5 % 3, name FROM t WHERE name LIKE '1%'").rows
    assert rows == [["%s %(x)s {y} :z ?", 2, "100%"]]


def test_every_type_of_column_is_readable(engine: MysqlEngine) -> None:
    rows = _run(
        engine,
        "SELECT b'101', CAST(-1 AS DECIMAL(65, 30)), CAST('-838:59:59' AS TIME), CAST('2024-02-29' AS DATE),"
        " POINT(1, 2), JSON_OBJECT('键', 1), x'00ff', 18446744073709551615, 1e-300, NULL, TRUE",
    ).rows
    assert rows == [
        ["<1 bytes>", -1.0, "-838:59:59", "2024-02-29", "<25 bytes>", '{"键": 1}', "<2 bytes>",
         "18446744073709551615", 1e-300, None, 1]
    ]  # fmt: skip


def test_odd_stored_values_are_readable(server: MariadbServer, engine: MysqlEngine) -> None:
    server.admin(
        "SET sql_mode = ''",
        "CREATE OR REPLACE TABLE odd (d DATE, t DATETIME, b BIT(9), y YEAR, n DECIMAL(65, 30),"
        " latin VARCHAR(9) CHARACTER SET latin1, chinese VARCHAR(9) CHARACTER SET gbk, `a``b.c` INT)",
        "INSERT INTO odd VALUES ('0000-00-00', '2024-00-00', b'101', 2024, 0.1, 'é', '中文', 1)",
        database="shop",
    )
    rows = _run(engine, "SELECT * FROM odd")
    assert rows.columns[-1] == "a`b.c"
    assert rows.rows == [["0000-00-00", "2024-00-00 00:00:00", 5, 2024, 0.1, "é", "中文", 1]]


def test_no_more_is_read_than_is_wanted_and_memory_stays_flat(
    server: MariadbServer, engine: MysqlEngine
) -> None:
    _run(engine, "SELECT 1")
    before = psutil.Process().memory_info().rss
    rows = _run(engine, "SELECT seq, repeat('x', 100) FROM seq_1_to_10000000 LIMIT 10000000")
    assert len(rows.rows) == 100
    assert rows.more
    assert server.wait_until_idle() == []
    # All of them, under the limit of bytes.
    rows = _run(
        engine,
        "SELECT seq, repeat('x', 100) FROM seq_1_to_10000000 LIMIT 10000000",
        Limits(max_rows=10_000_000, timeout=60),
    )
    assert rows.more
    assert psutil.Process().memory_info().rss - before < 50_000_000
    assert server.wait_until_idle() == []


def test_a_row_of_many_megabytes_is_refused_while_a_large_cell_is_cut(
    server: MariadbServer, engine: MysqlEngine
) -> None:
    server.admin(
        "CREATE OR REPLACE TABLE huge (id INT, body LONGTEXT)",
        "INSERT INTO huge VALUES (1, repeat('x', 100000000))",
        database="shop",
    )
    before = psutil.Process().memory_info().rss
    with pytest.raises(QueryFailed, match="left\\(column, 1000\\)"):
        _run(engine, "SELECT * FROM huge")
    assert psutil.Process().memory_info().rss - before < 50_000_000
    ((cell, length),) = _run(engine, "SELECT left(body, 1000000), length(body) FROM huge").rows
    assert str(cell).endswith("… (1,000,000 characters)")
    assert length == 100_000_000
    assert server.wait_until_idle() == []


def test_too_many_columns_are_refused(server: MariadbServer, engine: MysqlEngine) -> None:
    with pytest.raises(QueryFailed, match="select at most 200"):
        _run(engine, "SELECT " + ", ".join(["1"] * 300))
    assert _run(engine, "SELECT 1").rows == [[1]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM mysql.user",
        "SELECT writing()",
        "SELECT * FROM writes",
        "SELECT * FROM loosens, writes",
        "SELECT * FROM counts",
        "EXPLAIN DELETE FROM t",
    ],
)
def test_what_gets_past_the_words_is_refused_by_rights_or_transaction(
    server: MariadbServer, engine: MysqlEngine, sql: str
) -> None:
    with pytest.raises(QueryRefused) as caught:
        _run(engine, sql)
    assert caught.value.rule == "engine"
    assert server.admin("SELECT count(*) FROM log", database="shop") == [(0,)]


def test_a_view_that_loosens_its_session_loosens_no_later_one(
    server: MariadbServer, engine: MysqlEngine
) -> None:
    assert _run(engine, "SELECT * FROM loosens").rows == [[1]]
    with pytest.raises(QueryRefused, match="READ ONLY"):
        _run(engine, "SELECT * FROM writes")
    assert server.admin("SELECT count(*) FROM log", database="shop") == [(0,)]


@pytest.mark.parametrize("user", ["reader", "root"])
def test_the_connection_itself_takes_one_statement_and_no_local_file(
    server: MariadbServer, user: str
) -> None:
    # Without the engine's own look at the words.
    from tao_servers.text2sql.engines.mysql.address import read_address
    from tao_servers.text2sql.engines.mysql.sessions import Sessions

    password = "geheim" if user == "reader" else ""
    sessions = Sessions(read_address(server.url("shop", user=user, password=password)), 1)
    cases = {
        "SELECT 1; SELECT 2": QueryFailed,
        "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE t": QueryRefused,
        "DELETE FROM t": QueryRefused,
        "INSERT INTO log VALUES (1)": QueryRefused,
        "DROP TABLE t": QueryRefused,
        "CREATE TABLE u (a INT)": QueryRefused,
        "SELECT NEXTVAL(numbers)": QueryRefused,
    }
    for sql, error in cases.items():
        with pytest.raises(error), sessions.open(5, Stop()) as session:
            session.ask(sql)
    sessions.close()
    assert server.admin("SELECT count(*) FROM t", database="shop") == [(2,)]
    assert server.admin("SHOW TABLES LIKE 'u'", database="shop") == []


def test_nothing_of_a_session_is_left_to_the_next(server: MariadbServer) -> None:
    from tao_servers.text2sql.engines.mysql.address import read_address
    from tao_servers.text2sql.engines.mysql.sessions import Sessions

    sessions = Sessions(read_address(server.url("shop", user="reader", password="geheim")), 1)
    with sessions.open(5, Stop()) as session:
        ((first,),) = session.ask("SELECT CONNECTION_ID()")
        session.ask("SELECT @a := 7, GET_LOCK('held', 1)")
        session.ask("SET SESSION sql_mode = 'ANSI_QUOTES', max_statement_time = 0, time_zone = '+05:00'")
        session.ask("SET SESSION TRANSACTION READ WRITE")
    with sessions.open(5, Stop(), most_rows=1) as session:
        question = (
            "SELECT CONNECTION_ID(), @a, IS_FREE_LOCK('held'), @@tx_read_only, @@max_statement_time,"
            " @@sql_mode LIKE '%ANSI%', @@time_zone, DATABASE(), @@character_set_client, @@sql_select_limit"
        )
        assert session.ask(question) == [(first, None, 1, 1, 5.0, 0, "SYSTEM", "shop", "utf8mb4", 1)]
    sessions.close()


def test_a_runaway_query_stops_at_its_limit_and_nothing_is_left_running(
    server: MariadbServer, engine: MysqlEngine
) -> None:
    with pytest.raises(QueryFailed, match=r"stopped after 0\.5 s"):
        _run(engine, _ENDLESS, Limits(timeout=0.5))
    assert server.wait_until_idle() == []
    assert _run(engine, "SELECT 1").rows == [[1]]


def test_cancelling_ends_the_statement_on_the_server(server: MariadbServer, engine: MysqlEngine) -> None:
    stop = Stop()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_run, engine, _ENDLESS, Limits(timeout=60), stop)
        while not server.running():
            assert not running.done()
        stop.set()
        with pytest.raises(QueryFailed, match="cancelled"):
            running.result(30)
    assert server.wait_until_idle() == []
    assert _run(engine, "SELECT 1").rows == [[1]]


def test_what_was_cancelled_before_it_began_does_not_run(engine: MysqlEngine) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(QueryFailed, match="cancelled"):
        _run(engine, "SELECT 1", stop=stop)


def test_a_busy_pool_says_so(server: MariadbServer) -> None:
    engine = _engine(server, connections=1)
    stop = Stop()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_run, engine, _ENDLESS, Limits(timeout=60), stop)
        while not server.running():
            assert not running.done()
        with pytest.raises(QueryFailed, match="busy"):
            _run(engine, "SELECT 1")
        stop.set()
        with pytest.raises(QueryFailed, match="cancelled"):
            running.result(30)
    engine.close()


def test_a_table_locked_by_another_fails_soon(server: MariadbServer, engine: MysqlEngine) -> None:
    import pymysql  # type: ignore[import-untyped, unused-ignore]

    with (
        pymysql.connect(
            unix_socket=str(server.socket), user="root", database="shop", ssl_disabled=True
        ) as other,
        other.cursor() as cursor,
    ):
        cursor.execute("LOCK TABLES t WRITE")
        with pytest.raises(QueryFailed, match="locked"):
            _run(engine, "SELECT * FROM t")
    assert len(_run(engine, "SELECT * FROM t").rows) == 2


def test_wrong_statements_say_what_is_wrong(engine: MysqlEngine) -> None:
    for sql, seen in {
        "SELECT nope FROM t": "Unknown column 'nope'",
        "SELECT * FROM nope": "doesn't exist",
        "SELECT FROM": "error in your SQL syntax near 'FROM'",
        "SELECT nope()": "nope does not exist|denied",
        "SELECT '\0'": "NUL",
        "SELECT 1" + " " * 10_000_000: "10,000,008 characters",
    }.items():
        with pytest.raises((QueryFailed, QueryRefused), match=seen):
            _run(engine, sql)
    assert _run(engine, "SELECT 1").rows == [[1]]


def test_after_a_restart_the_next_call_works(server: MariadbServer, engine: MysqlEngine) -> None:
    assert _run(engine, "SELECT 1").rows == [[1]]
    server.restart()
    assert _run(engine, "SELECT 1").rows == [[1]]
    server.stop()
    try:
        with pytest.raises(QueryFailed, match="Run it again"):
            _run(engine, "SELECT 1")
    finally:
        server.start()
    assert _run(engine, "SELECT 1").rows == [[1]]


def test_a_restart_under_load_loses_nothing_silently_and_leaks_no_connection(server: MariadbServer) -> None:
    engine = _engine(server, connections=8)
    begun = threading.Event()

    def ask(number: int) -> int | str:
        if number == 40:
            begun.set()
        try:
            ((value,),) = _run(engine, f"SELECT {number} + count(*) FROM big x JOIN t").rows
        except QueryFailed as exc:
            return str(exc)
        assert isinstance(value, int)
        return value

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask, number) for number in range(200)]
        assert begun.wait(60)
        server.restart()
        results = [answer.result(60) for answer in answers]
    assert all(
        result == number + 40_000 or "un it again" in str(result) for number, result in enumerate(results)
    )
    assert _run(engine, "SELECT 1").rows == [[1]]
    ((open_now,),) = server.admin("SELECT count(*) FROM information_schema.processlist WHERE user = 'reader'")
    assert open_now <= 8
    engine.close()


def test_a_server_that_falls_silent_is_given_up(server: MariadbServer) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"mysql://reader:geheim@127.0.0.1:{silent.getsockname()[1]}/shop"
        engine = MysqlEngine(Database("shop", address))
        with pytest.raises(SetupError, match="Check host and port"):
            engine.prove()


def test_importing_the_engine_loads_no_driver() -> None:
    code = (
        "import sys; from tao_servers.text2sql.engines.mysql import MysqlEngine;"
        " print([name for name in ('pymysql', 'sqlalchemy', 'sqlglot') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
