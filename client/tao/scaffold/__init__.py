"""Writes a new MCP server from a template."""

from tao.scaffold.names import LONGEST, Fault, better_name, fault_of
from tao.scaffold.project import Project, write_project

__all__ = ["LONGEST", "Fault", "Project", "better_name", "fault_of", "write_project"]
