"""The MCP face of text2sql."""

import re
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Annotated

from anyio.from_thread import check_cancelled
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from tao_servers.serving.results import result
from tao_servers.serving.server import make_server
from tao_servers.text2sql.answers import QueryResult, TableDetail, TableList, describe, present, summarize
from tao_servers.text2sql.catalog import Catalog
from tao_servers.text2sql.errors import QueryRefused, Text2sqlError
from tao_servers.text2sql.execute import Limits, run_query
from tao_servers.text2sql.loading import load_check
from tao_servers.text2sql.schema import Database, Schema, Table, read_samples

__all__ = ["build_server"]

_FENCE = re.compile(r"\A\s*```\w*\n(.*?)```\s*\Z", re.DOTALL)


def build_server(database: Database | None, *, limits: Limits | None = None) -> MCPServer:
    """Make the server for one database; without one, each tool tells how to name it."""
    server = make_server(
        "text2sql",
        title="SQL database",
        instructions="The user's database, read-only: list_tables, describe_table, then run_sql. 查数据库。",
    )
    catalog = Catalog(database)

    # Plain functions: the SDK calls them in worker threads, where SQLite may block.
    @server.tool(
        description="List the database's tables with row counts, columns and joins. Call it first for"
        " questions on records: counts, totals, rankings. 查数据库：数量、订单、客户、销售额。",
        annotations=_reads("Tables"),
    )
    def list_tables() -> Annotated[CallToolResult, TableList]:
        with _told_to_the_model():
            return result(*summarize(catalog.schema()))

    @server.tool(
        description="Column types, keys, meanings and example values of one table. Call it before writing"
        " SQL that uses the table.",
        annotations=_reads("Columns of a table"),
        # list_tables names the columns too, which does for a model that can be shown few tools.
        meta={"tao/secondary": True},
    )
    def describe_table(
        table: Annotated[str, Field(description="Name from list_tables")],
    ) -> Annotated[CallToolResult, TableDetail]:
        with _told_to_the_model():
            found = _find(catalog.schema(), table)
            return result(*describe(found, read_samples(catalog.database(), found)))

    @server.tool(
        description="Run one SQLite SELECT (WITH allowed; read-only) and return its rows. Aggregate or use"
        " LIMIT: long results are cut.",
        annotations=_reads("Query"),
    )
    def run_sql(
        sql: Annotated[str, Field(description="One SELECT statement")],
    ) -> Annotated[CallToolResult, QueryResult]:
        with _told_to_the_model():
            statement = _unfenced(sql)
            load_check()(statement, catalog.schema())
            path = catalog.database().path
            return result(*present(run_query(path, statement, limits, cancelled=_is_cancelled)))

    return server


def _reads(title: str) -> ToolAnnotations:
    return ToolAnnotations(title=title, read_only_hint=True, idempotent_hint=True, open_world_hint=False)


@contextmanager
def _told_to_the_model() -> Iterator[None]:
    try:
        yield
    except Text2sqlError as exc:
        raise ToolError(str(exc)) from exc


def _find(schema: Schema, name: str) -> Table:
    found = schema.table(name.strip().strip('"`[]'))
    if found is None:
        close = schema.tables_like(name)
        names = ", ".join((close or [table.name for table in schema.tables])[:30])
        kind = "Did you mean" if close else "The tables are"
        raise QueryRefused(f"There is no table {name[:60]!r}. {kind}: {names}", rule="known tables")
    return found


def _unfenced(sql: str) -> str:
    """The statement without the Markdown fence that small models put round it."""
    fenced = _FENCE.match(sql[:20_000]) if sql.lstrip().startswith("```") else None
    return fenced[1] if fenced else sql


def _is_cancelled() -> bool:
    try:
        check_cancelled()
    except CancelledError:
        return True
    return False
