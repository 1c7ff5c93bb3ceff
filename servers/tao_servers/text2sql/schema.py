"""What is in a database: tables, columns, keys, row counts and a few values."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tao_servers.text2sql.comments import Comments, comments_path, load_comments
from tao_servers.text2sql.connection import Deadline, open_database, quoted
from tao_servers.text2sql.errors import SetupError

__all__ = ["Column", "Database", "Samples", "Schema", "Table", "read_samples", "read_schema"]

_COUNT_SECONDS = 2.0
_SAMPLE_SECONDS = 1.0
_SAMPLED_ROWS = 50_000
_FEW = 12
_SAMPLE_CHARS = 40


@dataclass(frozen=True, slots=True)
class Database:
    """Where a database is, and where the comments on it are when not in `X.yaml` beside `X.sqlite`."""

    path: Path
    comments: Path | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `references` is `table.column`."""

    name: str
    type: str
    primary_key: bool = False
    references: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table or view; `rows` is None when counting took too long."""

    name: str
    columns: tuple[Column, ...]
    rows: int | None = None
    comment: str | None = None

    def column(self, name: str) -> Column | None:
        """The column of that name, whatever its case."""
        return next((c for c in self.columns if c.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Samples:
    """Values of one column as short texts; `complete` when the column has no others."""

    values: list[str]
    complete: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables and views of a database, in the order of their names."""

    tables: tuple[Table, ...]

    def table(self, name: str) -> Table | None:
        """The table of that name, whatever its case."""
        return next((t for t in self.tables if t.name.lower() == name.lower()), None)

    def tables_like(self, name: str) -> list[str]:
        """Tables whose name or comment is close to `name`, the closest first."""
        meanings = {t.name: t.name for t in self.tables}
        meanings |= {t.comment: t.name for t in self.tables if t.comment}
        return _closest(name, meanings)

    def columns_like(self, name: str) -> list[str]:
        """Columns whose name or comment is close to `name`, the closest first."""
        meanings = {c.name: c.name for t in self.tables for c in t.columns}
        meanings |= {c.comment: c.name for t in self.tables for c in t.columns if c.comment}
        return _closest(name, meanings)


def _closest(name: str, meanings: dict[str, str]) -> list[str]:
    lowered = {meaning.lower(): target for meaning, target in meanings.items()}
    # Comparing is slow on long texts, and no name is that long.
    wanted = name.lower()[:100]
    found = get_close_matches(wanted, lowered, n=3, cutoff=0.6)
    if len(wanted) > 1:
        found += [meaning for meaning in lowered if wanted in meaning]
    return list(dict.fromkeys(lowered[meaning] for meaning in found))[:3]


def read_schema(database: Database) -> Schema:
    """Read the schema with its comments; rows are counted for two seconds at most.

    Raises:
        SetupError: the database or its comments file cannot be read.
    """
    path = comments_path(database.path, database.comments)
    with open_database(database.path) as connection:
        comments = load_comments(path) if path else Comments()
        try:
            return Schema(tuple(_tables(connection, comments)))
        except sqlite3.Error as exc:
            raise SetupError(f"The schema of {str(database.path)!r} cannot be read: {exc}.") from exc


def read_samples(database: Database, table: Table) -> dict[str, Samples]:
    """The values of each column when they are few, else three of them; by column name."""
    samples: dict[str, Samples] = {}
    with open_database(database.path) as connection:
        Deadline(_SAMPLE_SECONDS).watch(connection)
        for column in table.columns:
            name = quoted(column.name)
            inner = f"SELECT {name} AS v FROM {quoted(table.name)} LIMIT {_SAMPLED_ROWS}"
            query = f"SELECT DISTINCT v FROM ({inner}) WHERE v IS NOT NULL LIMIT {_FEW + 1}"
            try:
                values = [_short(value) for (value,) in connection.execute(query)]
            except sqlite3.Error:
                # A view may be broken, or the time be over: a table is described without examples then.
                break
            complete = len(values) <= _FEW and table.rows is not None and table.rows <= _SAMPLED_ROWS
            samples[column.name] = Samples(values if complete else values[:3], complete)
    return samples


def _tables(connection: sqlite3.Connection, comments: Comments) -> Iterator[Table]:
    shadows = {row[1] for row in connection.execute("PRAGMA table_list") if row[2] == "shadow"}
    listed = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
    names = [str(name) for (name,) in connection.execute(listed).fetchall()]
    deadline = Deadline(_COUNT_SECONDS)
    for name in names:
        if name.lower().startswith("sqlite_") or name in shadows:
            continue
        try:
            columns = tuple(_columns(connection, name, comments))
        except sqlite3.OperationalError:
            # A view on a table that is gone, or a table of an absent module: no query can read it either.
            continue
        deadline.watch(connection)
        rows = _count(connection, name)
        connection.set_progress_handler(None, 0)
        yield Table(name, columns, rows, comments.of_table(name))


def _columns(connection: sqlite3.Connection, table: str, comments: Comments) -> Iterator[Column]:
    targets: dict[str, str] = {}
    for key in connection.execute(f"PRAGMA foreign_key_list({quoted(table)})"):
        # A key without a target column means the other table's primary key.
        targets[str(key[3]).lower()] = f"{key[2]}.{key[4]}" if key[4] else str(key[2])
    for _, name, kind, _, _, key, hidden in connection.execute(f"PRAGMA table_xinfo({quoted(table)})"):
        if hidden == 1:  # an argument of a virtual table
            continue
        reference, comment = targets.get(name.lower()), comments.of_column(table, name)
        yield Column(name, kind, bool(key), reference, comment)


def _count(connection: sqlite3.Connection, table: str) -> int | None:
    try:
        return int(connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0])
    except sqlite3.OperationalError:
        # The time is over; None says so.
        return None


def _short(value: object) -> str:
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    text = " ".join(str(value)[: 2 * _SAMPLE_CHARS].split())
    return text if len(text) <= _SAMPLE_CHARS else text[: _SAMPLE_CHARS - 1] + "…"
