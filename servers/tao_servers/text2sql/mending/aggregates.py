"""Tells where a SELECT makes one value of several rows.

This module imports sqlglot.
"""

from collections.abc import Iterator

from sqlglot import exp

from tao_servers.text2sql.checking.statement import called

__all__ = ["counts_rows", "is_aggregate"]

_WORDS = """
    any_value approx_count_distinct arg_max arg_min argmax argmin array_agg avg bit_and bit_or bit_xor
    bool_and bool_or corr count count_if countif covar_pop covar_samp every favg first fsum geomean
    group_concat histogram json_agg json_arrayagg json_group_array json_group_object json_object_agg
    json_objectagg jsonb_agg jsonb_object_agg kurtosis last list listagg mad max max_by mean median min
    min_by mode percentile_cont percentile_disc product quantile quantile_cont quantile_disc skewness std
    stddev stddev_pop stddev_samp string_agg sum total var_pop var_samp variance
"""
_NAMES = frozenset(_WORDS.split())


def is_aggregate(node: exp.Expr) -> bool:
    """Whether it is a call that reckons with several rows, over a window too."""
    if isinstance(node, exp.Anonymous):
        name = called(node)
        # SQLite's max(a, b) looks at one row.
        return name in _NAMES and (name not in {"max", "min"} or len(node.expressions) == 1)
    return isinstance(node, exp.Window | exp.GroupConcat | exp.WithinGroup)


def counts_rows(select: exp.Select, column: str = "") -> bool:
    """Whether its result, or that of a SELECT around it, changes when rows come several times.

    Aggregates of the column of that name are meant to have all of them.
    """
    if any(_is_changed(call, column) for part in _parts(select) for call in _aggregates(part)):
        return True
    node: exp.Expr = select
    while node.parent is not None:
        node = node.parent
        if isinstance(node, exp.In | exp.Exists):
            return False
        if isinstance(node, exp.Select):
            return counts_rows(node)
    return False


def _parts(select: exp.Select) -> list[exp.Expr]:
    clauses = (select.args.get(key) for key in ("having", "order", "qualify"))
    return [*select.expressions, *(one for one in clauses if isinstance(one, exp.Expr))]


def _aggregates(part: exp.Expr) -> Iterator[exp.Expr]:
    inside = part.walk(prune=lambda inner: isinstance(inner, exp.Query) or is_aggregate(inner))
    return (one for one in inside if is_aggregate(one))


def _is_changed(call: exp.Expr, column: str) -> bool:
    if isinstance(call, exp.Window):
        return True
    once = isinstance(call, exp.Anonymous) and (
        called(call) in {"max", "min"} or any(isinstance(one, exp.Distinct) for one in call.expressions)
    )
    return not once and all(one.name != column for one in call.find_all(exp.Column))
