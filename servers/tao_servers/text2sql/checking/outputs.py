"""Which columns a query gives, and which a function in FROM does: exactly, or None.

A name too many could hide that the database takes it for a column further out.

This module imports sqlglot.
"""

from sqlglot import exp

from tao_servers.text2sql.checking.sources import Columns, Names, Scope, Source
from tao_servers.text2sql.checking.statement import called
from tao_servers.text2sql.functions import in_from, scalar, telling
from tao_servers.text2sql.schema import Dialect

__all__ = ["aliases", "function_source", "given_names", "named", "one_row", "selected", "values"]

_VALUES_NAMES = {
    "sqlite": ("column", 1),
    "postgres": ("column", 1),
    "mysql": ("column_", 0),
    "duckdb": ("col", 0),
}
_AGGREGATES = {
    *("array_agg", "avg", "count", "group_concat", "json_agg", "jsonb_agg", "list", "max", "median", "min"),
    *("percentile_cont", "percentile_disc", "quantile_cont", "stddev", "stddev_pop", "stddev_samp"),
    *("string_agg", "sum", "total", "var_pop", "var_samp", "variance"),
}


def selected(select: exp.Select, own: Scope, names: Names) -> Columns:
    """The names of a SELECT's columns."""
    given: list[str] = []
    for one in select.expressions:
        if one.is_star:
            further = _all_of(one, select, own, names)
            if further is None:
                return None
            given += further
        elif isinstance(one, exp.Alias | exp.Column):
            given.append(names.of(one))
        else:
            # The database makes a name up, such as `count`.
            return None
    return tuple(given)


def aliases(select: exp.Select, names: Names) -> frozenset[str]:
    """The names that a SELECT gives to its columns; PostgreSQL calls one after its function."""
    given = {names.of(one) for one in select.expressions if isinstance(one, exp.Alias)}
    if names.dialect == "postgres":
        given |= {called(one) for one in select.expressions if isinstance(one, exp.Anonymous)}
    return frozenset(given)


def _all_of(one: exp.Expr, select: exp.Select, own: Scope, names: Names) -> list[str] | None:
    star = one.this if isinstance(one, exp.Column) else one
    kinds = {str(join.args.get("kind") or "").upper() for join in select.args.get("joins") or ()}
    if not isinstance(star, exp.Star) or any(star.args.values()) or kinds & {"SEMI", "ANTI"}:
        return None
    sources = own.sources
    if isinstance(one, exp.Column):
        table = names.of_table(one.args.get("table"))
        sources = [source for source in sources if source.name == table]
    given: list[str] = []
    for source in sources:
        if source.columns is None:
            return None
        given += source.columns
    return given


def values(node: exp.Values, dialect: Dialect) -> Columns:
    """The names that the database gives to the columns of VALUES."""
    first = node.expressions[0] if node.expressions else None
    width = len(first.expressions) if isinstance(first, exp.Tuple | exp.Anonymous) else 1
    name, start = _VALUES_NAMES[dialect]
    return tuple(f"{name}{number}" for number in range(start, start + width))


def named(columns: Columns, alias: exp.Expr | None, names: Names) -> Columns:
    """The columns once an alias such as `x(a, b)` has renamed them."""
    given = given_names(alias, names)
    if not given:
        return columns
    # Where only the first are renamed, an order would be needed that joins may have changed.
    return given if columns is not None and len(given) >= len(columns) else None


def given_names(alias: exp.Expr | None, names: Names) -> tuple[str, ...]:
    """The names of columns in an alias such as `x(a, b)` or `x(a int, b text)`."""
    return tuple(names.of(one) for one in (alias.args.get("columns") or () if alias else ()))


def function_source(call: exp.Expr | None, holder: exp.Expr, names: Names) -> Source:
    """A function in FROM as a source; `holder` has its alias and its WITH ORDINALITY."""
    alias = holder.args.get("alias")
    function = _function(call)
    name = names.of_table(alias) or function
    given = given_names(alias, names)
    columns, perhaps = _given_by(call, function, names), frozenset[str]()
    if given and (columns is None or function == "unnest" or len(given) >= len(columns)):
        columns = given
    elif given:
        columns = None
    elif names.dialect == "postgres" and columns and function in columns and name != function:
        # A column without a name of its own has that of the alias; unnest may give others instead.
        perhaps = frozenset({name})
        columns = tuple(one for one in columns if one != function) if function == "unnest" else (name,)
    offset = call.args.get("offset") if isinstance(call, exp.Unnest) else holder.args.get("ordinality")
    if offset and columns is not None:
        columns += (names.of(offset) if isinstance(offset, exp.Identifier) else "ordinality",)
    return Source(name, columns, single=True, called=True, perhaps=perhaps)


def _function(call: exp.Expr | None) -> str:
    if isinstance(call, exp.Unnest):
        return "unnest"
    return called(call) if isinstance(call, exp.Anonymous) else ""


def _given_by(call: exp.Expr | None, function: str, names: Names) -> Columns:
    if isinstance(call, exp.JSONTable | exp.XMLTable):
        return tuple(names.of(node) for node in call.find_all(exp.JSONColumnDef, exp.ColumnDef))
    dialect = names.dialect
    lists = in_from(dialect)
    known = lists.get(function) if function in lists else telling(dialect).get(function)
    if known:
        return known
    return (function,) if known is None and dialect == "postgres" and function in scalar(dialect) else None


def one_row(query: exp.Expr) -> bool:
    """Whether a query gives one row at most: nothing is multiplied by it."""
    if isinstance(query, exp.Subquery):
        return one_row(query.this)
    if not isinstance(query, exp.Select):
        return isinstance(query, exp.Values)
    limit = query.args.get("limit")
    if isinstance(limit, exp.Limit) and limit.expression.name == "1":
        return True
    return not query.args.get("from_") or (not query.args.get("group") and _aggregates(query))


def _aggregates(select: exp.Select) -> bool:
    calls = [call for one in select.expressions for call in one.find_all(exp.Anonymous)]
    return any(
        called(call) in _AGGREGATES
        # SQLite's max(a, b) is no aggregate.
        and (len(call.expressions) == 1 or called(call) not in {"max", "min"})
        and call.find_ancestor(exp.Window, exp.Query) is select
        for call in calls
    )
