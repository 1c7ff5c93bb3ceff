"""Chooses the database of a call that names none, where only one can be meant."""

from collections.abc import Callable

from mcp.server.mcpserver.exceptions import ToolError

from tao_servers.text2sql.checking import check
from tao_servers.text2sql.errors import QueryRefused, Text2sqlError
from tao_servers.text2sql.stopping import Stop
from tao_servers.text2sql.tools.databases import Databases, Opened
from tao_servers.text2sql.tools.working import in_thread

__all__ = ["fitting", "has_table", "has_tables_of"]


async def fitting(databases: Databases, name: str | None, is_meant: Callable[[Opened, Stop], bool]) -> Opened:
    """The database called `name`; without a name the only one there is, or the only one that `is_meant`.

    Small models leave the name out, however they are asked for it.

    Raises:
        ToolError: none, or more than one, can be meant.
    """
    try:
        return databases.pick(name)
    except Text2sqlError as exc:
        if not isinstance(exc, QueryRefused) or (name or "").strip():
            raise ToolError(str(exc)) from exc
        found = [opened for opened in databases.all() if await _is_meant(opened, is_meant)]
        if len(found) != 1:
            raise ToolError(str(exc)) from exc
        return found[0]


def has_table(opened: Opened, table: str | None, stop: Stop) -> bool:
    """Whether the database has the table; without a table every one might be meant."""
    return table is None or opened.source.schema(stop).table(table.strip()) is not None


def has_tables_of(opened: Opened, sql: str, stop: Stop) -> bool:
    """Whether the database has all tables that a statement reads, whatever else is wrong with it."""
    try:
        check(sql, opened.source.schema(stop), opened.source.database.functions)
    except QueryRefused as exc:
        return exc.rule != "known tables"
    return True


async def _is_meant(opened: Opened, is_meant: Callable[[Opened, Stop], bool]) -> bool:
    try:
        return await in_thread(lambda stop: is_meant(opened, stop), opened.places)
    except ToolError:
        # A database that cannot be read cannot answer either.
        return False
