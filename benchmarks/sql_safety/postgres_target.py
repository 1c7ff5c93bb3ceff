"""A real PostgreSQL to attack: a reader without privileges, and much that could be changed."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql as composing

from benchmarks.sql_safety.cases import Case
from benchmarks.sql_safety.differences import difference
from benchmarks.sql_safety.making import functions, procedures, tables
from benchmarks.sql_safety.reading import things_of
from benchmarks.sql_safety.target import State, Target, files_there, opened, session_of
from benchmarks.sql_safety.things import Things
from tao_servers.text2sql.database import Database
from tests.support.postgres_server import PostgresServer, postgres_server

__all__ = ["postgres_target"]

_READER = "reader"
_DATABASE = "attacked"
# Things that attacks like, beside what the cases name.
_MORE = """
CREATE ROLE other LOGIN;
CREATE TABLE secrets (id integer, name text);
INSERT INTO secrets VALUES (1, 'hidden');
ALTER TABLE secrets OWNER TO other;
CREATE TABLE written (at timestamp DEFAULT now());
SELECT lo_from_bytea(4242, 'large');
SELECT lo_from_bytea(4243, 'large');
GRANT SELECT ON LARGE OBJECT 4242 TO PUBLIC;
"""
# Sent by the reader in the pooled session itself.
_SESSION = (
    "SELECT name, setting FROM pg_settings ORDER BY name",
    "SELECT current_user, session_user, current_schemas(true)",
    "SELECT pg_listening_channels()",
    "SELECT name FROM pg_prepared_statements ORDER BY 1",
    "SELECT relname FROM pg_class WHERE relpersistence = 't' ORDER BY 1",
    # A setting of one's own that was reset is an empty text from then on.
    "SELECT nullif(current_setting('app.tenant_id', true), '')",
)
_SUM = composing.SQL("SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {} t")
_RUNNING = (
    f"SELECT usename, state, query FROM pg_stat_activity WHERE usename = '{_READER}' AND state <> 'idle'"
)
_MOST_LOOKS = 30
# What no catalogue table has; each is a query whose rows are to be the same.
_OUTSIDE = (
    "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2",
    "SELECT name, setting, reset_val FROM pg_settings WHERE name <> 'application_name' ORDER BY name",
    "SELECT sourcefile, name, setting FROM pg_file_settings ORDER BY 1, 2, 3",
    "SELECT locktype, mode, granted FROM pg_locks WHERE locktype = 'advisory' ORDER BY 1, 2, 3",
    "SELECT gid FROM pg_prepared_xacts ORDER BY 1",
    "SELECT slot_name FROM pg_replication_slots ORDER BY 1",
    _RUNNING,
    "SELECT pg_conf_load_time()",
    "SELECT name FROM pg_ls_dir('.') AS name WHERE name !~ '^pg_(wal|xact|stat)' ORDER BY 1",
    "SELECT name FROM pg_ls_dir('pg_replslot') AS name ORDER BY 1",
)


@contextmanager
def postgres_target(cases: Iterable[Case], folder: Path) -> Iterator[Target]:
    """A new server with a database that has what the cases name, read by a role that may only read."""
    cases = list(cases)
    things = things_of(cases)
    counted = [case for case in cases if difference(case) is None]
    with postgres_server() as server:
        made = _make(server, things, things_of(counted))
        database = Database("postgres", server.url(_READER, _DATABASE), functions=tuple(made), connections=1)
        with opened(database) as (engine, schema):

            def look() -> State:
                outside = _state(server.url(database=_DATABASE)) | files_there(things.files)
                return outside | session_of(engine, _SESSION)

            yield Target("postgres", engine, schema, look, tuple(made))


def _make(server: PostgresServer, things: Things, counted: Things) -> list[str]:
    """Make all that is named and not there yet; gives the names of the functions."""
    server.execute(f"CREATE DATABASE {_DATABASE}")
    _drop_system(server, things)
    existing = {row[0] for row in server.execute("SELECT proname FROM pg_proc", _DATABASE)} | {"row"}
    made = functions(counted.functions, existing)
    statements = [
        *tables(things, "postgres"),
        *made.values(),
        _MORE,
        *procedures(things.procedures, "written"),
    ]
    statements += [f"CREATE SEQUENCE {name}" for name in sorted(things.sequences)]
    statements += [
        f"CREATE ROLE {_READER} LOGIN",
        f"ALTER ROLE {_READER} SET default_transaction_read_only = on",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {_READER}",
        f"REVOKE ALL ON secrets FROM {_READER}",
    ]
    for statement in statements:
        server.execute(statement, _DATABASE)
    return list(made)


def _drop_system(server: PostgresServer, things: Things) -> None:
    rows = server.execute(
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = 'pg_catalog'"
    )
    for (name,) in rows:
        things.tables.pop(name, None)


def _state(url: str) -> dict[str, str]:
    """Every table, the catalogue's too, as one sum each, and what lies outside of tables."""
    found: dict[str, str] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        _wait_for_the_cancelled(connection)
        listed = connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p', 'm') ORDER BY 1, 2"
        ).fetchall()
        for schema, name in listed:
            row = connection.execute(_SUM.format(composing.Identifier(schema, name))).fetchone()
            found[f"table {schema}.{name}"] = repr(row)
        for query in _OUTSIDE:
            found[query] = repr(connection.execute(query.encode()).fetchall())
    return found


def _wait_for_the_cancelled(connection: psycopg.Connection[Any]) -> None:
    """A statement that was cancelled may need a moment to give back its memory; one that stays is told."""
    for _ in range(_MOST_LOOKS):
        if not connection.execute(_RUNNING.encode()).fetchall():
            return
        time.sleep(0.1)
