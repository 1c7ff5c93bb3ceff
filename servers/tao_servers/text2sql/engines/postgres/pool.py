"""Connections that are kept, and the READ ONLY transactions on them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.postgres.address import parameters
from tao_servers.text2sql.engines.postgres.ending import end
from tao_servers.text2sql.engines.postgres.failures import cancelled, failure, is_passing, unreachable
from tao_servers.text2sql.engines.postgres.session import Session
from tao_servers.text2sql.errors import QueryFailed, SetupError
from tao_servers.text2sql.stopping import Stop

__all__ = ["Pool"]

_SECONDS_TO_WAIT_FOR_A_FREE_ONE = 10
_SECONDS_TO_KEEP = 1_800
_SECONDS_TO_COME_BACK = 3.0
_PAUSE = 0.1
# The server's own limit comes first: after that one the connection can be used again.
_SLACK = 0.5


class Pool:
    """The connections to one database, at most `Database.connections`; opened when they are needed."""

    def __init__(self, database: Database) -> None:
        self._name = database.name
        self._was_reached = False
        self._parameters = parameters(database.name, database.address)
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            pool_size=max(1, database.connections),
            max_overflow=0,
            pool_timeout=_SECONDS_TO_WAIT_FOR_A_FREE_ONE,
            pool_recycle=_SECONDS_TO_KEEP,
            pool_use_lifo=True,
            # Notices a server that was restarted, and then opens all of them anew.
            pool_pre_ping=True,
        )

    @contextmanager
    def reading(self, seconds: float, stop: Stop) -> Iterator[Session]:
        """A READ ONLY transaction that ends after `seconds`, or when `stop` is set, and is rolled back.

        Errors of psycopg inside the block become `Text2sqlError`s.
        """
        if stop.is_set:
            raise cancelled()
        connection = self._check_out(stop)
        driver: psycopg.Connection[tuple[object, ...]] = connection.connection.driver_connection  # type: ignore[assignment]
        done = threading.Event()
        clean = False
        try:
            with stop.watch(lambda: end(driver, done), seconds + _SLACK) as watch:
                session = Session(driver, watch)
                try:
                    session.begin(seconds)
                    yield session
                except (psycopg.Error, UnicodeError) as exc:
                    raise failure(exc, watch, seconds, lost=driver.closed) from exc
                finally:
                    clean = not watch.fired and session.reset()
                    done.set()
            # A request to cancel may still be on its way, and would hit the next statement.
            clean = clean and not watch.fired
        finally:
            if not clean:
                connection.invalidate()
            connection.close()

    def close(self) -> None:
        """Close those that are not in use; the others when they come back."""
        self._engine.dispose()

    def _check_out(self, stop: Stop) -> Connection:
        deadline = time.monotonic() + _SECONDS_TO_COME_BACK
        while True:
            try:
                connection = self._engine.connect()
            except (DBAPIError, psycopg.Error) as exc:
                cause = (exc.orig or exc) if isinstance(exc, DBAPIError) else exc
                # A server that was there before is being restarted, most likely.
                if not (self._was_reached and is_passing(cause)) or time.monotonic() > deadline:
                    raise unreachable(self._name, cause) from exc
                if stop.is_set:
                    raise cancelled() from exc
                time.sleep(_PAUSE)
            except PoolTimeout as exc:
                raise self._is_busy() from exc
            else:
                self._was_reached = True
                return connection

    def _is_busy(self) -> QueryFailed:
        return QueryFailed(
            f"The database {self._name!r} is busy: all its connections are in use. Run it again in a moment."
        )

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        try:
            # No prepared statements: behind a pooler such as pgbouncer they would be someone else's.
            connection = psycopg.connect(**self._parameters, prepare_threshold=None)  # type: ignore[arg-type]
        except (psycopg.ProgrammingError, ValueError) as exc:
            said = " ".join(str(exc).split()).rstrip(".")
            raise SetupError(f"The URL of {self._name!r} has a wrong parameter: {said}.") from exc
        # Every transaction begins so, also those that SQLAlchemy begins by itself.
        connection.read_only = True
        return connection
