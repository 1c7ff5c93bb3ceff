"""Resources: all rows of a statement as csv, page by page.

Any replica must be able to answer, so the address itself carries the statement, which passes every rule again
each time that it is read.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from mcp.server import MCPServer
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError

from tao_servers.text2sql.checking import check
from tao_servers.text2sql.errors import QueryRefused, Text2sqlError
from tao_servers.text2sql.limits import Rows
from tao_servers.text2sql.stopping import Stop
from tao_servers.text2sql.tools.asking import checked
from tao_servers.text2sql.tools.csv_text import csv_lines
from tao_servers.text2sql.tools.databases import Databases, Opened
from tao_servers.text2sql.tools.working import in_thread

__all__ = ["CsvPages", "add_resources", "csv_uri"]

# Bytes of a statement; its address stands in a result of 8,000 characters twice.
_LONGEST_STATEMENT = 1_500
# A host may put a resource as a whole before its model.
_PAGE_CHARS = 60_000
# Each page runs the statement anew, from its first row on.
_FURTHEST = 100_000
_MOST_BYTES = 16_000_000
_LONGEST_CELL = 32_000
_ROWS_OF_A_PAGE = 500

_DESCRIPTION = (
    "All rows of a SELECT as csv (RFC 4180, UTF-8), at most 500 at a time; ask_database gives the address."
    " `statement` is the SQL in base64url. `cursor` is how many rows to skip; the address of the next page is"
    ' in `_meta` as "tao/next", which the last page does not have. Order the SQL, so that pages fit together.'
    " Texts that a spreadsheet would take for formulas begin with an apostrophe. 结果的全部行，csv，分页。"
)
_BEYOND = (
    f"There are further rows, which have no page: it would begin after row {_FURTHEST:,}, or what comes"
    " before it is too large. Aggregate, or use run_sql with LIMIT and OFFSET."
)
_META: ContextVar[dict[str, str] | None] = ContextVar("_META", default=None)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page; `end` is the row that the next one begins with, None on the last."""

    text: str
    end: int | None


def csv_uri(database: str, sql: str, cursor: int = 0) -> str | None:
    """The address of all rows of a statement, from row `cursor` on; None when it would be too long."""
    raw = sql.strip().encode("utf-8", "replace")
    if not raw or len(raw) > _LONGEST_STATEMENT:
        return None
    statement = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    start = f"?cursor={cursor}" if cursor else ""
    return f"text2sql://{quote(database, safe='')}/{statement}/rows.csv{start}"


def add_resources(server: MCPServer, databases: Databases) -> None:
    """Serve the rows of statements by the addresses that `csv_uri` gives."""
    server.middleware.append(CsvPages())

    @server.resource(
        "text2sql://{database}/{statement}/rows.csv{?cursor}",
        name="rows",
        title="Rows as csv",
        description=_DESCRIPTION,
        mime_type="text/csv",
    )
    async def rows(database: str, statement: str, cursor: str = "0") -> str:
        sql, skipped = _statement(statement), _row(cursor)
        opened = _picked(databases, database)
        page = await _told(lambda: in_thread(lambda stop: _page(opened, sql, skipped, stop), opened.places))
        meta = _META.get()
        if page.end is not None and meta is not None:
            further = csv_uri(opened.name, sql, page.end) if page.end <= _FURTHEST else None
            meta |= {"tao/next": further} if further else {"tao/beyond": _BEYOND}
        return page.text


class CsvPages:
    """SDK middleware: puts the address of the next page into the `_meta` of a resource that was read.

    A handler of the SDK gives the text alone.
    """

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method != "resources/read":
            return await call_next(ctx)
        meta: dict[str, str] = {}
        token = _META.set(meta)
        try:
            result = await call_next(ctx)
        finally:
            _META.reset(token)
        if not meta or not isinstance(result, dict):
            return result
        contents = [one | {"_meta": {**(one.get("_meta") or {}), **meta}} for one in result["contents"]]
        return result | {"contents": contents}


def _statement(text: str) -> str:
    try:
        if len(text) > 2 * _LONGEST_STATEMENT:
            raise ValueError(f"it has {len(text):,} characters")
        raw = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        sql = raw.decode()
    except (ValueError, binascii.Error) as exc:
        raise ResourceNotFoundError(
            f"{text[:40]!r} is no statement in base64url ({exc}). Take the address from `csv` of an answer."
        ) from exc
    if not sql.strip() or len(raw) > _LONGEST_STATEMENT:
        raise ResourceNotFoundError(
            f"The statement in the address has {len(raw):,} bytes; from 1 to {_LONGEST_STATEMENT:,} are"
            " allowed. Use run_sql with LIMIT and OFFSET."
        )
    return sql


def _row(cursor: str) -> int:
    number = int(cursor) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 10 else -1
    if not 0 <= number <= _FURTHEST:
        raise ResourceNotFoundError(
            f"The cursor {cursor[:40]!r} is none: it is how many rows to skip, from 0 to {_FURTHEST:,}."
            ' Start without one, then go on by "tao/next".'
        )
    return number


def _picked(databases: Databases, name: str) -> Opened:
    try:
        opened = databases.pick(name)
    except Text2sqlError as exc:
        raise ResourceNotFoundError(str(exc)) from exc
    return opened


async def _told(work: Callable[[], Awaitable[_Page]]) -> _Page:
    try:
        return await work()
    except ToolError as exc:
        kind = ResourceNotFoundError if isinstance(exc.__cause__, QueryRefused) else ResourceError
        raise kind(str(exc)) from exc


def _page(opened: Opened, sql: str, skipped: int, stop: Stop) -> _Page:
    """The rows after the first `skipped` ones, as many as a page has room for."""
    _, verdict = checked(opened, sql, stop)
    if verdict.problems:
        raise QueryRefused(verdict.problems[0].text, rule=verdict.problems[0].rule)
    source = opened.source
    passed = check(sql, source.schema(stop), source.database.functions)
    if passed.kind != "select":
        raise QueryRefused("Only the rows of a SELECT are there as csv.", rule="only reading")
    limits = replace(
        opened.limits,
        max_rows=skipped + _ROWS_OF_A_PAGE,
        max_bytes=_MOST_BYTES,
        max_cell=_LONGEST_CELL,
    )
    return _cut(source.engine(stop).run(passed.sql, limits, stop), skipped)


def _cut(found: Rows, skipped: int) -> _Page:
    if skipped and skipped >= len(found.rows):
        there = _BEYOND if found.more else f"There are {len(found.rows):,} rows."
        raise QueryRefused(f"There is no page after {skipped:,} rows. {there}", rule="cursor")
    lines = iter(csv_lines(found.columns, found.rows[skipped:]))
    taken, size = [next(lines)], 0
    for line in lines:
        size += len(line)
        if size > _PAGE_CHARS and len(taken) > 1:
            break
        taken.append(line)
    end = skipped + len(taken) - 1
    is_last = end == len(found.rows) and not found.more
    return _Page("".join(taken), None if is_last else end)
