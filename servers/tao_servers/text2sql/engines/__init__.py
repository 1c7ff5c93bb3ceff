"""Databases of every kind behind one protocol."""

from tao_servers.text2sql.engines.engine import Engine
from tao_servers.text2sql.engines.opening import file_of, open_engine

__all__ = ["Engine", "file_of", "open_engine"]
