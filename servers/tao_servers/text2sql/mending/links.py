"""How tables are tied to each other: by their foreign keys, or where a table has none, by an equal name."""

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations

from tao_servers.text2sql.schema import Schema, Table

__all__ = ["Link", "Links"]

_IDENTIFYING = re.compile(r".*(?:id|code|_key|_no|编号|编码|代码)$", re.IGNORECASE)
# A name that many tables share tells nothing of how two of them belong together.
_MOST_SHARING = 6


@dataclass(frozen=True, slots=True)
class Link:
    """`column` of one table is `far_column` of the table `far`."""

    column: str
    far: Table
    far_column: str


class Links:
    """The ties of a schema."""

    def __init__(self, schema: Schema) -> None:
        self._of: dict[str, list[Link]] = defaultdict(list)
        self._schema = schema
        for table in schema.tables:
            for column in table.columns:
                target = self._target(column.references)
                if target is not None:
                    far, far_column = target
                    self._tie(table, column.name, far, far_column)
        self._likely()

    def of(self, table: Table) -> list[Link]:
        """The ties of a table, in both directions."""
        return self._of.get(table.full_name, [])

    def between(self, one: Table, other: Table) -> list[Link]:
        """The ties from one table to another; several also when one key has several columns."""
        return [link for link in self.of(one) if link.far.full_name == other.full_name]

    def _tie(self, table: Table, column: str, far: Table, far_column: str) -> None:
        self._of[table.full_name].append(Link(column, far, far_column))
        if table is not far:
            self._of[far.full_name].append(Link(far_column, table, column))

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

    def _likely(self) -> None:
        free = [table for table in self._schema.tables if table.full_name not in self._of]
        sharing: dict[str, list[tuple[Table, str]]] = defaultdict(list)
        for table in free:
            for column in table.columns:
                if _IDENTIFYING.match(column.name) and len(column.name) > 2:
                    sharing[column.name.lower()].append((table, column.name))
        for having in sharing.values():
            if len(having) <= _MOST_SHARING:
                for (table, name), (far, far_name) in combinations(having, 2):
                    self._tie(table, name, far, far_name)
