"""What an error of the server or of its driver means for the caller.

The numbers are those of the "Server Error Message Reference" of MySQL and the "Error Codes" of MariaDB.
"""

from typing import Any

from tao_servers.text2sql.errors import QueryFailed, QueryRefused, SetupError, Text2sqlError

__all__ = [
    "DENIED",
    "UNKNOWN_TABLE",
    "cancelled",
    "lost",
    "of_connecting",
    "of_reconnecting",
    "of_statement",
    "timed_out",
]

_READ_ONLY = {1290, 1792, 1836}
# Of databases, tables, columns, routines, special rights and files.
DENIED = {1044, 1142, 1143, 1227, 1370, *_READ_ONLY}
UNKNOWN_TABLE = 1146
_LOCAL_FILE = {1148, 3948, 4166}
_TIME = {1969, 3024}
_KILLED = 1317
_LOST = {0, 1053, 1158, 1159, 1160, 1161, 1927, 2002, 2003, 2006, 2013, 2055, 4031}
_FULL = {1040, 1203, 1226}
_LOCKED = {1205, 3572}
_LONGEST = 400


def timed_out(seconds: float) -> QueryFailed:
    """The statement took longer than it may."""
    return QueryFailed(
        f"The query was stopped after {seconds:g} s. Filter earlier, join on indexed columns, end a recursion"
        " with LIMIT, or aggregate less."
    )


def cancelled() -> QueryFailed:
    """The caller does not wait any more."""
    return QueryFailed("The query was cancelled.")


def lost() -> QueryFailed:
    """The server or the way to it is gone."""
    return QueryFailed("The connection to the database was lost (the server restarted?). Run it again.")


def of_statement(exc: Exception, product: str, seconds: float) -> Text2sqlError:
    """What `exc`, raised while a statement ran, means; `product` is MySQL or MariaDB."""
    code, message = _parts(exc)
    if code in DENIED | _LOCAL_FILE:
        return QueryRefused(f"The database lets a statement only read what it may: {message}.", rule="engine")
    if code in _TIME:
        return timed_out(seconds)
    if code in _LOST:
        return lost()
    if code == _KILLED:
        return QueryFailed(f"{product} ended the query at another's wish. Run it again.")
    if code in _LOCKED:
        return QueryFailed("A table is locked by somebody else just now. Run it again in a moment.")
    if code == UNKNOWN_TABLE:
        return QueryFailed(f"{product} could not run it: {message}. Use the tables that list_tables shows.")
    return QueryFailed(f"{product} could not run it: {message}.")


def of_connecting(exc: Exception, address: str) -> SetupError:
    """What `exc`, raised while connecting to `address` (without its password), means."""
    code, message = _parts(exc)
    where = f"The database {address} cannot be opened"
    if code == 1045:
        return SetupError(f"{where}: {message}. Check the user and the password in the address.")
    if code == 1044:
        return SetupError(f"{where}: {message}. GRANT SELECT on it to that user, or name another database.")
    if code == 1049:
        return SetupError(f"{where}: {message}. Name one that exists (SHOW DATABASES lists them).")
    if code in _FULL:
        return SetupError(
            f"{where}: {message}. The server has no connection left: end others, or raise its limit."
        )
    if code in _LOST:
        return SetupError(f"{where}: {message}. Check host and port, and that the server is running.")
    if isinstance(exc, RuntimeError) and "cryptography" in message:
        return SetupError(
            f"{where}: without TLS its kind of password (caching_sha2_password) needs a further package."
            " pip install cryptography, or give the address ?ssl=true."
        )
    return SetupError(f"{where}: {message}.")


def of_reconnecting(exc: Exception, address: str) -> Text2sqlError:
    """What `exc` means for a statement that waits for a connection to a database that was there before."""
    code, message = _parts(exc)
    if code in _LOST | _FULL:
        return QueryFailed(
            f"The database {address} cannot be reached just now: {message}. Run it again in a moment."
        )
    return of_connecting(exc, address)


def _parts(exc: Exception) -> tuple[int | None, str]:
    arguments: tuple[Any, ...] = exc.args
    if len(arguments) > 1 and isinstance(arguments[0], int):
        code, message = arguments[0], str(arguments[1])
    else:
        code, message = None, str(exc)
    message = " ".join(message.split()).rstrip(".") or type(exc).__name__
    # Where to look it up is of no use to a model.
    before, manual, after = message.partition("; check the manual that")
    if manual:
        message = before + " " + after[after.find("near ") :] if "near " in after else before
    return code, message if len(message) <= _LONGEST else message[:_LONGEST] + "…"
