"""Which names each SELECT of a statement has, and what it reads them from.

This module imports sqlglot.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from tao_servers.text2sql.checking.finding import columns_of, found_table
from tao_servers.text2sql.checking.outputs import aliases, given_names
from tao_servers.text2sql.checking.sources import Columns, Names
from tao_servers.text2sql.functions import system_columns, system_tables
from tao_servers.text2sql.schema import Schema, Table

__all__ = ["MOST_PLACES", "Place", "Scope", "ends_of", "scopes"]

# A FROM of more things is beyond mending, and comparing takes time.
MOST_PLACES = 24
_QUERIES = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)
# What binds names of its own; whoever reads it wrong would mend what is right.
_CLOSED = (exp.Lambda, exp.Comprehension, exp.Pivot, exp.DataType, exp.Interval)


@dataclass(eq=False, slots=True)
class Place:
    """One thing in FROM; `name` and `columns` are folded, and `columns` is None when they are not known.

    `unknown` says that it is a table which the schema does not have.
    """

    name: str
    node: exp.Expr
    columns: Columns
    table: Table | None = None
    unknown: bool = False

    def has(self, column: str) -> bool:
        """Whether it is known to have the column."""
        return self.columns is not None and column in self.columns


@dataclass(eq=False, slots=True)
class Scope:
    """One SELECT; `outer` is the SELECT around it whose columns it sees as well."""

    select: exp.Select
    outer: "Scope | None" = None
    places: list[Place] = field(default_factory=list)
    parts: dict[str, Columns] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()
    references: list[exp.Column] = field(default_factory=list)

    def chain(self) -> Iterator["Scope"]:
        """This one, then those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    @property
    def is_clear(self) -> bool:
        """Whether all columns that can be seen are known, so that a name can be said to be none of them."""
        return all(place.columns is not None for scope in self.chain() for place in scope.places)

    @property
    def joins(self) -> list[exp.Join]:
        """The joins of its FROM."""
        return list(self.select.args.get("joins") or ())


def scopes(tree: exp.Expr, schema: Schema, names: Names) -> list[Scope]:
    """The SELECTs of a tree, the outer before the inner ones."""
    finder = _Finder(schema, names)
    finder.query(tree, None, {})
    return finder.found


def ends_of(node: exp.Expr) -> tuple[int, int] | None:
    """Where an identifier stands in the text, the end exclusive; None where that is not known."""
    meta = node.meta
    return (meta["start"], meta["end"] + 1) if "start" in meta and "end" in meta else None


