"""Runs one statement on an open session, row by row, until a limit is reached."""

import json
import re
from typing import TYPE_CHECKING, Any

from tao_servers.text2sql.engines.duckdb.guard import Accepted, accept
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, Text2sqlError
from tao_servers.text2sql.limits import Limits, Rows, Taker
from tao_servers.text2sql.stopping import Stop, Watch

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["PLANNING_SECONDS", "estimate", "out_of_memory", "read"]

PLANNING_SECONDS = 5.0
# What Python has no value for, or another one: infinite dates, the months of an interval, nanoseconds, and
# zones, which would need another library.
_TIMES = re.compile(r"DATE|TIME|INTERVAL")
_NESTED = re.compile(r"\[|^(?:STRUCT|MAP|UNION)\(")
_PRODUCTS = frozenset({"CROSS_PRODUCT", "NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN"})
_DENIED = ("read-only", "disabled by configuration", "configuration has been locked", "file system")


def read(connection: "DuckDBPyConnection", sql: str, limits: Limits, stop: Stop) -> Rows:
    """Run `sql`, which may only read, and take its first rows.

    Raises:
        QueryRefused: it would do more than read.
        QueryFailed: it is wrong, takes too long or too much memory, or was cancelled.
    """
    with stop.watch(connection.interrupt, limits.timeout) as watch:
        try:
            accepted = accept(connection, sql)
            connection.execute("BEGIN TRANSACTION READ ONLY")
            connection.execute(_shown(connection, accepted))
            taker = Taker((name for name, _ in _columns(connection)), limits)
            # One by one: a hundred rows may be a hundred times many megabytes.
            while not watch.fired and (row := connection.fetchone()) is not None:
                if not taker.take(row):
                    break
        except Exception as exc:
            raise _failure(exc, watch, limits.timeout) from exc
    if watch.fired:
        raise _failure(TimeoutError(), watch, limits.timeout)
    return taker.rows()


def estimate(connection: "DuckDBPyConnection", sql: str, stop: Stop) -> float | None:
    """The most rows that any step of the plan is expected to give or to compare; None: not known.

    Raises:
        QueryFailed: DuckDB does not understand the statement.
    """
    with stop.watch(connection.interrupt, PLANNING_SECONDS) as watch:
        try:
            accepted = accept(connection, sql)
            explained = connection.execute(f"EXPLAIN (FORMAT JSON) {accepted.planned}").fetchall()
        except Exception as exc:
            failure = _failure(exc, watch, PLANNING_SECONDS)
            if isinstance(failure, QueryRefused):
                # Running it says so; here only a plan was asked for.
                return None
            raise failure from exc
    return max((_rows(node)[1] for node in json.loads(explained[-1][1])), default=None)


def out_of_memory() -> QueryFailed:
    """What to say when a statement wants more than there is."""
    return QueryFailed(
        "The query needs more memory than it may have. Filter earlier, select fewer columns, sort or group"
        " fewer rows, and make no very long texts or lists."
    )


def _columns(connection: "DuckDBPyConnection") -> list[tuple[str, str]]:
    return [(str(entry[0]), str(entry[1])) for entry in connection.description or ()]


def _shown(connection: "DuckDBPyConnection", accepted: Accepted) -> str:
    """The statement with its times as texts, as DuckDB itself writes them."""
    if not accepted.wrappable:
        return accepted.sql
    if accepted.pivots:
        connection.execute(accepted.sql)
        columns = _columns(connection)
    else:
        described = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {accepted.sql}\n)")
        columns = described.fetchall()
    if not any(_TIMES.search(kind) for _, kind in columns):
        return accepted.sql
    names = [_quoted(f"{name}#{number}") for number, (name, _) in enumerate(columns)]
    shown = [
        f"{_as_text(column, kind)} AS {_quoted(name)}"
        for column, (name, kind) in zip(names, columns, strict=True)
    ]
    return f"SELECT {', '.join(shown)} FROM (\n{accepted.sql}\n) AS shown({', '.join(names)})"


def _as_text(column: str, kind: str) -> str:
    if not _TIMES.search(kind):
        return column
    return f"to_json({column})" if _NESTED.search(kind) else f"CAST({column} AS VARCHAR)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _rows(node: dict[str, Any]) -> tuple[float, float]:
    """How many rows a step of a plan gives, and the most that it or a step below it goes through."""
    below = [_rows(child) for child in node.get("children", ())]
    given = [rows for rows, _ in below]
    product = 1.0
    for rows in given:
        product *= max(rows, 1.0)
    said = node.get("extra_info", {}).get("Estimated Cardinality")
    if node.get("name") in _PRODUCTS:
        rows = product
    else:
        rows = float(said) if said is not None else max(given, default=1.0)
    return rows, max([rows, *(most for _, most in below)])


def _failure(exc: Exception, watch: Watch, seconds: float) -> Text2sqlError:
    import duckdb

    if watch.fired:
        if not watch.timed_out:
            return QueryFailed("The query was cancelled.")
        return QueryFailed(
            f"The query was stopped after {seconds:g} s. Filter earlier, join on keys, end a recursion with a"
            " condition, or aggregate less."
        )
    if isinstance(exc, Text2sqlError):
        return exc
    if isinstance(exc, MemoryError | duckdb.OutOfMemoryException):
        return out_of_memory()
    # DuckDB draws the statement below its message.
    said = str(exc).split("\n\nLINE ")[0].strip().rstrip(".")
    if any(word in said for word in _DENIED):
        return QueryRefused(f"The database can only be read, and nothing else: {said[:300]}.", rule="engine")
    return QueryFailed(f"DuckDB could not run it: {said[:500] or type(exc).__name__}.")
