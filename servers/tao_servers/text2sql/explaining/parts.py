"""A SELECT taken apart: where it reads, what it filters on, groups by, orders by.

This module imports sqlglot.
"""

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Column, Dialect, Family, Schema, Table

__all__ = [
    "Parts",
    "Source",
    "as_written",
    "conjuncts",
    "is_query",
    "limit_of",
    "query_of",
    "selects",
    "without_brackets",
]

Source = Table | exp.Expr | None
"""What a name in FROM means: a table, a query, or something else."""

_LONGEST = 10_000
_QUERY = re.compile(r"[\s(]*(?:from|select|values|with|--|/\*)", re.IGNORECASE)
_DEEPEST = 100
_NUMBERS = (exp.Add, exp.Avg, exp.Count, exp.Div, exp.Mul, exp.Round, exp.Sub, exp.Sum)
_SURPRISES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def is_query(sql: str) -> bool:
    """Whether it begins as a query does: of anything else the parser would log that it gave it up."""
    return _QUERY.match(sql) is not None


def query_of(sql: str, dialect: Dialect) -> exp.Expr | None:
    """The tree of a query; None for what is none, or is not understood."""
    if len(sql) > _LONGEST or not is_query(sql):
        return None
    try:
        tree = sqlglot.parse_one(sql, read=dialect)
    except (
        SqlglotError,
        RecursionError,
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ):
        # The parser meets what its authors did not think of; the database understood it.
        return None
    tree = without_brackets(tree)
    return tree if isinstance(tree, exp.Select | exp.SetOperation) and not _is_deep(tree) else None


def _is_deep(tree: exp.Expr) -> bool:
    """Whether telling it could go deeper than Python does."""
    level = [tree]
    for _ in range(_DEEPEST):
        level = [inner for node in level for inner in node.iter_expressions()]
        if not level:
            return False
    return True


def as_written(node: exp.Expr, dialect: Dialect, longest: int = 80) -> str:
    """A part of a statement as SQL, on one line."""
    return one_line(node.sql(dialect=dialect, unsupported_level=ErrorLevel.IGNORE), longest)


def without_brackets(node: exp.Expr) -> exp.Expr:
    """What stands in brackets."""
    while isinstance(node, exp.Paren | exp.Subquery):
        node = node.this
    return node


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """The conditions that all must hold."""
    found: list[exp.Expr] = []
    waiting = [node] if node is not None else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, exp.And):
            waiting += [one.expression, one.this]
        elif isinstance(one, exp.Paren) and isinstance(one.this, exp.And):
            waiting.append(one.this)
        else:
            found.append(one)
    return found


def limit_of(query: exp.Expr) -> int | None:
    """How many rows a query gives at most, as far as it says so in digits."""
    limit = query.args.get("limit")
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        is_plain = options is None or not (options.args.get("percent") or options.args.get("with_ties"))
        return _whole(limit.args.get("count")) if is_plain else None
    return _whole(limit.expression) if isinstance(limit, exp.Limit) else None


