"""The tools that a host sees."""

from tao_servers.text2sql.tools.databases import Databases
from tao_servers.text2sql.tools.registering import add_tools

__all__ = ["Databases", "add_tools"]
