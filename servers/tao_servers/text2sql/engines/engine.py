"""What every kind of database must be able to do."""

from typing import Protocol

from tao_servers.text2sql.limits import Limits, Rows
from tao_servers.text2sql.schema import Dialect, Table
from tao_servers.text2sql.stopping import Stop

__all__ = ["Engine"]


class Engine(Protocol):
    """A database that can only be read. Every method blocks, and may be called from several threads at once.

    Nothing is opened before the first call. What goes wrong is a `Text2sqlError`.
    """

    @property
    def dialect(self) -> Dialect:
        """The dialect of SQL that it speaks."""
        ...

    @property
    def home(self) -> str | None:
        """The schema that a table without a prefix is in; None where there is none. May ask the database."""
        ...

    def prove(self) -> None:
        """See for oneself that nothing can be written.

        Raises:
            NotReadOnly: something could be; the text says what, and what to do about it.
            SetupError: the database cannot be reached or read, or its driver is not installed.
        """
        ...

    def stamp(self) -> object | None:
        """Something that differs once the file has changed; None where there is no cheap way to know."""
        ...

    def tables(self, stop: Stop) -> list[Table]:
        """All tables and views that this role may read, but those of the system, in the order of their names.

        Comments are the database's own. `rows` may be an estimate.
        """
        ...

    def run(self, sql: str, limits: Limits, stop: Stop) -> Rows:
        """Run one statement so that it can only read, only for a while and only so much.

        Raises:
            QueryRefused: it would do more than read; its rule is `engine`.
            QueryFailed: it is wrong, took too long, was cancelled, or the connection was lost.
        """
        ...

    def expected_rows(self, sql: str, stop: Stop) -> float | None:
        """About how many rows the plan of a statement goes through, without running it; None: unknown.

        Raises:
            QueryFailed: the database does not understand the statement.
        """
        ...

    def quoted(self, name: str) -> str:
        """A table or column name as an identifier."""
        ...

    def close(self) -> None:
        """Close every connection; the engine is not used afterwards."""
        ...
