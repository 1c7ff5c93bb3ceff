"""The command `tao-text2sql`."""

from tao_servers.text2sql.command.group import run

__all__ = ["run"]
