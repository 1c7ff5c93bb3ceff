"""What statements speak of: tables with their columns, sequences, functions, procedures and files."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Call", "Kind", "Made", "Things"]

Kind = Literal["integer", "number", "text", "time", "boolean", "json"]

_NUMBERS = ("age", "amount", "count", "duration", "number", "price", "quantity", "salary", "score", "total")


@dataclass(slots=True)
class Made:
    """One column: the kind of its values as far as it is known, and texts that it is compared with."""

    name: str
    kind: Kind | None = None
    samples: list[str] = field(default_factory=list)

    def guessed(self) -> Kind:
        """Its kind, by its name where its use does not tell."""
        if self.kind:
            return self.kind
        name = self.name.lower()
        if name == "id" or name.endswith("_id"):
            return "integer"
        if name.endswith(("_at", "_date", "_time")) or name in {"date", "timestamp"}:
            return "time"
        if name.startswith("is_") or name == "active":
            return "boolean"
        return "number" if name.endswith(_NUMBERS) else "text"


@dataclass(frozen=True, slots=True)
class Call:
    """A function or procedure that no database brings along, with the kinds of what it is given."""

    name: str
    given: tuple[Kind, ...] = ()


@dataclass(slots=True)
class Things:
    """All that the statements of one dialect speak of; tables are by name in lower case."""

    tables: dict[str, dict[str, Made]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    sequences: set[str] = field(default_factory=set)
    functions: set[Call] = field(default_factory=set)
    procedures: set[Call] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def table(self, name: str) -> dict[str, Made]:
        """The columns of the table of that name, which is there from now on."""
        self.names.setdefault(name.lower(), name)
        return self.tables.setdefault(name.lower(), {})

    def column(self, table: str, name: str, kind: Kind | None = None, samples: Iterable[str] = ()) -> None:
        """Note a column of a table and what is known of its values."""
        column = self.table(table).setdefault(name.lower(), Made(name))
        column.kind = column.kind or kind
        column.samples.extend(sample for sample in samples if sample not in column.samples)

    def drop_created(self, read: set[str]) -> None:
        """Forget tables that a statement would make, unless another one reads them."""
        for name in self.created - read:
            self.tables.pop(name, None)

    def fill(self) -> None:
        """Give tables of which nothing is known an id and a name."""
        for name, columns in self.tables.items():
            if not columns:
                self.column(name, "id", "integer")
                self.column(name, "name", "text")
