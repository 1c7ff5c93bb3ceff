"""Tables, columns and keys, read from information_schema with three statements."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from tao_servers.text2sql.engines.mysql.sessions import Session
from tao_servers.text2sql.schema import Column, Table

__all__ = ["read_tables"]

_SYSTEM = {"information_schema", "mysql", "performance_schema", "sys"}
_KINDS = {"BASE TABLE", "SYSTEM VERSIONED", "VIEW"}
_LONGEST_TYPE = 300

_TABLES = """
SELECT table_schema, table_name, table_type, table_rows, table_comment
FROM information_schema.tables WHERE table_schema IN ({schemas})
"""
_COLUMNS = """
SELECT table_schema, table_name, column_name, column_type, column_key, column_comment, is_nullable
FROM information_schema.columns WHERE table_schema IN ({schemas})
ORDER BY table_schema, table_name, ordinal_position
"""
_REFERENCES = """
SELECT table_schema, table_name, column_name,
       referenced_table_schema, referenced_table_name, referenced_column_name
FROM information_schema.key_column_usage
WHERE table_schema IN ({schemas}) AND referenced_table_name IS NOT NULL
ORDER BY table_schema, table_name, constraint_name, ordinal_position
"""

_Key = tuple[str, str]


def read_tables(session: Session, home: str, schemas: Iterable[str]) -> list[Table]:
    """The tables and views of the database `home` and of those that the patterns `schemas` name.

    Views that cannot be opened, because what they read is gone, are left out.
    """
    home = _actual(session, home)
    wanted = ", ".join(_text(schema) for schema in _schemas(session, home, list(schemas)))
    columns = _columns(session, wanted, home)
    tables = [
        Table(
            name=name,
            columns=tuple(columns[schema, name]),
            rows=None if kind == "VIEW" or rows is None else int(rows),
            comment=None if kind == "VIEW" else comment or None,
            schema=None if schema == home else schema,
            is_view=kind == "VIEW",
        )
        for schema, name, kind, rows, comment in session.ask(_TABLES.format(schemas=wanted))
        if kind in _KINDS and columns.get((schema, name))
    ]
    return sorted(tables, key=lambda table: (table.schema or "", table.name))


def _actual(session: Session, home: str) -> str:
    # Where names have no case, the server knows it by another spelling than the address.
    ((name,),) = session.ask("SELECT DATABASE()")
    return str(name or home)


def _schemas(session: Session, home: str, patterns: list[str]) -> list[str]:
    if not patterns:
        return [home]
    lowered = [pattern.lower() for pattern in patterns]
    names = [str(name) for (name,) in session.ask("SELECT schema_name FROM information_schema.schemata")]
    chosen = [name for name in names if any(fnmatchcase(name.lower(), pattern) for pattern in lowered)]
    return [home, *(name for name in chosen if name != home and name.lower() not in _SYSTEM)]


def _columns(session: Session, wanted: str, home: str) -> dict[_Key, list[Column]]:
    references = _references(session, wanted, home)
    columns: dict[_Key, list[Column]] = {}
    for schema, table, name, kind, key, comment, nullable in session.ask(_COLUMNS.format(schemas=wanted)):
        column = Column(
            name=name,
            type=_short(_read(kind)),
            primary_key=key == "PRI",
            references=references.get((schema, table, name)),
            comment=comment or None,
            nullable=nullable == "YES",
        )
        columns.setdefault((schema, table), []).append(column)
    return columns


def _references(session: Session, wanted: str, home: str) -> dict[tuple[str, str, str], str]:
    references: dict[tuple[str, str, str], str] = {}
    for schema, table, column, *target in session.ask(_REFERENCES.format(schemas=wanted)):
        other, target_table, target_column = target
        full_name = target_table if other == home else f"{other}.{target_table}"
        references.setdefault((schema, table, column), f"{full_name}.{target_column}")
    return references


def _read(value: Any) -> str:
    # MySQL 8 gives the type as a binary text.
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _short(kind: str) -> str:
    return kind if len(kind) <= _LONGEST_TYPE else f"{kind[:_LONGEST_TYPE]}…"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