class _Finder:
    def __init__(self, schema: Schema, names: Names) -> None:
        self.found: list[Scope] = []
        self._schema, self._names = schema, names
        self._system = system_columns(schema.dialect)
        if schema.dialect == "sqlite":
            self._system |= {"rowid", "oid", "_rowid_"}

    def query(self, node: object, outer: Scope | None, parts: dict[str, Columns]) -> Columns:
        if isinstance(node, exp.Select):
            return self._select(node, outer, parts)
        if not isinstance(node, exp.SetOperation | exp.Subquery):
            return None
        parts = self._with(node, outer, parts)
        if isinstance(node, exp.Subquery):
            return self.query(node.this, outer, parts)
        # Hundreds of UNIONs hang together to the left.
        arms: list[exp.Expr] = []
        while isinstance(node, exp.SetOperation):
            arms.insert(0, node.expression)
            node = node.this
        columns = self.query(node, outer, parts)
        for arm in arms:
            self.query(arm, outer, parts)
        return columns

    def _with(self, node: exp.Expr, outer: Scope | None, parts: dict[str, Columns]) -> dict[str, Columns]:
        clause = node.args.get("with_")
        if not isinstance(clause, exp.With):
            return parts
        parts = dict(parts)
        recursive = bool(clause.args.get("recursive")) or self._schema.dialect == "sqlite"
        for part in clause.expressions if recursive else ():
            parts[self._names.of_table(part.args.get("alias"))] = None
        for part in clause.expressions:
            alias = part.args.get("alias")
            columns = self.query(part.this, outer, parts)
            parts[self._names.of_table(alias)] = given_names(alias, self._names) or columns
        return parts

    def _select(self, node: exp.Select, outer: Scope | None, parts: dict[str, Columns]) -> Columns:
        scope = Scope(node, outer, aliases=aliases(node, self._names))
        self.found.append(scope)
        scope.parts = self._with(node, outer, parts)
        start = node.args.get("from_")
        if isinstance(start, exp.From):
            self._place(start.this, scope)
        for join in scope.joins:
            self._place(join.this, scope)
            for key in ("on", "match_condition"):
                self._expression(join.args.get(key), scope)
        if node.args.get("laterals") or node.args.get("pivots"):
            scope.places.append(Place("", node, None))
        for key, value in node.args.items():
            if key not in {"with_", "from_", "joins", "laterals", "pivots", "kind", "hint"}:
                for part in value if isinstance(value, list) else [value]:
                    self._expression(part, scope)
        return self._outputs(node, scope)

    def _place(self, node: exp.Expr, scope: Scope) -> None:
        alias = node.args.get("alias")
        name = self._names.of_table(alias)
        given = given_names(alias, self._names)
        if node.args.get("pivots") or node.args.get("sample"):
            scope.places.append(Place(name, node, None))
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            place = self._table(node, name, scope)
            place.columns = given or place.columns
            scope.places.append(place)
        elif isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Table):
            columns = self.query(node, scope.outer, scope.parts)
            scope.places.append(Place(name, node, given or columns))
        elif isinstance(node, exp.Subquery) and not alias:
            self._place(node.this, scope)
        else:
            scope.places.append(Place(name, node, None))
        for join in node.args.get("joins") or ():
            self._place(join.this, scope)
            self._expression(join.args.get("on"), scope)

    def _table(self, node: exp.Table, alias: str, scope: Scope) -> Place:
        name = self._names.of_table(node.this)
        if not node.args.get("db") and name in scope.parts:
            return Place(alias or name, node, scope.parts[name])
        found = None if self._is_none(node) else found_table(node, self._schema, self._names)
        if found is None or isinstance(found, str):
            return Place(alias or name, node, None, unknown=True)
        if found.table is None:
            return Place(alias or name, node, None)
        return Place(alias or name, node, columns_of(found.table, self._schema), found.table)

    def _is_none(self, node: exp.Table) -> bool:
        """Whether no table is called so; the rules would look for one like it, which takes long."""
        name = node.name.lower()
        system = any(name in names for names in system_tables(self._schema.dialect).values())
        special = system or name == "dual" or name.startswith(("duckdb_", "pg_", "sqlite_"))
        return not (node.db or special or self._schema.table(name))

    def _expression(self, part: object, scope: Scope) -> None:
        waiting = [part] if isinstance(part, exp.Expr) else []
        while waiting:
            one = waiting.pop()
            if isinstance(one, _QUERIES):
                self.query(one, scope, scope.parts)
            elif isinstance(one, exp.Column):
                self._reference(one, scope)
            elif not isinstance(one, _CLOSED):
                waiting.extend(one.iter_expressions())

    def _reference(self, node: exp.Column, scope: Scope) -> None:
        name = self._names.of(node.this)
        plain = isinstance(node.this, exp.Identifier) and not node.args.get("db")
        if plain and name not in self._system and ends_of(node.this) and not _is_unit(node):
            scope.references.append(node)

    def _outputs(self, node: exp.Select, scope: Scope) -> Columns:
        given: list[str] = []
        for one in node.expressions:
            if isinstance(one, exp.Star) and not any(one.args.values()):
                for place in scope.places:
                    if place.columns is None:
                        return None
                    given += place.columns
            elif isinstance(one, exp.Alias) or (isinstance(one, exp.Column) and not one.is_star):
                given.append(self._names.of(one))
            else:
                return None
        return tuple(given)


def _is_unit(node: exp.Column) -> bool:
    """Whether it is the first argument of a function of times, where MySQL has `DAY` and the like."""
    call = node.parent
    return (
        isinstance(call, exp.Anonymous)
        and str(call.name).lower() in {"get_format", "timestampadd", "timestampdiff"}
        and call.expressions[0] is node
    )
