"""The tool that answers a question in words: it writes the SQL itself."""

import datetime
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Annotated

from anyio import CapacityLimiter, move_on_after, to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from tao.errors import ConfigError, ModelError
from tao_servers.serving.results import result
from tao_servers.text2sql.answering.answerer import Answerer
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.answers.ask_result import AskResult
from tao_servers.text2sql.answers.asked import present_answer
from tao_servers.text2sql.embedding import shared_embedder
from tao_servers.text2sql.errors import QueryRefused, Text2sqlError
from tao_servers.text2sql.examples import ExampleStore, default_folder
from tao_servers.text2sql.modelling import Models
from tao_servers.text2sql.tools.databases import Databases, Opened
from tao_servers.text2sql.tools.resources import csv_uri

__all__ = ["Asking", "add_question_tool"]

_AT_ONCE = 8
# With the embedded model eight questions can take some minutes.
_MOST_SECONDS = 600.0
_BY_HAND = "Or write the SQL yourself: list_tables, describe_table, then run_sql."

Told = Callable[[str], Awaitable[None]]


@dataclass
class Asking:
    """What questions are answered with: a model, opened for each, and the stages of `options`.

    As many questions as there are `places` are worked at at once. The others wait for their turn, which takes
    little memory, for `most_seconds`.
    """

    models: Models
    options: Options = field(default_factory=Options)
    examples: ExampleStore = field(
        default_factory=lambda: ExampleStore(default_folder(), embedder=shared_embedder())
    )
    places: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_AT_ONCE))
    most_seconds: float = _MOST_SECONDS

    async def answered(
        self, opened: Opened, question: str, as_of: datetime.date, told: Told
    ) -> tuple[str, AskResult]:
        """The answer in the form of the tool.

        Raises:
            ToolError: with the text of what went wrong.
        """
        async with self._place(told):
            try:
                async with self.models() as model:
                    answerer = Answerer(
                        opened.source, model, self.options, examples=self.examples, places=opened.places
                    )
                    outcome = await answerer.answer(question, as_of=as_of, notify=told)
            except (ConfigError, ModelError, Text2sqlError) as exc:
                raise ToolError(f"{exc} {_BY_HAND}") from exc
            return await to_thread.run_sync(lambda: present_answer(outcome, csv=_csv(opened, outcome)))

    @asynccontextmanager
    async def _place(self, told: Told) -> AsyncGenerator[None, None]:
        if not self.places.available_tokens:
            await told("Waiting for other questions…")
        with move_on_after(self.most_seconds) as waiting:
            await self.places.acquire()
        if waiting.cancelled_caught:
            raise ToolError(
                f"Other questions kept the model busy for {self.most_seconds:g} s. Ask again when they are"
                f" answered. {_BY_HAND}"
            )
        try:
            yield
        finally:
            self.places.release()


def add_question_tool(
    server: MCPServer, databases: Databases, asking: Asking, rare: dict[str, list[str]]
) -> None:
    """Offer `ask_database`; `rare` names parameters that a small model is not shown."""

    @server.tool(
        description="Answer a question about the records in words, with the SQL and the rows behind it."
        " It has a model write the SQL: use it if you write SQL poorly. 用一句话问数据库，直接得到答案。",
        annotations=ToolAnnotations(
            title="Ask the database", read_only_hint=True, idempotent_hint=True, open_world_hint=False
        ),
        meta={"tao/secondary": True, **rare},
    )
    async def ask_database(
        context: Context,
        question: Annotated[str, Field(description="One whole question, in the user's words")],
        database: Annotated[
            str | None, Field(description="Name from list_tables, where there are several")
        ] = None,
        as_of: Annotated[
            datetime.date | None, Field(description="The day that 'last month' counts from; default: today")
        ] = None,
    ) -> Annotated[CallToolResult, AskResult]:
        if not question.strip():
            raise ToolError("The question is empty: write what is to be known, in the user's words.")
        opened = _picked(databases, database)
        steps = count(1)

        async def told(line: str) -> None:
            await context.report_progress(float(next(steps)), None, line)

        return result(*await asking.answered(opened, question, as_of or datetime.date.today(), told))


def _picked(databases: Databases, name: str | None) -> Opened:
    try:
        return databases.pick(name)
    except QueryRefused as exc:
        raise ToolError(f"{exc} Ask each one by its name when unsure.") from exc
    except Text2sqlError as exc:
        raise ToolError(str(exc)) from exc


def _csv(opened: Opened, outcome: Outcome) -> str | None:
    chosen = outcome.chosen
    return csv_uri(opened.name, chosen.checked.sql) if chosen is not None and chosen.checked else None
