"""What a name in an expression means, and whether that may be read.

A schema does not tell the names of hidden columns. So a name that is no visible column may be taken for
something else (an alias, a column further out) only where nothing with hidden columns could have it first.

This module imports sqlglot.
"""

from collections.abc import Callable

from sqlglot import exp

from tao_servers.text2sql.checking.advice import all_columns, doubtful, no_column
from tao_servers.text2sql.checking.finding import some
from tao_servers.text2sql.checking.sources import Names, Scope, Source
from tao_servers.text2sql.checking.statement import called
from tao_servers.text2sql.functions import in_from, scalar, system_columns
from tao_servers.text2sql.schema import Schema

__all__ = ["Meaning"]

# Where an identifier that is no column names something, by the kind of its parent and its place there.
_ROLES = {
    (exp.Alias, "alias"),
    (exp.Anonymous, "this"),
    (exp.ColumnDef, "this"),
    (exp.Comprehension, "expression"),
    (exp.DataType, "kind"),
    (exp.JSONColumnDef, "this"),
    (exp.Kwarg, "this"),
    (exp.Lambda, "expressions"),
    (exp.PropertyEQ, "this"),
    (exp.TableAlias, "columns"),
    (exp.TableAlias, "this"),
    (exp.Window, "alias"),
    (exp.Window, "this"),
    (exp.XMLElement, "this"),
}
_WITH_ROWS = {"postgres", "duckdb"}
# MySQL takes a unit of time for their first argument.
_WITH_UNIT = {"get_format", "timestampadd", "timestampdiff"}
_UNITS = {
    "date",
    "datetime",
    "day",
    "hour",
    "microsecond",
    "minute",
    "month",
    "quarter",
    "second",
    "time",
} | {*("timestamp", "week", "year")}
# ODBC's names for the same.
_UNITS |= {f"sql_tsi_{unit}" for unit in _UNITS}


