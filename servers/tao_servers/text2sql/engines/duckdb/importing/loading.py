"""What the readers of all kinds of files share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tao_servers.text2sql.engines.duckdb.importing.naming import quoted, text, unique

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Loading", "Note", "Unreadable"]

Note = Callable[[str, int], None]


class Unreadable(Exception):
    """A file cannot become a table; its text says why, to stand after the name of the file."""


@dataclass
class Loading:
    """A database that is being filled; `folder` is for files that are needed only meanwhile."""

    connection: "DuckDBPyConnection"
    folder: Path
    taken: set[str] = field(default_factory=set)

    def create(self, name: str, query: str, *, comment: str | None = None) -> str:
        """Make a table of what `query` gives, and say which name it got."""
        name = unique(name, self.taken)
        try:
            self.connection.execute(f"CREATE TABLE {quoted(name)} AS {query}")
        except Exception:
            self.taken.discard(name.lower())
            raise
        if comment:
            self.comment(name, comment)
        return name

    def comment(self, name: str, comment: str) -> None:
        """Write down what to know about a table."""
        self.connection.execute(f"COMMENT ON TABLE {quoted(name)} IS {text(comment)}")

    def scratch(self, suffix: str) -> Path:
        """A path for a file that is not needed for long."""
        return self.folder / f"scratch{suffix}"