class Parts:
    """One SELECT, with what its names mean in a schema; `around` is the one that it stands in."""

    def __init__(self, select: exp.Select, schema: Schema, around: "Parts | None" = None) -> None:
        self.select, self.schema, self._around = select, schema, around
        self._queries = _named_queries(select)
        self._joins: list[exp.Join] = select.args.get("joins") or []
        self.sources = {name: self._source(node) for name, node in self._named()}

    @property
    def outputs(self) -> list[exp.Expr]:
        """What it gives, column by column, without the names given to it."""
        return [one.unalias() for one in self.select.expressions]

    @property
    def sides(self) -> dict[str, str]:
        """The names in FROM that are joined LEFT, RIGHT or FULL, so that rows of one side may be missing."""
        names = [name for name, _ in self._named()]
        pairs = zip(names[len(names) - len(self._joins) :], self._joins, strict=True)
        return {name: join.side for name, join in pairs if join.side and join.kind in {"", "OUTER"}}

    @property
    def filters(self) -> list[exp.Expr]:
        """The conditions of WHERE, and those in ON that connect nothing."""
        where = self.select.args.get("where")
        plain = [join for join in self._joins if not join.side and join.kind in {"", "CROSS", "INNER"}]
        joined = [one for join in plain for one in conjuncts(join.args.get("on")) if self._is_about_one(one)]
        return joined + conjuncts(where.this if where else None)

    @property
    def one_for_each(self) -> list[exp.Expr]:
        """What DISTINCT ON keeps one row for each of."""
        distinct = self.select.args.get("distinct")
        on = distinct.args.get("on") if isinstance(distinct, exp.Distinct) else None
        return (on.expressions if isinstance(on, exp.Tuple) else [on]) if on is not None else []

    @property
    def having(self) -> list[exp.Expr]:
        """The conditions on groups."""
        having = self.select.args.get("having")
        return conjuncts(having.this if having else None)

    @property
    def groups(self) -> list[exp.Expr]:
        """What it groups by."""
        group = self.select.args.get("group")
        return [self._meant(one) for one in group.expressions] if group else []

    @property
    def order(self) -> list[tuple[exp.Expr, bool]]:
        """What it orders by, and whether the greatest comes first."""
        order = self.select.args.get("order")
        return [
            (self._meant(one.this, aliases_first=True), bool(one.args.get("desc")))
            for one in (order.expressions if order else ())
            if isinstance(one, exp.Ordered)
        ]

    @property
    def limit(self) -> int | None:
        """How many rows it gives at most."""
        return limit_of(self.select)

    @property
    def offset(self) -> int:
        """How many rows it leaves out first."""
        offset = self.select.args.get("offset")
        return (_whole(offset.expression) or 0) if isinstance(offset, exp.Offset) else 0

    @property
    def is_grouped(self) -> bool:
        """Whether a row stands for several."""
        return bool(self.select.args.get("group")) or any(map(self.is_aggregate, self.outputs))

    def is_aggregate(self, node: exp.Expr) -> bool:
        """Whether a value is made of several rows of this SELECT; one over a window is not."""
        return any(
            not isinstance(found.parent, exp.Window) and found.find_ancestor(exp.Select) is self.select
            for found in node.find_all(exp.AggFunc)
        )

    def column(self, node: exp.Column) -> tuple[Table, Column] | None:
        """The column of the schema that a name means."""
        name, prefix = node.name, node.table.lower()
        sources = [self.sources.get(prefix)] if prefix else list(self.sources.values())
        for source in sources:
            found = source.column(name) if isinstance(source, Table) else None
            if isinstance(source, Table) and found is not None:
                return source, found
        if self._around is not None and (prefix not in self.sources if prefix else True):
            return self._around.column(node)
        return None

    def family(self, node: exp.Expr) -> Family:
        """What kind of values an expression has, as far as that is plain."""
        if isinstance(node, exp.Max | exp.Min | exp.Paren) and isinstance(node.this, exp.Expr):
            return self.family(node.this)
        if isinstance(node, exp.Column):
            found = self.column(node)
            return found[1].family if found else "other"
        return "number" if isinstance(node, _NUMBERS) else "other"

    def _named(self) -> Iterator[tuple[str, exp.Expr]]:
        start = self.select.args.get("from_")
        nodes = [start.this] if isinstance(start, exp.From) else []
        nodes += [join.this for join in self._joins]
        for number, node in enumerate(nodes):
            yield node.alias_or_name.lower() or f" {number}", node

    def _source(self, node: exp.Expr) -> Source:
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            query = None if node.db else self._queries.get(node.name.lower())
            return query or self.schema.table(node.name, node.db or None)
        inner = without_brackets(node)
        return inner if isinstance(inner, exp.Query) else None

    def _is_about_one(self, condition: exp.Expr) -> bool:
        """Whether a condition has the columns of one source alone."""
        names = set()
        for column in condition.find_all(exp.Column):
            found = None if column.table else self.column(column)
            names.add(column.table.lower() or (found[0].full_name if found else ""))
        return len(names) == 1 and "" not in names

    def _meant(self, node: exp.Expr, *, aliases_first: bool = False) -> exp.Expr:
        """What a number or an alias of the SELECT stands for."""
        place = _whole(node)
        if place is not None:
            return self.outputs[place - 1] if 0 < place <= len(self.outputs) else node
        if isinstance(node, exp.Column) and not node.table:
            given: dict[str, exp.Expr] = {
                one.alias.lower(): one.unalias() for one in self.select.expressions if one.alias
            }
            if aliases_first or self.column(node) is None:
                return given.get(node.name.lower(), node)
        return node


def selects(tree: exp.Expr, schema: Schema) -> Iterator[Parts]:
    """Every SELECT of a statement, each with the one that it stands in."""
    made: dict[int, Parts] = {}
    # Breadth first, so that the outer ones come before those in them.
    for select in tree.find_all(exp.Select):
        outer = select.find_ancestor(exp.Select)
        made[id(select)] = Parts(select, schema, made.get(id(outer)))
        yield made[id(select)]


def _named_queries(select: exp.Expr) -> dict[str, exp.Expr]:
    """The parts of WITH that it sees, the nearest first."""
    found: dict[str, exp.Expr] = {}
    around: exp.Expr | None = select
    while around is not None:
        clause = around.args.get("with_")
        for one in clause.expressions if isinstance(clause, exp.With) else ():
            found.setdefault(one.alias.lower(), without_brackets(one.this))
        around = around.parent
    return found


def _whole(node: object) -> int | None:
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdecimal():
        return int(node.name)
    return None
