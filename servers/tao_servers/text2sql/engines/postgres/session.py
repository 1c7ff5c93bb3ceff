"""One READ ONLY transaction: its limits, and statements by the extended protocol."""

import logging
from collections.abc import Sequence

import psycopg
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from tao_servers.text2sql.engines.postgres.values import Value, row_of
from tao_servers.text2sql.stopping import Watch

__all__ = ["Session"]

_LOG = logging.getLogger(__name__)
_FINE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})
_LONGEST_WAIT_FOR_A_LOCK = 5.0
# A connection that hangs inside a transaction holds back vacuum, and would do so until it is noticed.
_LONGEST_IDLE = 10.0
_BEGIN = """BEGIN TRANSACTION READ ONLY;
SET LOCAL statement_timeout = {statement};
SET LOCAL lock_timeout = {lock};
SET LOCAL idle_in_transaction_session_timeout = {idle};
SET LOCAL standard_conforming_strings = on;
SET LOCAL datestyle = ISO;
SET LOCAL intervalstyle = postgres;
SELECT pg_catalog.set_config('client_connection_check_interval', '1000', true)
WHERE pg_catalog.current_setting('server_version_num')::int >= 140000
AND pg_catalog.version() LIKE '%linux%'"""
# A transaction takes back all but these when it is rolled back.
_RESET = b"ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()"


class Session:
    """A connection while nobody else uses it; statements raise `psycopg.Error`."""

    def __init__(self, connection: "psycopg.Connection[tuple[object, ...]]", watch: Watch) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._watch = watch

    def begin(self, seconds: float) -> None:
        """Begin the transaction; no statement in it may take longer than `seconds`."""
        timeouts = {
            "statement": _milliseconds(seconds),
            "lock": _milliseconds(min(seconds, _LONGEST_WAIT_FOR_A_LOCK)),
            "idle": _milliseconds(seconds + _LONGEST_IDLE),
        }
        self._check(self._simple(_BEGIN.format(**timeouts).encode()))
        if self._pgconn.parameter_status(b"server_encoding") == b"SQL_ASCII":
            # Its texts may be in any encoding, or in several: they come as they are.
            self._check(self._simple(b"SET LOCAL client_encoding = 'SQL_ASCII'"))

    def execute(self, sql: str, parameters: Sequence[str] = ()) -> PGresult:
        """Run one statement; the server refuses several, as the extended protocol has it."""
        values = [value.encode() for value in parameters] or None
        self._pgconn.send_query_params(sql.encode(), values)
        return self._check(self._answer())

    def rows(self, sql: str, parameters: Sequence[str] = ()) -> list[list[Value]]:
        """Run one statement of ours and read all that it gives."""
        result = self.execute(sql, parameters)
        types = [result.ftype(column) for column in range(result.nfields)]
        return [row_of(result, row, types) for row in range(result.ntuples)]

    def describe(self, sql: str) -> PGresult:
        """The columns that one statement would give; it is parsed and looked up, not planned or run."""
        self._pgconn.send_prepare(b"", sql.encode())
        self._check(self._answer())
        self._pgconn.send_describe_prepared(b"")
        return self._check(self._answer())

    def reset(self) -> bool:
        """Undo everything; False when the connection cannot be used any more."""
        if self._connection.closed:
            return False
        try:
            result = self._simple(_RESET)
        except psycopg.Error as exc:
            _LOG.debug("A connection could not be reset: %s", exc)
            return False
        return result.status in _FINE and self._pgconn.transaction_status == TransactionStatus.IDLE

    def _simple(self, statements: bytes) -> PGresult:
        """What the last of several statements of ours gives."""
        self._pgconn.send_query(statements)
        return self._answer()

    def _answer(self) -> PGresult:
        # libpq's blocking functions would do, but for some of them psycopg keeps the GIL.
        results: list[PGresult] = self._connection.wait(execute(self._pgconn))
        return next((result for result in results if result.status not in _FINE), results[-1])

    def _check(self, result: PGresult) -> PGresult:
        if result.status not in _FINE:
            raise error_from_result(result)
        if self._watch.fired:
            # What it was meant for may have ended before it came.
            raise psycopg.errors.QueryCanceled("canceled between two statements")
        return result


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1_000))
