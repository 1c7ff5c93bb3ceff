"""Which documents have the vectors of the strong embedder, as their catalogue notes it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from tao_servers.knowledge.index.schema import change_revision, transaction

__all__ = ["Strength", "Totals"]

# SQLite takes 32,766 values in a statement; fewer are as fast.
_AT_ONCE = 5000
_LACKING = "SELECT id FROM documents WHERE state = 'live' AND strong IS NOT ? ORDER BY id DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class Totals:
    """How much is in a collection: documents, chunks, indexed chunks, and those with stronger vectors."""

    documents: int
    chunks: int
    indexed: int
    upgraded: int


class Strength:
    """A view of a catalogue; its calls block."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def embedder(self) -> str | None:
        """The name of the strong embedder."""
        row = self._connection.execute("SELECT value FROM about WHERE key = 'strong'").fetchone()
        return row[0] if row else None

    def begin(self, embedder: str) -> None:
        """Note another strong embedder, whose vectors no document has yet."""
        with transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO about VALUES ('strong', ?)", (embedder,))
            self._connection.execute("UPDATE documents SET strong = NULL")
            change_revision(self._connection)

    def lacking(self, embedder: str | None, limit: int) -> list[int]:
        """The ids of live documents without the vectors of this embedder, the newest first."""
        return [row[0] for row in self._connection.execute(_LACKING, (embedder, limit))]

    def note(self, documents: Sequence[int], *, has: bool) -> None:
        """Note whether these documents have all their stronger vectors.

        The revision changes only when all live documents have them from now on, or no longer do: readers
        open a collection anew when it changes, and look at these vectors only then.
        """
        strong = self.embedder
        with transaction(self._connection):
            lacked = bool(self.lacking(strong, 1))
            for start in range(0, len(documents), _AT_ONCE):
                some = documents[start : start + _AT_ONCE]
                marks = ", ".join("?" for _ in some)
                sql = f"UPDATE documents SET strong = ? WHERE id IN ({marks})"
                self._connection.execute(sql, (strong if has else None, *some))
            if bool(self.lacking(strong, 1)) != lacked:
                change_revision(self._connection)

    def totals(self) -> Totals:
        """Count the live documents and their chunks."""
        row = self._connection.execute(
            "SELECT count(*), coalesce(sum(chunks), 0), coalesce(sum(indexed), 0), "
            "coalesce(sum(CASE WHEN strong IS ? THEN indexed END), 0) FROM documents WHERE state = 'live'",
            (self.embedder or "",),
        ).fetchone()
        return Totals(*row)
