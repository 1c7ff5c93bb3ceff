"""The tools and resources that a host sees."""

from tao_servers.text2sql.tools.databases import Databases
from tao_servers.text2sql.tools.questions import Asking
from tao_servers.text2sql.tools.registering import add_tools
from tao_servers.text2sql.tools.resources import add_resources

__all__ = ["Asking", "Databases", "add_resources", "add_tools"]
