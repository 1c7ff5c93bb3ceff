"""Writes the SQL that makes the tables of a benchmark's database, with rows in them."""

from collections.abc import Iterator, Mapping

from benchmarks.sql_safety.things import Call, Kind, Made, Things
from tao_servers.text2sql.schema import Dialect

__all__ = ["functions", "procedures", "quoted", "tables"]

_ROWS = 3
_TYPES: Mapping[Dialect, Mapping[Kind, str]] = {
    "sqlite": {
        "integer": "INTEGER",
        "number": "REAL",
        "text": "TEXT",
        "time": "TEXT",
        "boolean": "INTEGER",
        "json": "TEXT",
    },
    "postgres": {
        "integer": "integer",
        "number": "numeric",
        "text": "text",
        "time": "timestamp",
        "boolean": "boolean",
        "json": "jsonb",
    },
    "mysql": {
        "integer": "INT",
        "number": "DECIMAL(12,2)",
        "text": "VARCHAR(200)",
        "time": "DATETIME",
        "boolean": "BOOLEAN",
        "json": "LONGTEXT",
    },
}


def quoted(name: str, dialect: Dialect) -> str:
    """A name as an identifier."""
    mark = "`" if dialect == "mysql" else '"'
    return mark + name.replace(mark, mark * 2) + mark


def tables(things: Things, dialect: Dialect) -> Iterator[str]:
    """The statements that make every table, each followed by the one that fills it."""
    types = _TYPES[dialect]
    for key, columns in things.tables.items():
        name = quoted(_cased(things.names[key], dialect), dialect)
        made = ", ".join(
            f"{quoted(_cased(column.name, dialect), dialect)} {types[column.guessed()]}"
            for column in columns.values()
        )
        yield f"CREATE TABLE {name} ({made})"
        rows = ", ".join(
            f"({', '.join(_value(column, row) for column in columns.values())})" for row in range(_ROWS)
        )
        yield f"INSERT INTO {name} VALUES {rows}"


def _cased(name: str, dialect: Dialect) -> str:
    # What is not quoted is folded there, and quoted names in the statements are in lower case as it is.
    return name.lower() if dialect == "postgres" else name


def _value(column: Made, row: int) -> str:
    kind = column.guessed()
    if kind == "integer":
        return str(row + 1)
    if kind == "number":
        return f"{(row + 1) * 1000}.5"
    if kind == "time":
        return f"'2024-0{row + 1}-15 10:30:00'"
    if kind == "boolean":
        return "FALSE" if row == 1 else "TRUE"
    if kind == "json":
        return f"""'{{"id": {row + 1}}}'"""
    text = column.samples[row] if row < len(column.samples) else f"{column.name} {row + 1}"
    return "'" + text.replace("'", "''") + "'"


def functions(calls: set[Call], existing: set[str]) -> dict[str, str]:
    """For PostgreSQL: a harmless function for every call that nothing answers, by its name."""
    made: dict[str, str] = {}
    for call in sorted(calls, key=lambda call: (call.name, call.given)):
        if call.name.lower() not in existing:
            given = ", ".join(_TYPES["postgres"][kind] for kind in call.given)
            made[call.name.lower()] = (
                f"CREATE FUNCTION {call.name}({given}) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'"
            )
    return made


def procedures(calls: set[Call], table: str) -> Iterator[str]:
    """For PostgreSQL: procedures that write a row into `table`."""
    for call in sorted(calls, key=lambda call: (call.name, call.given)):
        given = ", ".join(_TYPES["postgres"][kind] for kind in call.given)
        body = f"INSERT INTO {table} DEFAULT VALUES"
        yield f"CREATE PROCEDURE {call.name}({given}) LANGUAGE sql AS '{body}'"