class Meaning:
    """Finds out what names mean in a schema; tells `against` what is wrong with them, `warn` what is odd."""

    def __init__(
        self,
        schema: Schema,
        names: Names,
        against: Callable[[str, str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._schema, self._names, self._dialect = schema, names, schema.dialect
        self._against, self._warn = against, warn

    def of(self, node: exp.Expr, scope: Scope, in_join: bool) -> list[exp.Expr] | None:
        """See to a node if it is a name: what is to be seen to inside it, None for whatever is there."""
        if isinstance(node, exp.Column):
            return self._column(node, scope, in_join)
        if isinstance(node, exp.Star):
            self._star(node, scope)
            return _replacing(node)
        if isinstance(node, exp.Dot):
            return self._dotted(node, scope, in_join)
        if isinstance(node, exp.Identifier):
            self._identifier(node)
            return []
        if isinstance(node, exp.Anonymous) and called(node) == "columns" and self._dialect == "duckdb":
            self._every_column(scope.sources)
            return [one for one in node.expressions if not isinstance(one, exp.Star)]
        return [] if isinstance(node, exp.DataType | exp.SessionParameter) else None

    def joined_by(self, column: str, left: list[Source], right: list[Source]) -> None:
        """See to the columns of USING: each side must have them to see."""
        hiding = [one for one in (*left, *right) if one.hides and not one.has(column)]
        # SQLite takes the first table that has it; the others refuse to choose.
        unsure = self._dialect == "sqlite" or not any(one.has(column) or one.columns is None for one in left)
        if any(one in right for one in hiding) or (hiding and unsure):
            self._against("known columns", no_column(column, [hiding[0]], self._schema))
            return
        for side in (left, right):
            if side and not any(one.has(column) or one.columns is None for one in side):
                self._against("known columns", no_column(column, side, self._schema))

    def refuse_all(self, source: Source, what: str) -> None:
        """Say which columns to name, since `what` takes all of them."""
        if source.table is not None:
            self._against("hidden columns", all_columns(source.table, what))

    def _column(self, node: exp.Column, scope: Scope, in_join: bool) -> list[exp.Expr]:
        parts = [part for part in (node.args.get(key) for key in ("catalog", "db", "table")) if part]
        if isinstance(node.this, exp.Star):
            self._star_of(parts, scope)
            return _replacing(node.this)
        if isinstance(node.this, exp.Identifier):
            self._resolve([*parts, node.this], node, scope, in_join)
        else:
            self._against("known syntax", "This column is not understood here.")
        return []

    def _resolve(self, parts: list[exp.Expr], node: exp.Expr, scope: Scope, in_join: bool) -> None:
        if len(parts) == 1:
            self._unqualified(parts[0], node, scope, in_join)
            return
        place = self._place_of_column(parts, scope)
        if place == 0:
            # A hidden column with fields comes before the parameter of a lambda.
            self._unqualified(parts[0], None if scope.hides() else node, scope, in_join)
        else:
            self._qualified(parts[:place], parts[place], scope)

    def _place_of_column(self, parts: list[exp.Expr], scope: Scope) -> int:
        """Which part is the column: what follows in DuckDB are fields inside it."""
        if self._dialect != "duckdb":
            return len(parts) - 1
        names = [self._names.of(part) for part in parts]
        sources = list(scope.everything())
        if any(source.name == names[0] for source in sources):
            return 1
        if len(parts) > 2 and any(source.name == names[1] and source.table for source in sources):
            return 2
        return 0

    def _qualified(self, prefix: list[exp.Expr], column: exp.Expr, scope: Scope) -> None:
        alias, name = self._names.of_table(prefix[-1]), self._names.of(column)
        meant = [source for source in scope.everything() if source.name == alias]
        if not meant:
            there = list(dict.fromkeys(source.name for source in scope.everything() if source.name))
            advice = f"There are: {some(there)}." if there else ""
            self._against(
                "known columns", f"There is no table or alias {prefix[-1].name[:60]!r} in this FROM. {advice}"
            )
            return
        for source in meant:
            if source.hides and not self._has(source, name):
                self._against("known columns", no_column(column.name, [source], self._schema))
                return
        if not any(self._has(source, name) or self._may_have(source) for source in meant):
            self._against("known columns", no_column(column.name, meant, self._schema))

    def _has(self, source: Source, name: str) -> bool:
        if source.has(name) or name in source.perhaps:
            return True
        # A row's number may be the very column that is hidden.
        safe = self._dialect == "postgres" or not source.hides
        return source.table is not None and safe and name in self._everywhere(source)

    def _everywhere(self, source: Source) -> frozenset[str]:
        names = system_columns(self._dialect)
        return names | {source.name} if self._dialect == "sqlite" else names

    def _may_have(self, source: Source) -> bool:
        return source.columns is None and not (source.called and self._dialect == "postgres")

    def _unqualified(self, part: exp.Expr, node: exp.Expr | None, scope: Scope, in_join: bool) -> None:
        """See to a name alone; `node` is the place where it stands, None where it must be a column."""
        name = self._names.of(part)
        if node is not None and self._is_no_column(name, node):
            return
        hiding = scope.hides()
        if not any(scope.sources for scope in scope.chain()):
            # Without any FROM there is nothing to read: the database says what it thinks of the name.
            return
        if any(source.has(name) for source in scope.sources):
            if in_join and any(
                source.hides for one in scope.chain() if one is not scope for source in one.sources
            ):
                self._against("hidden columns", doubtful(part.name))
            return
        if node is not None and _orders_output(node) and name in scope.aliases:
            return
        meant = self._meant_otherwise(name, scope)
        if not meant and self._is_text(part, hiding):
            self._warn(f"{part.name[:60]!r} is no column and so taken for text; write text in single quotes.")
        elif not meant:
            self._against("known columns", no_column(part.name, list(scope.everything()), self._schema, part))
        elif hiding and not (self._dialect == "postgres" and name in system_columns("postgres")):
            self._against("hidden columns", doubtful(part.name))

    def _is_no_column(self, name: str, node: exp.Expr) -> bool:
        return self._is_parameter(name, node) or (self._dialect == "mysql" and _is_unit(name, node))

    def _is_text(self, part: exp.Expr, hiding: bool) -> bool:
        """Whether SQLite takes a name in double quotes for a text, as it does when nothing has that name."""
        return self._dialect == "sqlite" and bool(part.args.get("quoted")) and not hiding

    def _meant_otherwise(self, name: str, scope: Scope) -> bool:
        if any(name in one.aliases for one in scope.chain()):
            return True
        for source in scope.everything():
            if source.has(name) or name in source.perhaps or source.columns is None:
                return True
            if source.table is not None and name in self._everywhere(source):
                return True
            if self._dialect in _WITH_ROWS and name == source.name:
                return True
        return False

    def _is_parameter(self, name: str, node: exp.Expr) -> bool:
        """Whether a lambda or a comprehension around it gives the name."""
        child, around = node, node.parent
        while around is not None and not isinstance(around, exp.Query):
            if child.arg_key != "iterator" and isinstance(around, exp.Lambda | exp.Comprehension):
                single = isinstance(around, exp.Comprehension)
                given = [around.expression, around.args.get("position")] if single else around.expressions
                if any(self._names.of(one) == name for one in given):
                    return True
            child, around = around, around.parent
        return False

    def _identifier(self, node: exp.Identifier) -> None:
        if (type(node.parent), node.arg_key) in _ROLES:
            return
        if not self._is_parameter(self._names.of(node), node):
            self._against("known syntax", f"The name {node.name[:60]!r} is not understood where it stands.")

    def _dotted(self, node: exp.Dot, scope: Scope, in_join: bool) -> list[exp.Expr]:
        """See to `x.f`, where x is no plain column: a schema before a call, a value before a field."""
        first: exp.Expr = node
        links: list[exp.Expr] = []
        while isinstance(first, exp.Dot):
            links.insert(0, first.expression)
            first = first.this
        if not isinstance(first, exp.Expr):
            self._against("known syntax", "What stands before the dot is not understood here.")
            return []
        arguments = [one for link in links if isinstance(link, exp.Anonymous) for one in link.expressions]
        if not all(isinstance(link, exp.Anonymous | exp.Identifier | exp.Star) for link in links):
            self._against("known syntax", "What follows the dot is not understood here.")
        elif not isinstance(first, exp.Identifier):
            if self._dialect == "postgres":
                self._fields(first, links, scope)
            return [first, *arguments]
        elif self._dialect == "duckdb":
            self._called_on(first, links, node, scope, in_join)
        elif not isinstance(links[-1], exp.Anonymous) or len(links) > 1:
            self._against("known syntax", f"What follows {first.name[:60]!r} is not understood here.")
        return arguments

    def _called_on(
        self, first: exp.Identifier, links: list[exp.Expr], node: exp.Expr, scope: Scope, in_join: bool
    ) -> None:
        """DuckDB calls functions on a column, `name.upper()`, and reads fields, `place.city`."""
        name = self._names.of(first)
        if name in {"main", "pg_catalog", "system"} and len(links) == 1:
            return
        # Tables and columns come before the parameter of a lambda when a field follows, not when a call does.
        field = isinstance(links[0], exp.Identifier) and scope.hides()
        if self._is_parameter(name, first) and not field:
            return
        names: list[exp.Expr] = [first]
        for link in links:
            if not isinstance(link, exp.Identifier):
                break
            names.append(link)
        self._resolve(names, node, scope, in_join)

    def _fields(self, base: exp.Expr, links: list[exp.Expr], scope: Scope) -> None:
        """PostgreSQL takes `(x).upper` for `upper(x)`: what follows must be allowed as a function."""
        inner = base.unnest()
        if (
            isinstance(inner, exp.Column)
            and not inner.args.get("table")
            and isinstance(links[0], exp.Identifier)
        ):
            name = self._names.of(inner.this)
            if any(source.name == name and not source.has(name) for source in scope.everything()):
                self._qualified([inner.this], links[0], scope)
                links = links[1:]
        known = in_from("postgres").get(called(inner), ()) if isinstance(inner, exp.Anonymous) else ()
        for link in links:
            name = self._names.of(link)
            if not isinstance(link, exp.Star) and name not in scalar("postgres") and name not in known:
                self._against(
                    "known columns", f"Write {link.name[:60]!r} as table.column, or as function(value)."
                )

    def _star(self, node: exp.Star, scope: Scope) -> None:
        parent = node.parent
        counted = isinstance(parent, exp.Anonymous) and called(parent) == "count"
        if not counted and not (isinstance(parent, exp.Select) and isinstance(parent.parent, exp.Exists)):
            self._every_column(scope.sources)

    def _star_of(self, parts: list[exp.Expr], scope: Scope) -> None:
        name = self._names.of_table(parts[-1]) if parts else ""
        meant = [source for source in scope.everything() if source.name == name]
        if not meant and self._dialect != "duckdb":
            self._against(
                "known columns", f"There is no table or alias {parts[-1].name[:60]!r} in this FROM."
            )
        # In DuckDB it can be a value with fields, and then any column.
        self._every_column(meant or list(scope.everything()))

    def _every_column(self, sources: list[Source]) -> None:
        for source in sources:
            if source.hides:
                self.refuse_all(source, "*")


def _is_unit(name: str, node: exp.Expr) -> bool:
    call = node.parent
    if not isinstance(call, exp.Anonymous) or called(call) not in _WITH_UNIT:
        return False
    return call.expressions[0] is node and name in _UNITS


def _replacing(star: exp.Expr) -> list[exp.Expr]:
    """The expressions in `* REPLACE (price * 2 AS price)`."""
    return [one.unalias() for one in star.args.get("replace") or ()]


def _orders_output(node: exp.Expr) -> bool:
    """Whether it is all of a term of ORDER BY: there an alias of SELECT comes before any column."""
    ordered = node.parent
    order = ordered.parent if isinstance(ordered, exp.Ordered) else None
    return isinstance(order, exp.Order) and isinstance(
        order.parent, exp.Select | exp.SetOperation | exp.Subquery
    )
