"""What the rules found about a statement."""

from dataclasses import dataclass
from typing import Literal

from tao_servers.text2sql.schema import Table

__all__ = ["Checked", "Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What one rule says against a statement."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement that passed every rule.

    `sql` is what to send: its comments and the semicolon at its end are gone, since they were not checked,
    and texts that a database could read in two ways, such as 'O\\'Brien', are written in a plainer one.
    """

    sql: str
    kind: Literal["select", "explain", "show", "pragma"]
    tables: tuple[Table, ...] = ()
    warnings: tuple[str, ...] = ()
