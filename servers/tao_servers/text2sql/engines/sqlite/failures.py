"""What SQLite's errors mean for whoever wrote the statement."""

from tao_servers.text2sql.engines.sqlite.connection import Deadline
from tao_servers.text2sql.engines.sqlite.guard import LONGEST_PATTERN, LONGEST_VALUE, Guard
from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.one_line import one_line

__all__ = ["failure"]

_LONGEST = 500


def failure(exc: Exception, deadline: Deadline, guard: Guard) -> QueryFailed | QueryRefused:
    """The error to raise for `exc`."""
    message = one_line(str(exc), _LONGEST)
    if "not authorized" in message or "prohibited" in message:
        if "prohibited" in message and not guard.access.is_open:
            # SQLite's own words would name what is hidden, also where the statement has only a star.
            message = "it asks for a table or column that may not be read"
        return QueryRefused(f"The database lets a query only read its tables: {message}.", rule="engine")
    if "authorization denied" in message:
        return QueryRefused("The database lets a query only read its tables.", rule="engine")
    if "readonly" in message or "too many attached" in message:
        return QueryRefused(f"The database is read-only: {message}.", rule="engine")
    if "interrupted" in message and deadline.was_cancelled:
        return QueryFailed("The query was cancelled.")
    if "interrupted" in message and deadline.is_over():
        return QueryFailed(
            f"The query was stopped after {deadline.seconds:g} s. Filter earlier, join on keys, end a"
            " recursion with LIMIT, or aggregate less."
        )
    if "too big" in message:
        return QueryFailed(_too_long(guard))
    if isinstance(exc, MemoryError):
        return QueryFailed(
            "The statement is too large to run: shorten it, call fewer functions, or split it."
        )
    if "pattern too complex" in message:
        return QueryFailed(
            f"A LIKE or GLOB pattern may have {LONGEST_PATTERN} bytes; shorten it, or use instr."
        )
    advice = " Check each alias and its columns." if "no such column" in message else ""
    return QueryFailed(f"SQLite could not run it: {message.rstrip('.') or type(exc).__name__}.{advice}")


def _too_long(guard: Guard) -> str:
    if guard.slowest:
        return (
            f"A value has over {guard.longest:,} bytes, the most in a statement with {guard.slowest!r}. Leave"
            f" that function out ({LONGEST_VALUE:,} bytes then; select length(column) or substr(column, 1,"
            " 1000)), or leave the long column out."
        )
    return (
        f"A value has over {guard.longest:,} bytes: too long even for length(column) and substr(column, 1,"
        " 1000) where a table has it. Leave that column out, and put fewer or shorter texts together."
    )
