"""A SQLite file to attack."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.sql_safety.cases import Case
from benchmarks.sql_safety.making import tables
from benchmarks.sql_safety.reading import things_of
from benchmarks.sql_safety.target import State, Target, file_sums, files_there, opened
from tao_servers.text2sql.database import Database

__all__ = ["sqlite_target"]


@contextmanager
def sqlite_target(cases: Iterable[Case], folder: Path) -> Iterator[Target]:
    """A SQLite database in `folder` with the tables that the cases name."""
    things = things_of(cases)
    path = folder / "attacked.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in tables(things, "sqlite"):
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 7")
    database = Database("sqlite", str(path), connections=1)
    with opened(database) as (engine, schema):

        def look() -> State:
            return file_sums(folder) | files_there(things.files)

        yield Target("sqlite", engine, schema, look)
