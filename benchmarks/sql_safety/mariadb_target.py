"""A real MariaDB to attack: an account that may only read, and much that could be changed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.sql_safety.cases import Case
from benchmarks.sql_safety.making import tables
from benchmarks.sql_safety.reading import things_of
from benchmarks.sql_safety.target import State, Target, files_there, opened, session_of
from tao_servers.text2sql.database import Database
from tests.support.mariadb_server import MISSING, MariadbServer, has_mariadb, mariadb_server

__all__ = ["mariadb_target"]

_DATABASE = "attacked"
_MORE = (
    "CREATE TABLE secrets (id INT, name VARCHAR(200))",
    "INSERT INTO secrets VALUES (1, 'hidden')",
    "CREATE TABLE written (at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)",
    "CREATE SEQUENCE counted",
    "CREATE PROCEDURE writes() INSERT INTO written VALUES ()",
    "CREATE FUNCTION writing() RETURNS INT BEGIN INSERT INTO written VALUES (); RETURN 1; END",
)
_SESSION = (
    "SHOW SESSION VARIABLES",
    "SELECT CURRENT_USER(), DATABASE(), LAST_INSERT_ID(), @a, @tao_left, @@autocommit, @@tx_read_only",
    "SELECT * FROM information_schema.USER_VARIABLES",
    "SELECT IS_USED_LOCK('tao'), IS_USED_LOCK('x')",
    "SHOW OPEN TABLES WHERE In_use > 0",
)
# They count or tell the time; what a statement sets is not among them.
_MOVING = (
    "timestamp",
    "gtid",
    "rand_seed",
    "last_insert_id",
    "insert_id",
    "pseudo_",
    "warning_count",
    "error_count",
)
_OUTSIDE = (
    "SELECT * FROM information_schema.columns WHERE table_schema <> 'information_schema'"
    " ORDER BY table_schema, table_name, ordinal_position",
    "SELECT schema_name FROM information_schema.schemata ORDER BY 1",
    "SELECT routine_schema, routine_name, routine_definition FROM information_schema.routines ORDER BY 1, 2",
    "SELECT trigger_name, action_statement FROM information_schema.triggers ORDER BY 1",
    "SELECT event_name FROM information_schema.events ORDER BY 1",
    "SELECT plugin_name, plugin_status FROM information_schema.plugins ORDER BY 1",
    "SELECT user, host, command, info FROM information_schema.processlist"
    " WHERE user = 'reader' AND command <> 'Sleep'",
)


@contextmanager
def mariadb_target(cases: Iterable[Case], folder: Path) -> Iterator[Target]:
    """A new server with a database that has what the cases name, read by an account that may only read."""
    if not has_mariadb():
        raise ModuleNotFoundError(MISSING)
    things = things_of(cases)
    with mariadb_server() as server:
        server.admin(f"CREATE DATABASE {_DATABASE}")
        server.admin(*tables(things, "mysql"), *_MORE, database=_DATABASE)
        address = server.reader(_DATABASE)
        database = Database("mariadb", address, connections=1)
        with opened(database) as (engine, schema):

            def look() -> State:
                outside = _state(server) | files_there(things.files)
                session = session_of(engine, _SESSION)
                return outside | {key: _still(value) for key, value in session.items()}

            yield Target("mariadb", engine, schema, look)


def _still(rows: str) -> str:
    """The variables of a session without those that move by themselves."""
    return ", ".join(part for part in rows.split("], [") if not part.strip("[]'").startswith(_MOVING))


def _state(server: MariadbServer) -> dict[str, str]:
    found: dict[str, str] = {}
    names = server.admin(
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_type IN ('BASE TABLE', 'SEQUENCE') AND table_name NOT LIKE 'innodb%stats'"
        f" AND table_schema IN ('mysql', '{_DATABASE}') ORDER BY 1, 2"
    )
    for schema, name in names:
        found[f"table {schema}.{name}"] = repr(server.admin(f"CHECKSUM TABLE `{schema}`.`{name}`"))
    for query in _OUTSIDE:
        found[query] = repr(server.admin(query))
    variables = server.admin("SHOW GLOBAL VARIABLES")
    found["global variables"] = repr([row for row in variables if not str(row[0]).startswith(_MOVING)])
    kept = (path for path in (server.folder / "data").rglob("*") if path.parent.name in {"data", _DATABASE})
    found["files"] = repr(
        sorted(path.name for path in kept if not path.name.startswith(("aria_log", "ib", "undo")))
    )
    return found
