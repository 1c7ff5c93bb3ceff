"""What errors of psycopg and PostgreSQL mean for whoever wrote the statement."""

import psycopg

from tao_servers.text2sql.errors import QueryFailed, QueryRefused, SetupError, Text2sqlError
from tao_servers.text2sql.stopping import Watch

__all__ = ["cancelled", "failure", "is_passing", "unreachable"]

# PostgreSQL's error codes, appendix A of its manual.
_READ_ONLY = "25006"
_CANNOT_BE_MADE_WRITABLE = "25001"
_NOT_ALLOWED = "42501"
_SYNTAX = "42601"
_CANCELLED = "57014"
_LOCKED = "55P03"
_PASSING = ("refused", "starting up", "shutting down", "closed the connection", "No such file")
_SHUT_DOWN = "57P0"
_FULL = "53"
_TOO_LARGE = "54"


def failure(exc: Exception, watch: Watch, seconds: float, *, lost: bool) -> Text2sqlError:
    """The error to raise for `exc`; `lost` says that the connection is gone."""
    if watch.fired:
        return _too_slow(seconds) if watch.timed_out else cancelled()
    if not isinstance(exc, psycopg.Error):
        return QueryFailed(f"The text could not be read or sent: {exc}.")
    state = exc.sqlstate or ""
    if lost or not state or state.startswith(_SHUT_DOWN):
        return QueryFailed("The connection to the database was lost (the server restarted?). Run it again.")
    return _refusal(exc, state) or _shortage(exc, state, seconds) or _mistake(exc)


def cancelled() -> QueryFailed:
    """The error for work that was cancelled."""
    return QueryFailed("The query was cancelled.")


def unreachable(name: str, exc: BaseException) -> SetupError:
    """The error for a connection that could not be opened. libpq's texts have no password in them."""
    said = " ".join(str(exc).removeprefix("connection failed: ").partition("\n")[0].split())
    return SetupError(
        f"The database {name!r} cannot be reached: {said.rstrip('.')}. Check that the server runs, and the"
        " host, port, role, password and database of its URL."
    )


def is_passing(exc: BaseException) -> bool:
    """Whether a connection failed as it does while a server is being restarted."""
    return any(part in str(exc) for part in _PASSING)


def _refusal(exc: psycopg.Error, state: str) -> QueryRefused | None:
    said = _said(exc)
    writes = "data-modifying" in said or "INTO is not allowed" in said
    if writes or state in {_READ_ONLY, _CANNOT_BE_MADE_WRITABLE}:
        return QueryRefused(f"The database is read-only: {said}.", rule="engine")
    if state == _NOT_ALLOWED:
        return QueryRefused(f"The database role may not do that: {said}.", rule="engine")
    if state == _SYNTAX and "multiple commands" in said:
        return QueryRefused("Several statements were given. Send one at a time.", rule="engine")
    return None


def _shortage(exc: psycopg.Error, state: str, seconds: float) -> QueryFailed | None:
    if state == _CANCELLED:
        return _too_slow(seconds)
    if state == _LOCKED:
        return QueryFailed("A table is locked by someone who is changing it. Run it again in a moment.")
    if state.startswith(_FULL):
        return QueryFailed(f"The database server is short of something: {_said(exc)}. Ask for less at once.")
    if state.startswith(_TOO_LARGE):
        return QueryFailed(f"The statement is too large or too deep: {_said(exc)}. Shorten or split it.")
    return None


def _mistake(exc: psycopg.Error) -> QueryFailed:
    hint = f" {exc.diag.message_hint}" if exc.diag.message_hint else ""
    return QueryFailed(f"PostgreSQL could not run it: {_said(exc)}.{hint}")


def _too_slow(seconds: float) -> QueryFailed:
    return QueryFailed(
        f"The query was stopped after {seconds:g} s. Filter earlier, join on keys, end a recursion with"
        " LIMIT, or aggregate less."
    )


def _said(exc: psycopg.Error) -> str:
    said = exc.diag.message_primary or str(exc).partition("\n")[0]
    return said.rstrip(".")[:500]
