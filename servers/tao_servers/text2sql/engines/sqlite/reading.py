"""What is in a SQLite file: tables, columns, keys, row counts."""

import sqlite3
from collections.abc import Iterator

from tao_servers.text2sql.engines.sqlite.connection import Deadline, quoted
from tao_servers.text2sql.schema import Column, Table
from tao_servers.text2sql.stopping import Stop

__all__ = ["read_tables"]

_COUNT_SECONDS = 2.0


def read_tables(connection: sqlite3.Connection, stop: Stop) -> Iterator[Table]:
    """The tables and views in the order of their names; rows are counted while two seconds last."""
    shadows = {row[1] for row in connection.execute("PRAGMA table_list") if row[2] == "shadow"}
    listed = "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
    deadline = Deadline(_COUNT_SECONDS, stop)
    for name, kind in connection.execute(listed).fetchall():
        if name.lower().startswith("sqlite_") or name in shadows:
            continue
        try:
            columns = tuple(_columns(connection, name))
        except sqlite3.OperationalError:
            # A view on a table that is gone, or a table of an absent module: no query can read it either.
            continue
        deadline.watch(connection)
        rows = _count(connection, name)
        connection.set_progress_handler(None, 0)
        yield Table(name, columns, rows, is_view=kind == "view")


def _columns(connection: sqlite3.Connection, table: str) -> Iterator[Column]:
    targets: dict[str, str] = {}
    for key in connection.execute(f"PRAGMA foreign_key_list({quoted(table)})"):
        # A key without a target column means the other table's primary key.
        targets[str(key[3]).lower()] = f"{key[2]}.{key[4]}" if key[4] else str(key[2])
    for _, name, kind, not_null, _, key, hidden in connection.execute(f"PRAGMA table_xinfo({quoted(table)})"):
        if hidden == 1:  # an argument of a virtual table
            continue
        yield Column(name, kind, bool(key), targets.get(name.lower()), nullable=not not_null)


def _count(connection: sqlite3.Connection, table: str) -> int | None:
    try:
        return int(connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0])
    except sqlite3.OperationalError:
        # The time is over; None says so.
        return None
