"""Sessions on a server: pooled, bounded, read-only, and clean for the next caller."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql  # type: ignore[import-untyped, unused-ignore]
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from tao_servers.text2sql.engines.mysql import failures
from tao_servers.text2sql.engines.mysql.address import Address
from tao_servers.text2sql.engines.mysql.wire import RowTooLong, Wire, ask, connect, end_statement
from tao_servers.text2sql.errors import QueryFailed, Text2sqlError
from tao_servers.text2sql.stopping import Stop, Watch

__all__ = ["Session", "Sessions"]

_POOL_SECONDS = 5.0
# Servers in clouds close what idles for a few minutes.
_RECYCLE_SECONDS = 240
# The server's own limit comes first; this is for what it does not bound.
_GRACE_SECONDS = 0.5
_SILENT_SECONDS = 10.0
# Without SHOW VIEW on a view, or without rights on the tables under it.
_NO_PLAN = {1345, 1356}


class Session:
    """A read-only transaction with a time limit."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a statement of our own, whose result is bounded by what it asks for."""
        return ask(self._wire, sql)

    def plan(self, sql: str) -> list[dict[str, Any]] | None:
        """The rows of EXPLAIN by their columns' names; None when this account may not see the plan."""
        try:
            names, rows = self.rows(f"EXPLAIN {sql}")
        except pymysql.err.Error as exc:
            if exc.args[0] not in _NO_PLAN:
                raise
            return None
        return [dict(zip(names, row, strict=True)) for row in rows]

    def rows(self, sql: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """The columns' names, and the rows as they come; those that nobody takes are never read."""
        # Without arguments the driver leaves each % as it is.
        cursor = self._wire.cursor()
        cursor.execute(sql)
        return [str(column[0]) for column in cursor.description or ()], iter(cursor)


class Sessions:
    """The connections to one database, at most `connections` at a time; none is opened ahead."""

    def __init__(self, address: Address, connections: int) -> None:
        self._address = address
        self._pool = QueuePool(
            lambda: connect(address),  # type: ignore[arg-type, return-value, unused-ignore]
            pool_size=connections,
            max_overflow=0,
            timeout=_POOL_SECONDS,
            recycle=_RECYCLE_SECONDS,
            pre_ping=True,
            # We clean ourselves, more thoroughly than by a ROLLBACK.
            reset_on_return=None,
            dialect=MySQLDialect_pymysql(dbapi=pymysql),
        )

    @contextmanager
    def open(self, seconds: float, stop: Stop, *, most_rows: int | None = None) -> Iterator[Session]:
        """A session whose statements end after `seconds` or when `stop` is set.

        Raises:
            SetupError: the server does not let us in.
            QueryFailed: it cannot be reached now; and what the block's statements give rise to.
        """
        if stop.is_set:
            raise failures.cancelled()
        pooled = self._check_out()
        wire: Any = pooled.dbapi_connection
        watch: Watch | None = None
        # Only what ended as the protocol has it leaves a connection that can be used again.
        orderly = False
        try:
            with stop.watch(lambda: end_statement(wire, self._address), seconds + _GRACE_SECONDS) as watch:
                wire.wait_at_most(seconds + _SILENT_SECONDS)
                for statement in wire.server.settings(seconds, most_rows):
                    ask(wire, statement)
                yield Session(wire)
            orderly = True
        except (pymysql.err.Error, RowTooLong, RuntimeError, ValueError, OSError, MemoryError) as exc:
            orderly = isinstance(exc, pymysql.err.Error)
            if not (watch and watch.fired):
                raise _failure(exc, wire, seconds) from exc
        finally:
            self._give_back(pooled, wire, ended=watch is None or watch.fired, orderly=orderly)
        if watch.fired:
            raise failures.timed_out(seconds) if watch.timed_out else failures.cancelled()

    @contextmanager
    def alone(self) -> Iterator[Wire]:
        """A connection that nobody else ever uses, as the server gives it.

        Raises:
            SetupError: the server cannot be reached or does not let us in.
        """
        try:
            wire = connect(self._address)
        except (pymysql.err.Error, RuntimeError) as exc:
            raise failures.of_connecting(exc, self._address.shown) from exc
        try:
            yield wire
        finally:
            wire.abandon()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._pool.dispose()

    def _check_out(self) -> PoolProxiedConnection:
        try:
            return self._pool.connect()
        except PoolTimeout as exc:
            raise QueryFailed("All connections to the database are busy. Run it again in a moment.") from exc
        except (pymysql.err.Error, RuntimeError) as exc:
            raise failures.of_reconnecting(exc, self._address.shown) from exc

    def _give_back(self, pooled: PoolProxiedConnection, wire: Wire, *, ended: bool, orderly: bool) -> None:
        clean = False
        if not ended and orderly and wire.idle:
            # Whatever goes wrong here concerns a connection that nobody will use any more.
            with contextlib.suppress(pymysql.err.Error):
                wire.wait_at_most(_SILENT_SECONDS)
                wire.reset()
                clean = True
        elif not ended:
            end_statement(wire, self._address)
        if not clean:
            wire.abandon()
            pooled.invalidate()
        pooled.close()


def _failure(exc: Exception, wire: Wire, seconds: float) -> Text2sqlError:
    if isinstance(exc, RowTooLong):
        return QueryFailed(
            "A row has over 16 MB. Leave its long column out, or select length(column) or left(column, 1000)."
        )
    if isinstance(exc, MemoryError):
        return QueryFailed("The result is too large to be read: select fewer or shorter columns.")
    return failures.of_statement(exc, wire.server.product, seconds)
