"""Tells where a statement divides whole numbers, so that the database drops the fraction.

This module imports sqlglot.
"""

from collections.abc import Iterator

from sqlglot import exp

from tao_servers.text2sql.explaining.parts import Parts, selects
from tao_servers.text2sql.schema import Schema

__all__ = ["divisions_without_fraction"]


def divisions_without_fraction(tree: exp.Expr, schema: Schema) -> Iterator[tuple[exp.Div, Parts]]:
    """The divisions of whole numbers, each with its SELECT; none where the database keeps fractions."""
    # DuckDB and MySQL divide with fractions.
    if schema.dialect not in {"sqlite", "postgres"}:
        return
    every = {id(parts.select): parts for parts in selects(tree, schema)}
    for division in tree.find_all(exp.Div):
        parts = every.get(id(division.find_ancestor(exp.Select)))
        if parts is not None and _is_whole(division.this, parts) and _is_whole(division.expression, parts):
            yield division, parts


def _is_whole(node: exp.Expr, parts: Parts) -> bool:
    """Whether a value is surely a whole number to the database."""
    if isinstance(node, exp.Sum) and parts.schema.dialect == "postgres" and _has_large(node, parts):
        return False
    if isinstance(node, exp.Paren | exp.Sum | exp.Max | exp.Min | exp.Nullif):
        return isinstance(node.this, exp.Expr) and _is_whole(node.this, parts)
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Mod):
        return _is_whole(node.this, parts) and _is_whole(node.expression, parts)
    if isinstance(node, exp.Case):
        branches = [one.args["true"] for one in node.args["ifs"]]
        other = node.args.get("default")
        return all(_is_whole(one, parts) for one in branches + ([other] if other is not None else []))
    if isinstance(node, exp.If):
        return all(isinstance(one, exp.Expr) and _is_whole(one, parts) for one in _branches(node))
    if isinstance(node, exp.Window):
        return _is_whole(node.this, parts)
    if isinstance(node, exp.Predicate):
        return parts.schema.dialect == "sqlite"
    if isinstance(node, exp.Literal):
        return not node.is_string and node.name.isdecimal()
    if isinstance(node, exp.Column):
        found = parts.column(node)
        type_ = found[1].type.lower() if found is not None else ""
        return "int" in type_ and not any(word in type_ for word in ("interval", "point"))
    return _is_count(node) or _is_of_query(node, parts)


def _branches(choice: exp.If) -> list[object]:
    other = choice.args.get("false")
    return [choice.args.get("true"), *([other] if other is not None else [])]


def _is_count(node: exp.Expr) -> bool:
    return isinstance(node, exp.Count) or (isinstance(node, exp.Filter) and isinstance(node.this, exp.Count))


def _is_of_query(node: exp.Expr, around: Parts) -> bool:
    """Whether it is a query in brackets that gives one whole number."""
    select = node.this if isinstance(node, exp.Subquery) else None
    if not isinstance(select, exp.Select) or len(select.expressions) != 1:
        return False
    inner = Parts(select, around.schema, around)
    return _is_whole(inner.outputs[0], inner)


def _has_large(total: exp.Expr, parts: Parts) -> bool:
    """Whether a bigint is in a sum: PostgreSQL makes a decimal number of these."""
    types = [found[1].type.lower() for found in map(parts.column, total.find_all(exp.Column)) if found]
    return any(word in type_ for type_ in types for word in ("big", "int8"))
