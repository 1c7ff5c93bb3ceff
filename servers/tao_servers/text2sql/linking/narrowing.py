"""Leaves out of a wide table what a question does not ask for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tao_servers.text2sql.linking.asked import Asked
from tao_servers.text2sql.linking.words import terms
from tao_servers.text2sql.schema import Column, Table

__all__ = ["narrowed"]


def narrowed(
    table: Table,
    beside: Sequence[Table],
    asked: Asked,
    near: Mapping[str, float],
    named: Collection[tuple[str, str]],
    most: int,
) -> Table:
    """`table` with its `most` likeliest columns in their order, and its keys whatever their number.

    `beside` are the tables whose keys may point to it, `near` cosines of its columns, `named` the columns
    (table and column) in which a value of the question was found.
    """
    if len(table.columns) <= most:
        return table
    targets = {c.references.lower() for other in beside for c in other.columns if c.references}
    asked_terms = set(asked.terms)

    def is_key(column: Column) -> bool:
        return (
            column.primary_key
            or column.references is not None
            or f"{table.full_name}.{column.name}".lower() in targets
        )

    def score(column: Column) -> float:
        shared = set(terms(f"{column.name} {column.comment or ''}"))
        words = len(shared & asked_terms) / max(len(shared), 1)
        return words + near.get(column.name, 0.0) + 2.0 * ((table.full_name, column.name) in named)

    keys = [column for column in table.columns if is_key(column)]
    others = sorted((column for column in table.columns if not is_key(column)), key=lambda c: -score(c))
    kept = {column.name for column in (*keys, *others[: max(most - len(keys), 0)])}
    return replace(table, columns=tuple(column for column in table.columns if column.name in kept))
