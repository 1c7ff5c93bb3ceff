"""What the options of `tao-text2sql` itself say of every database, instead of its settings."""

from dataclasses import dataclass, replace
from pathlib import Path

import click

from tao_servers.text2sql.database import Database

__all__ = ["Overrides"]


@dataclass(frozen=True, slots=True)
class Overrides:
    """The comments and limits that were given; None leaves what the database has."""

    comments: Path | None = None
    max_rows: int | None = None
    timeout: float | None = None

    @classmethod
    def handed_on(cls, context: click.Context) -> "Overrides":
        """Those of the group, for a command that opens a database itself; none without a group."""
        found = context.meta.get(__name__)
        return found if isinstance(found, cls) else cls()

    def hand_on(self, context: click.Context) -> None:
        """Keep them for the command that follows."""
        context.meta[__name__] = self

    def of(self, database: Database) -> Database:
        """The database with what was given."""
        limits = database.limits
        return replace(
            database,
            comments=self.comments or database.comments,
            limits=replace(
                limits,
                max_rows=self.max_rows or limits.max_rows,
                timeout=self.timeout or limits.timeout,
            ),
        )
