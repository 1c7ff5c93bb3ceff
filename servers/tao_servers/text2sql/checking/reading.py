"""Goes through a query as its database would: what each FROM reads, and what each name can mean there.

This module imports sqlglot.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from tao_servers.text2sql.checking.connections import unconnected
from tao_servers.text2sql.checking.finding import found_table
from tao_servers.text2sql.checking.meaning import Meaning
from tao_servers.text2sql.checking.outputs import (
    aliases,
    function_source,
    given_names,
    named,
    one_row,
    selected,
    values,
)
from tao_servers.text2sql.checking.result import Problem
from tao_servers.text2sql.checking.sources import Columns, Names, Part, Scope, Source
from tao_servers.text2sql.schema import Schema, Table

__all__ = ["Reading", "read"]

# Kinds of joins and the like, which the parser could take for an alias.
_NO_ALIASES = {
    "anti",
    "asof",
    "only",
    "pivot",
    "positional",
    "qualify",
    "semi",
    "straight_join",
    "tablesample",
}
_QUERIES = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values, exp.Pivot)


@dataclass(slots=True)
class Reading:
    """What a query reads, what is wrong with its names, and what may be meant otherwise."""

    problems: list[Problem] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def against(self, rule: str, text: str) -> None:
        """Note what is wrong."""
        self.problems.append(Problem(rule, text))


def read(tree: exp.Expr, schema: Schema) -> Reading:
    """What the query reads and how its names are meant."""
    reading = Reading()
    _Reader(schema, reading).query(tree, Scope())
    return reading


class _Reader:
    def __init__(self, schema: Schema, reading: Reading) -> None:
        self._schema, self._dialect, self._reading = schema, schema.dialect, reading
        self._names = Names(schema.dialect, exact=not schema.open)
        self._meaning = Meaning(schema, self._names, reading.against, reading.warnings.append)

    def query(self, node: exp.Expr, around: Scope) -> Columns:
        """The columns that a query gives; `around` is what it can see from where it stands."""
        if isinstance(node, exp.Select):
            return self._select(node, around)
        scope = Scope(around)
        self._with(node, scope)
        columns: Columns = None
        if isinstance(node, exp.SetOperation):
            columns = self._set_operation(node, scope)
        elif isinstance(node, exp.Subquery):
            columns = self._query_in_brackets(node, scope)
        elif isinstance(node, exp.Values):
            self._parts(node.expressions, scope)
            columns = named(values(node, self._dialect), node.args.get("alias"), self._names)
        elif isinstance(node, exp.Pivot):
            self._pivoted(node, scope)
        else:
            self._reading.against("known syntax", f"{type(node).__name__} is not understood here as a query.")
        if not isinstance(node, exp.Pivot | exp.Values):
            result = Scope(scope, [Source("", columns)])
            self._arguments(node, result, ("this", "expression", "with_", "alias", "by_name"))
        return columns

    def _set_operation(self, node: exp.SetOperation, scope: Scope) -> Columns:
        # Hundreds of UNIONs hang together to the left.
        operations = [node]
        while isinstance(operations[-1].this, exp.SetOperation) and not operations[-1].this.args.get("with_"):
            operations.append(operations[-1].this)
        columns = self.query(operations[-1].this, scope)
        for operation in reversed(operations):
            further = self.query(operation.expression, scope)
            if operation.args.get("by_name"):
                columns = None if columns is None or further is None else tuple({*columns, *further})
        return columns

    def _query_in_brackets(self, node: exp.Subquery, scope: Scope) -> Columns:
        if isinstance(node.this, exp.Table):
            self._reading.against("known syntax", "A table in brackets is no query; write SELECT before it.")
            return None
        return named(self.query(node.this, scope), node.args.get("alias"), self._names)

    def _pivoted(self, node: exp.Pivot, scope: Scope) -> None:
        if node.this is not None:
            self._source(node.this, scope)
        self._refuse_all_columns(scope.sources, "PIVOT")
        self._inner_queries(node, scope)

    def _with(self, node: exp.Expr, scope: Scope) -> None:
        clause = node.args.get("with_")
        if not isinstance(clause, exp.With):
            return
        together = self._dialect == "sqlite" or (
            self._dialect == "postgres" and bool(clause.args.get("recursive"))
        )
        for part in clause.expressions if together else ():
            scope.parts[self._names.of_table(part.args.get("alias"))] = self._given(part)
        for part in clause.expressions:
            name = self._names.of_table(part.args.get("alias"))
            if clause.args.get("recursive"):
                if not together:
                    # Before UNION, and without one, the name is still that of a table.
                    self.query(_first_of(part.this), scope)
                scope.parts[name] = self._given(part)
            columns = self.query(part.this, scope)
            scope.parts[name] = Part(named(columns, part.args.get("alias"), self._names), one_row(part.this))

    def _given(self, part: exp.Expr) -> Part:
        return Part(given_names(part.args.get("alias"), self._names) or None)

    def _select(self, node: exp.Select, around: Scope) -> Columns:
        own = Scope(around)
        self._with(node, own)
        start = node.args.get("from_")
        if isinstance(start, exp.From):
            self._source(start.this, own)
        for join in node.args.get("joins") or ():
            if self._dialect != "sqlite" and _is_comma(join):
                own.start = len(own.sources)
            self._join(join, own)
        if self._dialect == "sqlite" and own.hides():
            self._look_ahead(node, own)
        self._refuse_same_names(own)
        own.aliases = aliases(node, self._names)
        self._arguments(node, own, ("with_", "from_", "joins", "operation_modifiers", "kind"))
        pair = unconnected(node, own.sources, self._names)
        if pair:
            self._reading.warnings.append(
                f"Nothing connects {pair[0]!r} and {pair[1]!r}: each row of one meets each of the other. Join"
                " them on a key unless that is meant."
            )
        return selected(node, own, self._names)

    def _look_ahead(self, node: exp.Select, own: Scope) -> None:
        """SQLite's ON, and its functions in FROM, may name what stands further on."""
        for start in (node.args.get("from_"), *(node.args.get("joins") or ())):
            for one in start.walk(prune=lambda inner: isinstance(inner, _QUERIES[:2])) if start else ():
                if isinstance(one, exp.Join) and one.args.get("on"):
                    self._walk(one.args["on"], own, in_join=True)
                elif isinstance(one, exp.Table) and isinstance(one.this, exp.Func):
                    self._parts([one.this], own)

    def _refuse_same_names(self, own: Scope) -> None:
        names = [source.name for source in own.sources]
        for source in own.sources:
            if source.hides and names.count(source.name) > 1:
                self._reading.against("known tables", f"Two things are called {source.name!r} here.")

    def _join(self, join: exp.Join, own: Scope) -> None:
        left = own.sources[own.start :]
        self._source(join.this, own)
        right = own.sources[own.start + len(left) :]
        joined = Scope(own.parent, left + right, own.parts)
        if str(join.args.get("method") or "").upper() == "NATURAL":
            self._refuse_all_columns(own.sources, "NATURAL JOIN")
        for column in join.args.get("using") or ():
            self._meaning.joined_by(self._names.of(column), left, right)
        condition = join.args.get("on")
        if condition is not None:
            self._walk(condition, joined, in_join=True)
        for key in ("match_condition", "nearest"):
            if isinstance(join.args.get(key), exp.Expr):
                self._walk(join.args[key], joined, in_join=True)

    def _nested_joins(self, node: exp.Expr, own: Scope, start: int) -> None:
        """`a JOIN b JOIN c ON ... ON ...`: the inner condition sees b and c only."""
        around, own.start = own.start, 0 if self._dialect == "sqlite" else start
        for join in node.args.get("joins") or ():
            self._join(join, own)
        own.start = around

    def _source(self, node: exp.Expr, own: Scope) -> None:
        """Add what stands at one place of FROM."""
        if isinstance(node, exp.Table):
            self._table(node, own)
        elif isinstance(node, exp.Subquery):
            self._derived(node, own)
        elif isinstance(node, exp.Lateral):
            self._lateral(node, own)
        elif isinstance(node, exp.Unnest):
            self._parts(node.expressions, self._seen(own))
            self._add(function_source(node, node, self._names), node, own)
        elif isinstance(node, exp.Values | exp.Select | exp.SetOperation):
            columns = self.query(node, self._seen(own))
            name = self._names.of_table(node.args.get("alias"))
            self._add(Source(name, columns, single=one_row(node)), node, own)
        else:
            self._reading.against("known syntax", f"{type(node).__name__} in FROM is not understood here.")

    @staticmethod
    def _seen(own: Scope) -> Scope:
        """What something in FROM sees: what stands before it, perhaps, and what is around the SELECT."""
        before = Scope(own.parent, own.sources[: own.start], own.parts)
        return Scope(before, own.sources[own.start :], own.parts)

    def _table(self, node: exp.Table, own: Scope) -> None:
        this, start = node.this, len(own.sources)
        if isinstance(this, exp.Identifier):
            self._add(self._named_table(node, own), node, own)
        elif node.args.get("rows_from"):
            for one in node.args["rows_from"]:
                self._parts([one.this], self._seen(own))
            alias = node.args.get("alias")
            given = given_names(alias, self._names) or None
            self._add(Source(self._names.of_table(alias), given, single=True, called=True), node, own)
        elif isinstance(this, exp.Expr):
            self._parts([this], self._seen(own))
            self._add(function_source(this, node, self._names), node, own)
        else:
            self._reading.against("known syntax", "This table is not understood here.")
        self._nested_joins(node, own, start)

    def _named_table(self, node: exp.Table, own: Scope) -> Source:
        name = self._names.of_table(node.this)
        alias = self._names.of_table(node.args.get("alias")) or name
        part = None if node.args.get("db") else own.part(name)
        if part is not None:
            return Source(alias, part.columns, single=part.single)
        found = found_table(node, self._schema, self._names)
        if isinstance(found, str):
            self._reading.against("known tables", found)
            return Source(alias, None)
        if found.table is not None:
            self._reading.tables[found.table.full_name] = found.table
        return found

    def _derived(self, node: exp.Subquery, own: Scope) -> None:
        seen, start = self._seen(own), len(own.sources)
        if not isinstance(node.this, exp.Table | exp.Subquery) or node.args.get("with_"):
            columns = self.query(node.this, seen)
            name = self._names.of_table(node.args.get("alias"))
            result = Scope(seen, [Source("", columns)])
            self._arguments(node, result, ("this", "with_", "alias", "joins", "pivots", "sample"))
            self._add(Source(name, columns, single=one_row(node.this)), node, own)
        else:
            self._joined_in_brackets(node, own)
        self._nested_joins(node, own, start)

    def _joined_in_brackets(self, node: exp.Subquery, own: Scope) -> None:
        inside = Scope(own.parent, list(own.sources), own.parts)
        before = len(inside.sources)
        inside.start = 0 if self._dialect == "sqlite" else before
        self._source(node.this, inside)
        added = inside.sources[before:]
        if not node.args.get("alias"):
            own.sources.extend(added)
            return
        columns: Columns = ()
        for source in added:
            columns = None if columns is None or source.columns is None else columns + source.columns
        self._refuse_all_columns(added, "An alias for a join")
        self._add(Source(self._names.of_table(node.args["alias"]), columns), node, own)

    def _lateral(self, node: exp.Lateral, own: Scope) -> None:
        this = node.this
        if isinstance(this, exp.Subquery):
            columns = self.query(this, self._seen(own))
            name = self._names.of_table(node.args.get("alias"))
            self._add(Source(name, columns, single=True), node, own)
            return
        self._parts(this.expressions if isinstance(this, exp.Unnest) else [this], self._seen(own))
        self._add(function_source(this, node, self._names), node, own)

    def _add(self, source: Source, node: exp.Expr, own: Scope) -> None:
        alias = node.args.get("alias")
        if self._names.of(alias) in _NO_ALIASES:
            self._reading.against("known syntax", f"{source.name.upper()} is not understood here.")
        if source.hides and given_names(alias, self._names):
            self._refuse_all_columns([source], "Naming its columns anew")
        sample = node.args.get("sample")
        if isinstance(sample, exp.Expr):
            self._walk(sample, Scope(own.parent, [], own.parts))
        pivots = node.args.get("pivots") or ()
        for pivot in pivots:
            self._refuse_all_columns([source], "PIVOT")
            self._inner_queries(pivot, own)
        if pivots:
            renamed = self._names.of_table(pivots[-1].args.get("alias"))
            source = Source(renamed or source.name, None)
        elif not source.called:
            columns = named(source.columns, alias, self._names)
            source = Source(source.name, columns, source.table, source.single)
        own.sources.append(source)

    def _refuse_all_columns(self, sources: list[Source], what: str) -> None:
        for source in sources:
            if source.hides:
                self._meaning.refuse_all(source, what)

    def _inner_queries(self, node: exp.Expr, scope: Scope) -> None:
        for inner in node.walk(prune=lambda one: one is not node and isinstance(one, _QUERIES)):
            if inner is not node and inner is not node.this and isinstance(inner, _QUERIES):
                self.query(inner, Scope(scope))

    def _arguments(self, node: exp.Expr, scope: Scope, but: tuple[str, ...]) -> None:
        for key, value in node.args.items():
            if key not in but and value:
                self._parts(value if isinstance(value, list) else [value], scope)

    def _parts(self, parts: Iterable[object], scope: Scope) -> None:
        for part in parts:
            if isinstance(part, exp.Expr):
                self._walk(part, scope)

    def _walk(self, node: exp.Expr, scope: Scope, in_join: bool = False) -> None:
        """See what each name in an expression means; queries in it are read on their own."""
        waiting = [node]
        while waiting:
            one = waiting.pop()
            if isinstance(one, _QUERIES):
                self.query(one, scope)
            elif isinstance(one, exp.In) and self._dialect == "sqlite" and one.args.get("field"):
                self._in_table(one, scope)
                waiting.append(one.this)
            else:
                further = self._meaning.of(one, scope, in_join)
                waiting.extend(_inside(one) if further is None else further)

    def _in_table(self, node: exp.In, scope: Scope) -> None:
        """SQLite reads a table in `x IN orders`."""
        named_there = node.args["field"]
        if not isinstance(named_there, exp.Column):
            self._reading.against("known syntax", "Write IN (SELECT column FROM ...).")
            return
        table = exp.Table(this=named_there.this, db=named_there.args.get("table"))
        self._refuse_all_columns([self._named_table(table.copy(), scope)], "IN and a table")


def _is_comma(join: exp.Join) -> bool:
    return not any(join.args.get(key) for key in ("kind", "method", "on", "side", "using"))


def _first_of(query: exp.Expr) -> exp.Expr:
    while isinstance(query, exp.SetOperation):
        query = query.this
    return query


def _inside(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, exp.Collate):
        # What follows is the name of an order of letters.
        return iter((node.this,))
    return node.iter_expressions()
