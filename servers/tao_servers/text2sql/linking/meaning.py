"""How near the tables of a schema are to a question by meaning, in whatever language either is."""

from functools import cached_property
from typing import TYPE_CHECKING

from tao_servers.text2sql.linking.asked import Asked
from tao_servers.text2sql.linking.words import spaced
from tao_servers.text2sql.schema import Column, Schema, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tao.models.embeddings import Embedder

__all__ = ["Meaning"]

_COLUMNS_OF_A_TABLE = 40
# Distinct ones: a schema of 900 tables with 8,000 columns had 1,000. Those beyond count by their table.
_MOST_COLUMN_TEXTS = 8_000
# Weights beside 1.0 for the cosine of question and table: those of the table's name, of its nearest column,
# and of the part of the question that is nearest to its name.
_NAME, _COLUMN, _PART = 0.5, 0.5, 0.6


class Meaning:
    """The vectors of a schema's tables and columns, made on first use. Not for several threads at once."""

    def __init__(self, schema: Schema, embedder: "Embedder") -> None:
        self._tables = schema.tables
        self._embedder = embedder

    def scores(self, asked: Asked) -> list[float]:
        """The score of each table, in their order."""
        if not self._tables:
            return []
        whole, parts = asked.vectors[0], asked.vectors[1:]
        names = self._names
        scores = self._whole @ whole + _NAME * (names @ whole)
        scores = scores + _COLUMN * self._nearest_columns(whole)
        if len(parts):
            scores = scores + _PART * (names @ parts.T).max(axis=1)
        return [float(score) for score in scores]

    def columns(self, asked: Asked, table: Table) -> dict[str, float]:
        """The cosine of each column that has a vector, by its name."""
        places = {column.name: self._places.get(_column_text(column)) for column in table.columns}
        cosines = self._columns @ asked.vectors[0]
        return {name: float(cosines[place]) for name, place in places.items() if place is not None}

    def _nearest_columns(self, whole: "NDArray[np.float32]") -> "NDArray[np.float32]":
        import numpy as np

        # An index past the end stands for no column; its cosine is 0.
        cosines = np.append(self._columns @ whole, np.float32(0))
        nearest: NDArray[np.float32] = np.maximum.reduceat(cosines[self._flat], self._starts)
        return nearest

    @cached_property
    def _whole(self) -> "NDArray[np.float32]":
        return self._embedder.embed([_table_text(table) for table in self._tables])

    @cached_property
    def _names(self) -> "NDArray[np.float32]":
        return self._embedder.embed([_name_text(table) for table in self._tables])

    @cached_property
    def _places(self) -> dict[str, int]:
        texts = dict.fromkeys(_column_text(column) for table in self._tables for column in table.columns)
        return {text: place for place, text in enumerate(list(texts)[:_MOST_COLUMN_TEXTS])}

    @cached_property
    def _columns(self) -> "NDArray[np.float32]":
        import numpy as np

        if not self._places:
            return np.zeros((0, self._embedder.dimension), dtype=np.float32)
        return self._embedder.embed(list(self._places))

    @cached_property
    def _flat(self) -> "NDArray[np.intp]":
        import numpy as np

        return np.concatenate([self._places_of(table) for table in self._tables])

    @cached_property
    def _starts(self) -> "NDArray[np.intp]":
        import numpy as np

        counts = [max(len(table.columns), 1) for table in self._tables]
        return np.cumsum([0, *counts[:-1]])

    def _places_of(self, table: Table) -> "NDArray[np.intp]":
        import numpy as np

        none = len(self._places)
        places = [self._places.get(_column_text(column), none) for column in table.columns]
        return np.array(places or [none], dtype=np.intp)


def _name_text(table: Table) -> str:
    name = spaced(table.full_name.replace(".", " "))
    return f"{name} {table.comment}" if table.comment else name


def _table_text(table: Table) -> str:
    columns = ", ".join(_column_text(column) for column in table.columns[:_COLUMNS_OF_A_TABLE])
    return f"{_name_text(table)}: {columns}"


def _column_text(column: Column) -> str:
    return spaced(column.comment or column.name)
