"""MySQL, MariaDB and what speaks their protocol."""

from tao_servers.text2sql.engines.mysql.engine import MysqlEngine

__all__ = ["MysqlEngine"]
