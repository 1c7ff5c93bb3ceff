"""Finds the table that a name in FROM means, and says what to write when there is none.

This module imports sqlglot.
"""

from sqlglot import exp

from tao_servers.text2sql.checking.sources import Names, Source, ascii_lower
from tao_servers.text2sql.functions import system_tables
from tao_servers.text2sql.functions.sqlite import is_system_table
from tao_servers.text2sql.schema import Schema, Table

__all__ = ["columns_of", "found_table", "some"]

_OTHER_SYSTEMS = {
    "postgres": frozenset({"information_schema", "pg_catalog", "pg_toast"}),
    "mysql": frozenset({"information_schema", "mysql", "performance_schema", "sys"}),
    "duckdb": frozenset({"information_schema", "pg_catalog"}),
    "sqlite": frozenset[str](),
}


def found_table(node: exp.Table, schema: Schema, names: Names) -> Source | str:
    """The source that the name of a table means, or what is wrong with it."""
    dialect = schema.dialect
    name, prefix = ascii_lower(node.name), ascii_lower(node.db)
    alias = names.of_table(node.args.get("alias")) or names.of_table(node.this)
    written = f"{node.db}.{node.name}" if node.db else node.name
    if node.args.get("catalog"):
        return f"Write {written[:120]!r} without the name of the database before it."
    if dialect == "mysql" and name == "dual" and not prefix:
        return Source(alias, (), single=True)
    if _is_of_system(name, prefix, schema):
        return _system_table(alias, name, prefix, schema)
    home = schema.home or ("main" if dialect in {"sqlite", "duckdb"} else None)
    table = schema.table(node.name, None if home and prefix == home.lower() else node.db or None)
    if table is None and dialect == "duckdb" and not prefix and _in_lists(name, "", schema):
        return _system_table(alias, name, prefix, schema)
    if table is None:
        return _unknown(node, written, schema)
    exact = _exactly(table, node, schema, names)
    if isinstance(exact, str):
        return exact
    return Source(alias, columns_of(exact, schema), exact)


def columns_of(table: Table, schema: Schema) -> tuple[str, ...]:
    """The names of a table's columns, folded."""
    if schema.dialect == "postgres":
        return tuple(column.name for column in table.columns)
    return tuple(ascii_lower(column.name) for column in table.columns)


def some(names: list[str], most: int = 30) -> str:
    """At most some of the names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _is_of_system(name: str, prefix: str, schema: Schema) -> bool:
    if schema.dialect == "sqlite":
        return is_system_table(name)
    if prefix:
        return prefix in _OTHER_SYSTEMS[schema.dialect]
    # PostgreSQL looks into its catalogue first.
    return schema.dialect == "postgres" and name.startswith("pg_")


def _in_lists(name: str, prefix: str, schema: Schema) -> bool:
    return schema.open and name in system_tables(schema.dialect).get(prefix, frozenset())


def _system_table(alias: str, name: str, prefix: str, schema: Schema) -> Source | str:
    if _in_lists(name, prefix, schema):
        return Source(alias, None)
    return f"The table {name[:60]!r} cannot be read. Use list_tables and describe_table."


def _exactly(table: Table, node: exp.Table, schema: Schema, names: Names) -> Table | str:
    """The table whose name is so written, where the database makes a difference."""
    if schema.dialect == "mysql":
        # Whether capitals make a difference there is the file system's affair; nothing must lie between.
        same = table.name == node.name or schema.open
        return table if same else f"Write the table as it is: `{table.name}`."
    name = names.of_table(node.this)
    if schema.dialect != "postgres":
        return table if ascii_lower(table.name) == name else f"There is no table {node.name[:60]!r}."
    for other in (table, *schema.tables):
        if other.name == name and other.schema == table.schema:
            return other
    return f'Write the table with its capitals in double quotes: "{table.name}".'


def _unknown(node: exp.Table, written: str, schema: Schema) -> str:
    if node.db and (schema.table(node.name) is not None) and schema.dialect in {"sqlite", "duckdb"}:
        return f"There is no database {node.db[:60]!r}; write {node.name[:60]!r} without it."
    close = schema.tables_like(node.name)
    if close:
        return f"There is no table {written[:120]!r}. Did you mean {' or '.join(map(repr, close))}?"
    return (
        f"There is no table {written[:120]!r}. The tables are: {some([t.full_name for t in schema.tables])}."
    )
