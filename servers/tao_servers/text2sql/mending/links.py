"""How tables are tied to each other: by the keys that are declared, and by those that names tell of."""

from collections import defaultdict
from dataclasses import dataclass

from tao_servers.text2sql.linking import with_likely_references
from tao_servers.text2sql.schema import Schema, Table

__all__ = ["Link", "Links"]


@dataclass(frozen=True, slots=True)
class Link:
    """`column` of one table is `far_column` of the table `far`; `is_one`: of one row there at most."""

    column: str
    far: Table
    far_column: str
    is_one: bool


class Links:
    """The ties of a schema."""

    def __init__(self, schema: Schema) -> None:
        self._of: dict[str, list[Link]] = defaultdict(list)
        self._schema = schema
        for table, told in zip(schema.tables, with_likely_references(schema).tables, strict=True):
            for column in told.columns:
                target = self._target(column.references)
                if target is not None:
                    self._tie(table, column.name, *target)

    def of(self, table: Table) -> list[Link]:
        """The ties of a table, in both directions."""
        return self._of.get(table.full_name, [])

    def between(self, one: Table, other: Table) -> list[Link]:
        """The ties from one table to another; several also when one key has several columns."""
        return [link for link in self.of(one) if link.far.full_name == other.full_name]

    def _tie(self, table: Table, column: str, far: Table, far_column: str) -> None:
        self._of[table.full_name].append(Link(column, far, far_column, is_one=True))
        if table is not far:
            keys = [one.name for one in table.columns if one.primary_key]
            self._of[far.full_name].append(Link(far_column, table, column, is_one=keys == [column]))

    def _target(self, reference: str | None) -> tuple[Table, str] | None:
        """The table and the column of a reference, which may name only the table."""
        if not reference:
            return None
        name, _, column = reference.rpartition(".")
        far = self._schema.table(name) if name else None
        found = far.column(column) if far else None
        if far is not None and found is not None:
            return far, found.name
        far = self._schema.table(reference)
        keys = [one.name for one in far.columns if one.primary_key] if far else []
        return (far, keys[0]) if far is not None and len(keys) == 1 else None
