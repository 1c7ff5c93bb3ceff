"""PostgreSQL, and what speaks its protocol."""

from tao_servers.text2sql.engines.postgres.engine import PostgresEngine

__all__ = ["PostgresEngine"]
