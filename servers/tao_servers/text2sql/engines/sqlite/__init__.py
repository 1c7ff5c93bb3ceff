"""SQLite files."""

from tao_servers.text2sql.engines.sqlite.engine import SqliteEngine

__all__ = ["SqliteEngine"]
