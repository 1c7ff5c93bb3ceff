"""All tables of all databases in one SQLite file, with made-up ones up to the number that is wanted."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.schema_linking.decoys import decoys
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines import Engine, open_engine
from tao_servers.text2sql.schema import Column, Schema, Table
from tao_servers.text2sql.stopping import Stop

__all__ = ["Union", "make_union"]


class Union:
    """The file behind an engine, its schema, and the name that each table of each database has there."""

    def __init__(self, path: Path, names: dict[tuple[str, str], str], comments: dict[str, Table]) -> None:
        self.engine: Engine = open_engine(Database("union", str(path)))
        tables = (_commented(table, comments.get(table.name)) for table in self.engine.tables(Stop()))
        self.schema = Schema(tuple(tables), "sqlite", "main")
        self._names = names

    def name(self, database: str, table: str) -> str | None:
        """The name of a table of one of the databases; None when it has no such table."""
        return self._names.get((database.lower(), table.lower()))


def make_union(databases: list[Path], count: int, path: Path) -> Union:
    """Copy every table of `databases` into a new file at `path`, and add empty ones up to `count`.

    A name that more than one database has gets the database's name as an ending.
    """
    tables = {file: _tables(file) for file in databases}
    often = Counter(table.name.lower() for found in tables.values() for table in found)
    made = decoys(max(count - sum(map(len, tables.values())), 0))
    often.update(table.name.lower() for table in made)
    names: dict[tuple[str, str], str] = {}
    for file, found in tables.items():
        for table in found:
            ending = f"_{file.stem}" if often[table.name.lower()] > 1 else ""
            names[file.stem.lower(), table.name.lower()] = table.name + ending
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        for file, found in tables.items():
            _copy(connection, file, found, names)
        for table in made:
            connection.execute(_create(table, table.name, {}))
        connection.commit()
    return Union(path, names, {table.name: table for table in made})


def _tables(file: Path) -> list[Table]:
    return open_engine(Database(file.stem, str(file))).tables(Stop())


def _copy(
    connection: sqlite3.Connection, file: Path, tables: list[Table], names: dict[tuple[str, str], str]
) -> None:
    own = {table: new for (database, table), new in names.items() if database == file.stem.lower()}
    connection.execute("ATTACH ? AS source", (str(file),))
    for table in tables:
        new = own[table.name.lower()]
        connection.execute(_create(table, new, own))
        connection.execute(f"INSERT INTO main.{_quoted(new)} SELECT * FROM source.{_quoted(table.name)}")
    connection.commit()
    connection.execute("DETACH source")


def _create(table: Table, name: str, renamed: dict[str, str]) -> str:
    parts = [f"{_quoted(column.name)} {column.type}".rstrip() for column in table.columns]
    keys = [_quoted(column.name) for column in table.columns if column.primary_key]
    if keys:
        parts.append(f"PRIMARY KEY ({', '.join(keys)})")
    for column in table.columns:
        target, _, target_column = (column.references or "").rpartition(".")
        if target:
            new = renamed.get(target.lower(), target)
            parts.append(
                f"FOREIGN KEY ({_quoted(column.name)}) REFERENCES {_quoted(new)} ({_quoted(target_column)})"
            )
    return f"CREATE TABLE {_quoted(name)} ({', '.join(parts)})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _commented(table: Table, made: Table | None) -> Table:
    if made is None:
        return table
    comments = {column.name: column.comment for column in made.columns}
    columns = tuple(_with(column, comments.get(column.name)) for column in table.columns)
    return replace(table, columns=columns, comment=made.comment)


def _with(column: Column, comment: str | None) -> Column:
    return replace(column, comment=comment)
