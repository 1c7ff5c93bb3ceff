"""MySQL and MariaDB as an engine: statements run read-only, bounded, and are ended on the server."""

import threading
from typing import TYPE_CHECKING

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.mysql.guard import check_statement, is_query
from tao_servers.text2sql.errors import QueryFailed, SetupError
from tao_servers.text2sql.limits import Limits, Rows, Taker
from tao_servers.text2sql.schema import Dialect, Table
from tao_servers.text2sql.stopping import Stop

if TYPE_CHECKING:
    from tao_servers.text2sql.engines.mysql.address import Address
    from tao_servers.text2sql.engines.mysql.sessions import Sessions

__all__ = ["MysqlEngine"]

_READING_SECONDS = 60.0
_PLANNING_SECONDS = 5.0


class MysqlEngine:
    """A database on a MySQL or MariaDB server, as `mysql://user@host:port/name` says.

    Nothing is loaded or opened before the first call.
    """

    dialect: Dialect = "mysql"

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._opened: tuple[Address, Sessions] | None = None

    @property
    def home(self) -> str:
        """The MySQL database whose tables need no prefix."""
        return self._open()[0].database

    def prove(self) -> None:
        """See that the account may only read: by its rights, its roles', and by probes without effect.

        Raises:
            NotReadOnly: it may do more; the text has the SQL that helps.
            SetupError: the database cannot be reached, or PyMySQL or SQLAlchemy is not installed.
        """
        address, sessions = self._open()
        from tao_servers.text2sql.engines.mysql.proof import prove_read_only

        prove_read_only(sessions, address.database)

    def stamp(self) -> object | None:
        """None: there is no cheap way to know of a change."""
        return None

    def tables(self, stop: Stop) -> list[Table]:
        """The tables and views of its MySQL database, and of those that the settings' `schemas` name.

        Row counts are estimates of the server.
        """
        address, sessions = self._open()
        from tao_servers.text2sql.engines.mysql.introspection import read_tables

        with sessions.open(_READING_SECONDS, stop) as session:
            return read_tables(session, address.database, self._database.schemas)

    def run(self, sql: str, limits: Limits, stop: Stop) -> Rows:
        """Run one statement in a read-only transaction and take its first rows.

        Raises:
            QueryRefused: it would do more than read.
            QueryFailed: it is wrong, took too long, was cancelled, or the connection was lost.
        """
        check_statement(sql)
        _, sessions = self._open()
        with sessions.open(limits.timeout, stop, most_rows=limits.max_rows + 1) as session:
            names, rows = session.rows(sql)
            taker = _taker(names, limits)
            for row in rows:
                if not taker.take(row):
                    break
            return taker.rows()

    def expected_rows(self, sql: str, stop: Stop) -> float | None:
        """About how many rows the server looks at for a statement, by EXPLAIN; None where it does not say.

        Raises:
            QueryFailed: the server does not understand the statement.
        """
        check_statement(sql)
        if not is_query(sql):
            return None
        _, sessions = self._open()
        from tao_servers.text2sql.engines.mysql.plan import examined_rows

        with sessions.open(_PLANNING_SECONDS, stop) as session:
            plan = session.plan(sql)
            return None if plan is None else examined_rows(plan)

    def quoted(self, name: str) -> str:
        """A name in back quotes."""
        return "`" + name.replace("`", "``") + "`"

    def close(self) -> None:
        """Close the pool's connections."""
        with self._lock:
            if self._opened is not None:
                self._opened[1].close()

    def _open(self) -> "tuple[Address, Sessions]":
        with self._lock:
            if self._opened is None:
                self._opened = _opened(self._database)
            return self._opened


def _opened(database: Database) -> "tuple[Address, Sessions]":
    try:
        from tao_servers.text2sql.engines.mysql.address import read_address
        from tao_servers.text2sql.engines.mysql.sessions import Sessions
    except ModuleNotFoundError as exc:
        raise SetupError(f"{exc.name} is not installed: pip install 'tao-agent[text2sql]'") from exc
    address = read_address(database.address)
    return address, Sessions(address, database.connections)


def _taker(names: list[str], limits: Limits) -> Taker:
    try:
        return Taker(names, limits)
    except ValueError as exc:
        raise QueryFailed(str(exc)) from exc
