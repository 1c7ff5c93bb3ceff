"""What to write instead of a column that is not there, or that may not be read.

This module imports sqlglot.
"""

from collections.abc import Sequence

from sqlglot import exp

from tao_servers.text2sql.checking.finding import some
from tao_servers.text2sql.checking.sources import Source
from tao_servers.text2sql.schema import Schema, Table

__all__ = ["all_columns", "doubtful", "no_column"]


def all_columns(table: Table, what: str) -> str:
    """Which columns to name where `what` would take all of them."""
    return (
        f"{what} would take all columns of {table.full_name!r}, which has some that may not be read."
        f" Name those that you need: {some([column.name for column in table.columns])}."
    )


def doubtful(name: str) -> str:
    """How to write a name that the database could take for a hidden column."""
    return (
        f"{name[:60]!r} could be taken for a column that may not be read. Write table.column; for an alias of"
        " SELECT write its expression again, or its number in GROUP BY and ORDER BY."
    )


def no_column(name: str, sources: Sequence[Source], schema: Schema, part: exp.Expr | None = None) -> str:
    """That a column is none of `sources`, and what may be meant; `part` is the name when it stands alone."""
    tables = list(dict.fromkeys(source.table for source in sources if source.table is not None))
    start = f"There is no column {name[:60]!r}."
    if len(sources) == 1 and tables:
        start = f"Table {tables[0].full_name!r} has no column {name[:60]!r}."
    has = " ".join(f"{one.full_name} has: {some([c.name for c in one.columns])}." for one in tables[:3])
    derived = [one for source in sources if source.table is None for one in source.columns or ()]
    if not has and derived:
        has = f"There are: {some(list(dict.fromkeys(derived)))}."
    return f"{start} {_instead(name, tables, schema, part)} {has}".replace("  ", " ").strip()


def _instead(name: str, tables: list[Table], schema: Schema, part: exp.Expr | None) -> str:
    if part is not None and part.args.get("quoted") and schema.dialect != "mysql":
        return "If it is text, write it in single quotes."
    capitals = [c.name for table in tables for c in table.columns if c.name.lower() == name.lower()]
    if capitals:
        return f'Write it with its capitals in double quotes: "{capitals[0]}".'
    owners = [table.full_name for table in schema.tables if table.column(name) and table not in tables]
    if owners:
        return f"It is in {some(owners)}" + (": join it." if part is not None else ".")
    if schema.dialect == "duckdb" and part is not None and _before_an_arrow(part):
        return "For a function of list elements write: lambda x: x + 1."
    close = Schema(tuple(tables)).columns_like(name)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else ""


def _before_an_arrow(part: exp.Expr) -> bool:
    return part.parent is not None and isinstance(part.parent.parent, exp.JSONExtract)
