"""The tools as a model sees them: names, descriptions, parameters."""

import re
from typing import Annotated

from anyio import create_task_group, move_on_after
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from tao_servers.serving.results import result
from tao_servers.text2sql.answers import (
    CheckResult,
    Listed,
    QueryResult,
    TableDetail,
    TableList,
    ValueList,
    summarize,
)
from tao_servers.text2sql.errors import Text2sqlError
from tao_servers.text2sql.tools.asking import checked, described, found, listed, queried
from tao_servers.text2sql.tools.databases import Databases, Opened
from tao_servers.text2sql.tools.fitting import fitting, has_table, has_tables_of
from tao_servers.text2sql.tools.questions import Asking, add_question_tool
from tao_servers.text2sql.tools.working import in_thread

__all__ = ["add_tools"]

_FENCE = re.compile(r"\A\s*```\w*\n(.*?)```\s*\Z", re.DOTALL)
_LISTING_SECONDS = 20.0
# Few questions need these, and a small model does better without them.
_RARE = ["as_of", "limit", "pattern"]

DatabaseName = Annotated[str | None, Field(description="Name from list_tables, where there are several")]
Statement = Annotated[str, Field(description="One SELECT statement")]


def add_tools(server: MCPServer, databases: Databases, asking: Asking) -> None:
    """Offer every tool."""
    rare = {"tao/secondary_parameters": _RARE if len(databases) > 1 else ["database", *_RARE]}
    _add_tools_for_names(server, databases, rare)
    _add_tools_for_statements(server, databases, rare)
    add_question_tool(server, databases, asking, rare)


def _add_tools_for_names(server: MCPServer, databases: Databases, rare: dict[str, list[str]]) -> None:
    @server.tool(
        description="List the database's tables with row counts, columns and joins. Call it first for"
        " questions on records: counts, totals, rankings. 查数据库：数量、订单、客户、销售额。",
        annotations=_reads("Tables"),
        meta=rare,
    )
    async def list_tables(
        database: DatabaseName = None,
        pattern: Annotated[
            str | None, Field(description="Part of a name (* for any), or what the tables are about")
        ] = None,
    ) -> Annotated[CallToolResult, TableList]:
        chosen = [_picked(databases, database)] if database else _all(databases)
        found: list[Listed] = await _listed(chosen, pattern)
        return result(*summarize(found))

    @server.tool(
        description="Column types, keys, meanings and example values of one table. Call it before writing"
        " SQL that uses the table.",
        annotations=_reads("Columns of a table"),
        # list_tables names the columns too, which does for a model that can be shown few tools.
        meta={"tao/secondary": True, **rare},
    )
    async def describe_table(
        table: Annotated[str, Field(description="Name from list_tables")],
        database: DatabaseName = None,
    ) -> Annotated[CallToolResult, TableDetail]:
        opened = await fitting(databases, database, lambda one, stop: has_table(one, table, stop))
        return result(*await in_thread(lambda stop: described(opened, table, stop), opened.places))

    @server.tool(
        description="Find how a name, place, status or other value is written in the database, and in which"
        " column. Call it before filtering on a text. 查某个值在哪一列、怎么写。",
        annotations=_reads("Values"),
        meta={"tao/secondary": True, **rare},
    )
    async def find_values(
        text: Annotated[str, Field(description="The value, or a part of it")],
        table: Annotated[str | None, Field(description="Only in this table")] = None,
        database: DatabaseName = None,
    ) -> Annotated[CallToolResult, ValueList]:
        opened = await fitting(databases, database, lambda one, stop: has_table(one, table, stop))
        return result(*await in_thread(lambda stop: found(opened, text, table, stop), opened.places))


def _add_tools_for_statements(server: MCPServer, databases: Databases, rare: dict[str, list[str]]) -> None:
    @server.tool(
        description="Check a SELECT without running it: unknown names, what is not allowed, joins that"
        " multiply rows, how much it would read.",
        annotations=_reads("Check SQL"),
        meta={"tao/secondary": True, **rare},
    )
    async def check_sql(
        sql: Statement, database: DatabaseName = None
    ) -> Annotated[CallToolResult, CheckResult]:
        plain = _unfenced(sql)
        opened = await fitting(databases, database, lambda one, stop: has_tables_of(one, plain, stop))
        return result(*await in_thread(lambda stop: checked(opened, plain, stop), opened.places))

    @server.tool(
        description="Run one SELECT (WITH allowed; read-only) in the SQL of the database and return its rows."
        " Aggregate or use LIMIT: long results are cut.",
        annotations=_reads("Query"),
        meta=rare,
    )
    async def run_sql(
        sql: Statement,
        database: DatabaseName = None,
        limit: Annotated[int | None, Field(ge=1, description="Most rows")] = None,
    ) -> Annotated[CallToolResult, QueryResult]:
        plain = _unfenced(sql)
        opened = await fitting(databases, database, lambda one, stop: has_tables_of(one, plain, stop))
        return result(*await in_thread(lambda stop: queried(opened, plain, limit, stop), opened.places))


def _reads(title: str) -> ToolAnnotations:
    return ToolAnnotations(title=title, read_only_hint=True, idempotent_hint=True, open_world_hint=False)


def _picked(databases: Databases, name: str | None) -> Opened:
    try:
        return databases.pick(name)
    except Text2sqlError as exc:
        raise ToolError(str(exc)) from exc


def _all(databases: Databases) -> list[Opened]:
    try:
        return databases.all()
    except Text2sqlError as exc:
        raise ToolError(str(exc)) from exc


async def _listed(chosen: list[Opened], pattern: str | None) -> list[Listed]:
    if len(chosen) == 1:
        one = await in_thread(lambda stop: listed(chosen[0], pattern, stop), chosen[0].places)
        if one.problem is not None:
            raise ToolError(one.problem)
        return [one]
    # One that does not answer must not hide the others, nor make them wait.
    found: dict[str, Listed] = {}

    async def add(opened: Opened) -> None:
        problem = f"No answer within {_LISTING_SECONDS:.0f} s; ask for it alone, by `database`."
        try:
            with move_on_after(_LISTING_SECONDS):
                found[opened.name] = await in_thread(
                    lambda stop: listed(opened, pattern, stop), opened.places
                )
                return
        except ToolError as exc:
            problem = str(exc)
        found[opened.name] = Listed(opened.name, problem=problem)

    async with create_task_group() as group:
        for opened in chosen:
            group.start_soon(add, opened)
    return [found[opened.name] for opened in chosen]


def _unfenced(sql: str) -> str:
    """The statement without the Markdown fence that small models put round it."""
    fenced = _FENCE.match(sql[:20_000]) if sql.lstrip().startswith("```") else None
    return fenced[1] if fenced else sql
