"""A DuckDB file to attack."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from benchmarks.sql_safety.cases import Case
from benchmarks.sql_safety.reading import things_of
from benchmarks.sql_safety.target import State, Target, file_sums, files_there, opened, session_of
from tao_servers.text2sql.database import Database

__all__ = ["duckdb_target"]

_SESSION = (
    "SELECT name, value FROM duckdb_settings() ORDER BY name",
    "SELECT database_name, path, readonly FROM duckdb_databases() ORDER BY 1",
    "SELECT name FROM duckdb_prepared_statements() ORDER BY 1",
    "SELECT name FROM duckdb_variables() ORDER BY 1",
    "SELECT table_name, temporary FROM duckdb_tables() ORDER BY 1",
    "SELECT extension_name, loaded, installed FROM duckdb_extensions() ORDER BY 1",
    "SELECT current_schema(), current_database()",
)


@contextmanager
def duckdb_target(setup: str, cases: Iterable[Case], folder: Path) -> Iterator[Target]:
    """A DuckDB database in `folder`, made by `setup`."""
    path = folder / "attacked.duckdb"
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute(setup)
    files = things_of(cases).files
    database = Database("duckdb", str(path), connections=1)
    with opened(database) as (engine, schema):

        def look() -> State:
            return file_sums(folder) | files_there(files) | session_of(engine, _SESSION)

        yield Target("duckdb", engine, schema, look)
