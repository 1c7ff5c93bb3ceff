"""What a query reads from, and which columns that has, as far as it is known.

This module imports sqlglot.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from tao_servers.text2sql.schema import Dialect, Table

__all__ = ["Columns", "Names", "Part", "Scope", "Source", "ascii_lower"]

# In their order; None when they are not known.
Columns = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Source:
    """Something in FROM by the name that columns may carry, all names as `Names` folds them.

    `called` says that it is a function, of which PostgreSQL may take what looks like a column for a call;
    `perhaps` are names that it has unless something else has them. `single` says that it is no partner whose
    rows multiply others.
    """

    name: str
    columns: Columns
    table: Table | None = None
    single: bool = False
    called: bool = False
    perhaps: frozenset[str] = frozenset()

    @property
    def hides(self) -> bool:
        """Whether it has columns that nobody may read."""
        return self.table is not None and self.table.hides

    def has(self, column: str) -> bool:
        """Whether it is known to have the column."""
        return self.columns is not None and column in self.columns


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of WITH gives; `single` says that it is one row at most."""

    columns: Columns
    single: bool = False


@dataclass(slots=True)
class Scope:
    """What the names in one SELECT can mean: its own sources, then those of the SELECT around it.

    `start` is the first source of the join that is being read: its conditions see nothing before that.
    """

    parent: "Scope | None" = None
    sources: list[Source] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()
    start: int = 0

    def chain(self) -> Iterator["Scope"]:
        """This one, then those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def everything(self) -> Iterator[Source]:
        """All sources that a name could mean, the nearest first."""
        return (source for scope in self.chain() for source in scope.sources)

    def hides(self) -> bool:
        """Whether any source has columns that nobody may read."""
        return any(source.hides for source in self.everything())

    def part(self, name: str) -> Part | None:
        """The WITH part of that name; None when there is no such part."""
        return next((scope.parts[name] for scope in self.chain() if name in scope.parts), None)


@dataclass(frozen=True, slots=True)
class Names:
    """Folds names so that two are equal when the database may take them for the same.

    `exact` keeps the capitals of what tables, aliases and WITH parts are called, for MySQL on a file system
    that does.
    """

    dialect: Dialect
    exact: bool = False

    def of(self, node: object) -> str:
        """The name of a column, or of what else is no table; "" for none."""
        return self._folded(node, self.dialect == "postgres")

    def of_table(self, node: object) -> str:
        """The name of a table, an alias of one, or a WITH part; "" for none."""
        return self._folded(node, self.dialect == "postgres" or (self.exact and self.dialect == "mysql"))

    def _folded(self, node: object, keeps: bool) -> str:
        while isinstance(node, exp.Expr) and not isinstance(node, exp.Identifier):
            node = node.args.get("alias") if isinstance(node, exp.Alias) else node.args.get("this")
        if isinstance(node, exp.Identifier):
            quoted = bool(node.args.get("quoted")) or self.dialect == "mysql"
            return node.name if keeps and quoted else ascii_lower(node.name)
        return ascii_lower(node) if isinstance(node, str) else ""


def ascii_lower(name: str) -> str:
    """The name with A to Z in lower case: databases leave other letters as they are."""
    return name.lower() if name.isascii() else name.translate(_LOWER)


_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
