"""Reads what tables there are, with columns, keys, comments and rows."""

import time
from typing import TYPE_CHECKING, Any

from tao_servers.text2sql.schema import Column, Table
from tao_servers.text2sql.stopping import Stop

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["read_tables"]

_HOME = "main"
_LONGEST_TYPE = 60
_COUNTING_SECONDS = 2.0
_MINE = "database_name = current_database() AND NOT internal"

Key = tuple[str, str]


def read_tables(connection: "DuckDBPyConnection", stop: Stop) -> list[Table]:
    """All tables and views of the database, in the order of their names; rows of a view are not counted."""
    columns = _columns(connection)
    tables = connection.execute(
        f"SELECT schema_name, table_name, comment, estimated_size FROM duckdb_tables() WHERE {_MINE}"
    ).fetchall()
    end = time.monotonic() + _COUNTING_SECONDS
    found = []
    for schema, name, comment, estimate in tables:
        rows = estimate
        if time.monotonic() < end and not stop.is_set:
            rows = _count(connection, schema, name)
        found.append(_table(schema, name, comment, columns, rows=rows))
    views = connection.execute(
        f"SELECT schema_name, view_name, comment FROM duckdb_views() WHERE {_MINE}"
    ).fetchall()
    found += [_table(schema, name, comment, columns, is_view=True) for schema, name, comment in views]
    return sorted(found, key=lambda table: table.full_name)


def _table(
    schema: str,
    name: str,
    comment: str | None,
    columns: dict[Key, list[Column]],
    *,
    rows: int | None = None,
    is_view: bool = False,
) -> Table:
    return Table(
        name,
        tuple(columns.get((schema, name), ())),
        rows=rows,
        comment=comment,
        schema=None if schema == _HOME else schema,
        is_view=is_view,
    )


def _columns(connection: "DuckDBPyConnection") -> dict[Key, list[Column]]:
    primary, references = _keys(connection)
    query = (
        "SELECT schema_name, table_name, column_name, data_type, comment, is_nullable FROM duckdb_columns()"
        f" WHERE {_MINE} ORDER BY schema_name, table_name, column_index"
    )
    found: dict[Key, list[Column]] = {}
    for schema, table, name, kind, comment, nullable in connection.execute(query).fetchall():
        column = Column(
            name,
            kind if len(kind) <= _LONGEST_TYPE else f"{kind[: _LONGEST_TYPE - 1]}…",
            primary_key=(schema, table, name) in primary,
            references=references.get((schema, table, name)),
            comment=comment,
            nullable=bool(nullable),
        )
        found.setdefault((schema, table), []).append(column)
    return found


def _keys(
    connection: "DuckDBPyConnection",
) -> tuple[set[tuple[str, str, str]], dict[tuple[str, str, str], str]]:
    query = (
        "SELECT schema_name, table_name, constraint_type, constraint_column_names, referenced_table,"
        " referenced_column_names FROM duckdb_constraints() WHERE database_name = current_database()"
        " AND constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY')"
    )
    primary: set[tuple[str, str, str]] = set()
    references: dict[tuple[str, str, str], str] = {}
    rows: list[Any] = connection.execute(query).fetchall()
    for schema, table, kind, names, target, targets in rows:
        if kind == "PRIMARY KEY":
            primary.update((schema, table, name) for name in names)
            continue
        # DuckDB tells no schema of the table that is referred to: it is the same one.
        prefix = "" if schema == _HOME else f"{schema}."
        for name, other in zip(names, targets, strict=False):
            references[schema, table, name] = f"{prefix}{target}.{other}"
    return primary, references


def _count(connection: "DuckDBPyConnection", schema: str, name: str) -> int | None:
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, name))
    row = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()
    return int(row[0]) if row else None
