"""The command line of `tao-knowledge`."""

from tao_servers.knowledge.command.group import cli

__all__ = ["cli"]
