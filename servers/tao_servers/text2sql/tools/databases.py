"""The databases of one server, by name."""

from collections.abc import Iterable
from contextlib import ExitStack
from difflib import get_close_matches
from types import TracebackType

from anyio import CapacityLimiter

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.errors import QueryRefused, SetupError
from tao_servers.text2sql.source import Source

__all__ = ["Databases", "Opened"]


class Opened:
    """One database, and how many calls may use it at a time."""

    def __init__(self, database: Database) -> None:
        self.name = database.name
        self.limits = database.limits
        self.source = Source(database)
        self.places = CapacityLimiter(database.connections)


class Databases:
    """Databases by name; `with` closes their connections at the end."""

    def __init__(self, databases: Iterable[Database]) -> None:
        self._opened = {database.name: Opened(database) for database in databases}

    def __len__(self) -> int:
        return len(self._opened)

    def __enter__(self) -> "Databases":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def all(self) -> list[Opened]:
        """Every database, in the order of the settings.

        Raises:
            SetupError: there is none.
        """
        if not self._opened:
            raise SetupError(
                "No database is configured. Start the server with --database PATH_OR_URL, or put"
                " `[text2sql.databases.NAME]` with `path = ...` or `url = ...` into tao.toml."
            )
        return list(self._opened.values())

    def pick(self, name: str | None) -> Opened:
        """The database called `name`, or the only one.

        Raises:
            SetupError: there is none.
            QueryRefused: there are several and `name` is none of them.
        """
        found = self.all()
        wanted = (name or "").strip()
        # A model that knows of one database may call it anything.
        if len(found) == 1:
            return found[0]
        if wanted in self._opened:
            return self._opened[wanted]
        names = ", ".join(self._opened)
        if not wanted:
            raise QueryRefused(f"Say which database: {names}.", rule="known databases")
        close = get_close_matches(wanted[:100], list(self._opened), n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise QueryRefused(
            f"There is no database {wanted[:60]!r}. {hint}The databases are: {names}.", rule="known databases"
        )

    def close(self) -> None:
        """Close the connections of all."""
        with ExitStack() as closing:
            for opened in self._opened.values():
                closing.callback(opened.source.close)
