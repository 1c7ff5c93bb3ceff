"""Only types that are known: a table's row type would tell the names of its columns.

This module imports sqlglot.
"""

import re

from sqlglot import exp

from tao_servers.text2sql.checking.statement import Statement

__all__ = ["unknown_type"]

# Of pg_type of PostgreSQL 18, what sqlglot has no name for; then extensions that many have; then DuckDB.
_FURTHER = """
    "char" bit bool box bpchar bytea char cidr circle date datemultirange daterange float4 float8 inet int2
    int4 int8 interval json jsonb jsonpath line lseg macaddr macaddr8 money name numeric nummultirange
    numrange path pg_lsn point polygon text time timestamp timestamptz timetz tsmultirange tsquery tsrange
    tstzmultirange tstzrange tsvector uuid varbit varchar xml int4multirange int4range int8multirange
    int8range citext cube geography geometry halfvec hstore ltree lquery ltxtquery sparsevec vector bignum
    varint variant row list any year
"""
_KNOWN = frozenset(_FURTHER.split())
_ELEMENT = re.compile(r"^_|\[\]$")


def unknown_type(statement: Statement) -> str | None:
    """What is wrong with the first type that is not known."""
    if statement.dialect == "sqlite":
        # Any word is a type there, and none tells anything.
        return None
    own: frozenset[str] | None = None
    for node in statement.nodes:
        if isinstance(node, exp.ObjectIdentifier):
            if str(node.this).upper() != "OID" and not statement.schema.open:
                return f"{str(node.this).lower()}: use list_tables and describe_table instead."
        elif isinstance(node, exp.DataType) and node.this == exp.DType.USERDEFINED:
            name = _type_name(node)
            bare = _ELEMENT.sub("", name.removeprefix("pg_catalog."))
            own = _types_of_columns(statement) if own is None else own
            if bare not in _KNOWN and name not in own and name.rpartition(".")[2] not in own:
                return f"The type {name[:60]!r} is not known here."
    return None


def _type_name(node: exp.DataType) -> str:
    kind = node.args.get("kind")
    if isinstance(kind, exp.Dot):
        return ".".join(part.name for part in kind.parts).lower()
    return (kind.name if isinstance(kind, exp.Expr) else str(kind or "")).lower()


def _types_of_columns(statement: Statement) -> frozenset[str]:
    """The types that columns have, enumerations among them."""
    columns = (column for table in statement.schema.tables for column in table.columns)
    return frozenset(column.type.lower().partition("(")[0].strip().strip('"') for column in columns)
