"""Reads PostgreSQL: a READ ONLY transaction under a role that may only read, always rolled back.

The rules in `checking` stand before this, but nothing here relies on them.
"""

import threading
from typing import TYPE_CHECKING

from tao.models.loading import MissingExtra, load
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, SetupError
from tao_servers.text2sql.limits import Limits, Rows
from tao_servers.text2sql.schema import Dialect, Table
from tao_servers.text2sql.stopping import Stop

if TYPE_CHECKING:
    from tao_servers.text2sql.engines.postgres.pool import Pool

__all__ = ["PostgresEngine"]

# Of the catalogue, which is small and often cached, and of a plan.
_SECONDS_TO_READ = 30.0


class PostgresEngine:
    """One database, by `postgresql://role@host:port/database?parameters of libpq`.

    `home` is the schema that tables without a prefix are in, once it was read.
    """

    dialect: Dialect = "postgres"

    def __init__(self, database: Database) -> None:
        self.home = "public"
        self._database = database
        self._lock = threading.Lock()
        self._opened: Pool | None = None

    def prove(self) -> None:
        """Look at the rights of the role, and try to write inside a transaction."""
        pool = self._pool()
        from tao_servers.text2sql.engines.postgres.proof import prove

        try:
            with pool.reading(_SECONDS_TO_READ, Stop()) as session:
                prove(session, self._database.name)
        except (QueryFailed, QueryRefused) as exc:
            raise SetupError(
                f"It could not be seen whether {self._database.name!r} can only be read. {exc}"
            ) from exc

    def stamp(self) -> object | None:
        """Unknown: PostgreSQL has no cheap way to tell that a schema has changed."""
        return None

    def tables(self, stop: Stop) -> list[Table]:
        """Tables, views, materialized views and foreign tables; partitions are part of their table."""
        pool = self._pool()
        from tao_servers.text2sql.engines.postgres.counting import counted
        from tao_servers.text2sql.engines.postgres.reading import read_tables

        try:
            with pool.reading(_SECONDS_TO_READ, stop) as session:
                self.home, tables = read_tables(session, self._database.schemas)
        except (QueryFailed, QueryRefused) as exc:
            raise SetupError(f"The schema of {self._database.name!r} cannot be read. {exc}") from exc
        return counted(pool, tables, self.home, stop)

    def run(self, sql: str, limits: Limits, stop: Stop) -> Rows:
        """Run one statement by the extended protocol, through a cursor on the server."""
        pool = self._pool()
        from tao_servers.text2sql.engines.postgres.running import run

        try:
            with pool.reading(limits.timeout, stop) as session:
                return run(session, sql, limits)
        except SetupError as exc:
            raise QueryFailed(str(exc)) from exc

    def expected_rows(self, sql: str, stop: Stop) -> float | None:
        """The work that the planner expects, in rows."""
        pool = self._pool()
        from tao_servers.text2sql.engines.postgres.estimating import expected_rows

        try:
            with pool.reading(self._database.limits.timeout, stop) as session:
                return expected_rows(session, sql)
        except SetupError as exc:
            raise QueryFailed(str(exc)) from exc

    def quoted(self, name: str) -> str:
        """The name in double quotes."""
        return '"' + name.replace('"', '""') + '"'

    def close(self) -> None:
        """Close what is pooled."""
        with self._lock:
            pool, self._opened = self._opened, None
        if pool is not None:
            pool.close()

    def _pool(self) -> "Pool":
        with self._lock:
            if self._opened is None:
                try:
                    load("sqlalchemy", extra="text2sql")
                    load("psycopg", extra="text2sql")
                except MissingExtra as exc:
                    raise SetupError(str(exc)) from exc
                except ImportError as exc:
                    # psycopg without its binary part, on a machine without libpq.
                    raise SetupError(
                        "psycopg cannot find libpq. Install it with: pip install 'tao-agent[text2sql]'"
                    ) from exc
                from tao_servers.text2sql.engines.postgres.pool import Pool

                self._opened = Pool(self._database)
            return self._opened
