"""What is in a PostgreSQL database: tables, columns, keys and comments, in four questions for any size."""

import json
from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatchcase

from tao_servers.text2sql.engines.postgres.session import Session
from tao_servers.text2sql.engines.postgres.values import Value
from tao_servers.text2sql.schema import Column, Table

__all__ = ["read_tables"]

_SCHEMAS = """SELECT nspname, nspname = (pg_catalog.current_schemas(false))[1] FROM pg_catalog.pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
AND pg_catalog.has_schema_privilege(oid, 'USAGE')"""

# Partitions are read through their table; what an extension brings is no table of the user's.
_READABLE = """pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
AND n.nspname = ANY (SELECT pg_catalog.json_array_elements_text($1::json))
AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::regclass
    AND d.objid = c.oid AND d.deptype = 'e')
AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')"""

_TABLES = f"""SELECT c.oid, n.nspname, c.relname, c.relkind::text,
pg_catalog.obj_description(c.oid, 'pg_class'),
CASE WHEN c.relkind <> 'p' THEN c.reltuples::float8
    ELSE (SELECT CASE WHEN pg_catalog.min(leaf.reltuples) < 0 THEN -1
        ELSE pg_catalog.sum(leaf.reltuples) END FROM pg_catalog.pg_partition_tree(c.oid) AS tree
    JOIN pg_catalog.pg_class AS leaf ON leaf.oid = tree.relid WHERE tree.isleaf)::float8 END
FROM {_READABLE}"""

_COLUMNS = f"""SELECT a.attrelid, a.attnum::int, a.attname, CASE t.typtype
    WHEN 'e' THEN 'enum(' || (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(few.enumlabel), ', '
            ORDER BY few.enumsortorder) FROM (SELECT * FROM pg_catalog.pg_enum WHERE enumtypid = t.oid
            ORDER BY enumsortorder LIMIT 20) AS few) || ')'
    WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
    ELSE pg_catalog.format_type(a.atttypid, a.atttypmod) END,
    a.attnotnull, pg_catalog.col_description(a.attrelid, a.attnum)
FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid IN (SELECT c.oid FROM {_READABLE})
AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attrelid, a.attnum"""

_KEYS = f"""SELECT k.conrelid, own::int, k.contype::text, n2.nspname, c2.relname, a.attname
FROM pg_catalog.pg_constraint AS k
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) AS pair (own, other)
LEFT JOIN pg_catalog.pg_class AS c2 ON c2.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace AS n2 ON n2.oid = c2.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = pair.other
WHERE k.contype IN ('p', 'f') AND k.conrelid IN (SELECT c.oid FROM {_READABLE}) ORDER BY k.oid"""

_SHORT_TYPES = (
    ("character varying", "varchar"),
    ("timestamp without time zone", "timestamp"),
    ("timestamp with time zone", "timestamptz"),
    ("time without time zone", "time"),
    ("time with time zone", "timetz"),
    ("character(", "char("),
    (" without time zone", ""),
)


def read_tables(session: Session, patterns: Sequence[str]) -> tuple[str, list[Table]]:
    """The schema whose tables need no prefix, and the tables that the role may read, by their full names.

    `patterns` are those of schemas, empty for all.
    """
    found = session.rows(_SCHEMAS)
    home = next((str(name) for name, is_home in found if is_home), "public")
    wanted = [str(name) for name, _ in found if _fits(str(name), patterns)]
    schemas = (json.dumps(wanted),)
    columns = _columns(session, schemas, home)
    tables = [
        Table(
            str(name),
            tuple(columns[oid]),
            None if kind == "v" else _estimate(rows),
            _text(comment),
            None if schema == home else str(schema),
            is_view=kind in {"v", "m"},
        )
        for oid, schema, name, kind, comment, rows in session.rows(_TABLES, schemas)
    ]
    return home, sorted(tables, key=lambda table: table.full_name)


def _columns(session: Session, schemas: Sequence[str], home: str) -> dict[Value, list[Column]]:
    """The columns by the number of their table."""
    primary: set[tuple[Value, Value]] = set()
    references: dict[tuple[Value, Value], str] = {}
    for table, number, kind, schema, target, column in session.rows(_KEYS, schemas):
        if kind == "p":
            primary.add((table, number))
        else:
            prefix = "" if schema == home else f"{schema}."
            # Of several keys on a column, the first says best what it is.
            references.setdefault((table, number), f"{prefix}{target}.{column}")
    columns: dict[Value, list[Column]] = defaultdict(list)
    for table, number, name, type_, not_null, comment in session.rows(_COLUMNS, schemas):
        place = (table, number)
        columns[table].append(
            Column(
                str(name),
                _short(str(type_)),
                place in primary,
                references.get(place),
                _text(comment),
                nullable=not not_null,
            )
        )
    return columns


def _fits(schema: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(schema.lower(), pattern.lower()) for pattern in patterns)


def _short(type_: str) -> str:
    for long, short in _SHORT_TYPES:
        type_ = type_.replace(long, short)
    return type_


def _estimate(rows: Value) -> int | None:
    """What the last ANALYZE counted; -1, and 0 before PostgreSQL 14, say that there was none."""
    return int(rows) if isinstance(rows, float) and rows > 0 else None


def _text(value: Value) -> str | None:
    return str(value) if value else None
