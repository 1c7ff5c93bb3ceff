"""What of a database may be read: schemas, tables and columns, by the patterns of the settings."""

from dataclasses import replace
from fnmatch import fnmatchcase

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.schema import Schema, Table

__all__ = ["Access"]


class Access:
    """The patterns of one database; names and patterns are compared whatever their case."""

    def __init__(self, database: Database) -> None:
        self._schemas = [pattern.lower() for pattern in database.schemas]
        self._tables = [_table_pattern(pattern) for pattern in database.tables]
        self._hidden = [_column_pattern(pattern) for pattern in database.hidden]

    @property
    def is_open(self) -> bool:
        """Whether nothing is withheld."""
        return not (self._schemas or self._tables or self._hidden)

    def may_read(self, schema: str, table: str) -> bool:
        """Whether the table may be read at all."""
        schema, table = schema.lower(), table.lower()
        if self._schemas and not any(fnmatchcase(schema, pattern) for pattern in self._schemas):
            return False
        if not self._tables:
            return True
        return any(fnmatchcase(schema, s) and fnmatchcase(table, t) for s, t in self._tables)

    def is_hidden(self, schema: str, table: str, column: str) -> bool:
        """Whether nobody may read the column."""
        names = (schema.lower(), table.lower(), column.lower())
        return any(all(map(fnmatchcase, names, pattern)) for pattern in self._hidden)

    def hiding_nothing(self, schema: Schema) -> list[str]:
        """The patterns of hidden columns that fit none: misspelt, perhaps."""
        home = schema.home or ""
        columns = [
            ((table.schema or home).lower(), table.name.lower(), column.name.lower())
            for table in schema.tables
            for column in table.columns
        ]
        return [
            ".".join(pattern)
            for pattern in self._hidden
            if not any(all(map(fnmatchcase, column, pattern)) for column in columns)
        ]

    def narrowed(self, schema: Schema) -> Schema:
        """The schema without what may not be read."""
        home = schema.home or ""
        tables = [
            self._without_hidden(table, table.schema or home)
            for table in schema.tables
            if self.may_read(table.schema or home, table.name)
        ]
        if not self.is_open:
            kept = {table.full_name for table in tables}
            kept |= {f"{table.full_name}.{column.name}" for table in tables for column in table.columns}
            tables = [_without_lost_keys(table, kept) for table in tables]
        return replace(schema, tables=tuple(tables), open=self.is_open)

    def _without_hidden(self, table: Table, schema: str) -> Table:
        shown = tuple(c for c in table.columns if not self.is_hidden(schema, table.name, c.name))
        return replace(table, columns=shown, hides=len(shown) < len(table.columns))


def _without_lost_keys(table: Table, kept: set[str]) -> Table:
    """The table without references to what is not shown: they would name it."""
    columns = tuple(
        replace(column, references=None) if column.references and column.references not in kept else column
        for column in table.columns
    )
    return replace(table, columns=columns)


def _table_pattern(pattern: str) -> tuple[str, str]:
    schema, dot, table = pattern.lower().rpartition(".")
    return (schema if dot else "*", table)


def _column_pattern(pattern: str) -> tuple[str, str, str]:
    table, _, column = pattern.lower().rpartition(".")
    return (*_table_pattern(table or "*"), column)
