"""A small shop in a private PostgreSQL, with a role that may only read it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.postgres import PostgresEngine
from tao_servers.text2sql.limits import Limits, Rows
from tao_servers.text2sql.stopping import Stop
from tests.support.postgres_server import PostgresServer

__all__ = ["READER", "engine_for", "make_shop", "query"]

READER = "shop_reader"
_ROLE = f"CREATE ROLE {READER} LOGIN"
_SHOP = """
CREATE TYPE mood AS ENUM ('fine', 'angry');
CREATE TABLE customers (id integer PRIMARY KEY, name varchar(50) NOT NULL, mood mood,
    since timestamp without time zone);
COMMENT ON TABLE customers IS '客户';
COMMENT ON COLUMN customers.name IS '姓名';
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id integer REFERENCES customers, amount numeric(10, 2));
INSERT INTO customers SELECT i, '客户' || i, 'fine', '2024-01-01' FROM generate_series(1, 1000) AS i;
INSERT INTO orders SELECT i, 1 + i % 1000, i * 1.5 FROM generate_series(1, 20000) AS i;
ANALYZE;
"""
_GRANTS = f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER};"


def make_shop(server: PostgresServer, database: str = "shop", *, more: str = "") -> None:
    """Make a database with the shop, and the role if there is none yet."""
    if not server.execute(f"SELECT 1 FROM pg_roles WHERE rolname = '{READER}'"):
        server.execute(_ROLE)
    server.execute(f'CREATE DATABASE "{database}"')
    server.execute(_SHOP + more + _GRANTS, database)


@contextmanager
def engine_for(url: str, **options: int | tuple[str, ...]) -> Iterator[PostgresEngine]:
    """An engine that is closed at the end of the block."""
    with closing(PostgresEngine(Database("shop", url, **options))) as engine:  # type: ignore[arg-type]
        yield engine


def query(engine: PostgresEngine, sql: str, limits: Limits | None = None) -> Rows:
    """Run one statement that nobody cancels."""
    return engine.run(sql, limits or Limits(), Stop())
