"""What is in a database: tables, columns and keys, as values."""

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

__all__ = ["Column", "Dialect", "Family", "Samples", "Schema", "Table"]

Dialect = Literal["sqlite", "duckdb", "postgres", "mysql"]
Family = Literal["text", "number", "time", "boolean", "other"]

_FAMILIES: tuple[tuple[Family, re.Pattern[str]], ...] = (
    ("boolean", re.compile(r"bool", re.IGNORECASE)),
    ("time", re.compile(r"date|time|interval|year", re.IGNORECASE)),
    ("text", re.compile(r"char|text|clob|string|enum|\bset\b|uuid|citext|name|inet", re.IGNORECASE)),
    ("number", re.compile(r"int|real|floa|doub|dec|num|money|serial|bit", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `references` is `table.column`, the table as `Table.full_name` has it."""

    name: str
    type: str
    primary_key: bool = False
    references: str | None = None
    comment: str | None = None
    nullable: bool = True

    @property
    def family(self) -> Family:
        """What kind of values its type is for; SQLite's undeclared type is `other`."""
        # enum('bool', 'date') is about its members, and STRUCT(...) about its fields, only after the bracket.
        kind = self.type.partition("(")[0]
        return next((family for family, pattern in _FAMILIES if pattern.search(kind)), "other")


@dataclass(frozen=True, slots=True)
class Table:
    """One table or view.

    `rows` may be an estimate, or None when counting took too long. `schema` is None in the schema whose
    tables need no prefix. `hides` says that it has columns that nobody may read: they are not in `columns`.
    """

    name: str
    columns: tuple[Column, ...]
    rows: int | None = None
    comment: str | None = None
    schema: str | None = None
    is_view: bool = False
    hides: bool = False

    @property
    def full_name(self) -> str:
        """The name as a statement has it: `orders`, or `sales.orders` in another schema."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def column(self, name: str) -> Column | None:
        """The column of that name, whatever its case."""
        return next((c for c in self.columns if c.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Samples:
    """Values of one column as short texts; `complete` when the column has no others.

    `low` and `high` are the least and the greatest value of numbers and times.
    """

    values: list[str]
    complete: bool
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True)
class Schema:
    """The tables and views of a database that may be read, in the order of their names.

    `home` is the schema that tables without a prefix are in (`public`, `main`, the MySQL database). `open`
    says that nothing is withheld, so that the system's own tables may be read as well.
    """

    tables: tuple[Table, ...]
    dialect: Dialect = "sqlite"
    home: str | None = None
    open: bool = True
    _by_name: dict[str, Table] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for table in reversed(self.tables):
            self._by_name[table.full_name.lower()] = table

    def table(self, name: str, schema: str | None = None) -> Table | None:
        """The table of that name, whatever its case; `name` may also be `schema.table`."""
        lowered = name.lower()
        if schema and schema.lower() != (self.home or "").lower():
            return self._by_name.get(f"{schema.lower()}.{lowered}")
        if self.home and lowered.startswith(f"{self.home.lower()}."):
            # A table may have a dot in its own name.
            return self._by_name.get(lowered) or self._by_name.get(lowered[len(self.home) + 1 :])
        return self._by_name.get(lowered)

    def tables_like(self, name: str) -> list[str]:
        """Full names of tables whose name or comment is close to `name`, the closest first."""
        meanings = {t.full_name: t.full_name for t in self.tables}
        meanings |= {t.name: t.full_name for t in self.tables if t.schema}
        meanings |= {t.comment: t.full_name for t in self.tables if t.comment}
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
