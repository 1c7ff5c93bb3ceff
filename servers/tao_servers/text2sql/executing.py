"""Runs a statement once it passed the rules and does not read without end."""

from collections.abc import Callable
from typing import TypeVar

from tao_servers.text2sql.checking import Checked, check
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.limits import Limits, Rows
from tao_servers.text2sql.schema import Schema
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop

__all__ = ["execute", "refuse_hopeless", "with_fresh_names"]

_Value = TypeVar("_Value")

# Names that the schema does not have may be new: it is read again before they are refused.
_ABOUT_NAMES = {"known tables", "known columns"}


def execute(source: Source, sql: str, limits: Limits, stop: Stop) -> tuple[Checked, Rows]:
    """The rows of a statement that passed every rule. Blocks.

    Raises:
        QueryRefused: a rule is against it, or it would read too much.
        QueryFailed: the database could not run it to its end.
        SetupError: the database cannot be read.
    """
    engine, functions = source.engine(stop), source.database.functions
    verdict = with_fresh_names(source, stop, lambda schema: check(sql, schema, functions))
    if verdict.kind == "select":
        refuse_hopeless(limits, engine.expected_rows(verdict.sql, stop))
    return verdict, engine.run(verdict.sql, limits, stop)


def with_fresh_names(source: Source, stop: Stop, work: Callable[[Schema], _Value]) -> _Value:
    """What `work` gives for the schema; it is read again where a name in it is not known."""
    schema = source.schema(stop)
    try:
        return work(schema)
    except QueryRefused as exc:
        fresh = source.schema(stop, fresh=True) if exc.rule in _ABOUT_NAMES else schema
        if fresh is schema:
            raise
        return work(fresh)


def refuse_hopeless(limits: Limits, expected: float | None) -> None:
    """Refuse what the planner expects to go through too many rows.

    Raises:
        QueryRefused: by the rule `cost`.
    """
    if expected is not None and expected > limits.max_scan:
        raise QueryRefused(
            f"The database expects to go through about {expected:,.0f} rows for this; at most"
            f" {limits.max_scan:,.0f} are allowed. Join on keys, filter earlier, or leave a table out.",
            rule="cost",
        )
