"""Answers questions about a small database with a model that is told what to write."""

import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.lowlevel
from anyio import CapacityLimiter

from tao.models.chat import ChatModel, ChatRequest, Completion, Delta, Usage
from tao_servers.text2sql.answering.answerer import Answerer
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.examples import ExampleStore
from tao_servers.text2sql.source import Source
from tests.support.scripted import ScriptedModel
from tests.support.sql_server import database_at

__all__ = ["Answering", "SqlModel", "answering", "made", "text_of"]


class SqlModel:
    """Writes what `writes` gives for a request, to any number of them at once, and keeps none of them."""

    name = "scripted"

    def __init__(self, writes: Callable[[ChatRequest], str]) -> None:
        self._writes = writes
        self.asked = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        self.asked += 1
        await anyio.lowlevel.checkpoint()
        text = self._writes(request)
        yield Delta(text)
        yield Completion(text, finish_reason="stop", usage=Usage(100, len(text), 50))


@dataclass(frozen=True)
class Answering:
    """An answerer with the model that it asks and the database that it asks about."""

    source: Source
    model: ScriptedModel
    answerer: Answerer

    async def ask(self, question: str, **options: Any) -> Outcome:
        """What comes of a question."""
        with anyio.fail_after(60):
            return await self.answerer.answer(question, **options)

    @property
    def prompts(self) -> list[str]:
        """The text of each request, in their order."""
        return [text_of(request) for request in self.model.requests]


def text_of(request: ChatRequest) -> str:
    """All messages of a request."""
    return "\n".join(message.content for message in request.messages)


@contextmanager
def answering(
    where: Path | Source,
    *replies: str | Completion | Exception,
    options: Options | None = None,
    examples: ExampleStore | None = None,
    places: CapacityLimiter | None = None,
    model: ChatModel | None = None,
    **settings: Any,
) -> Iterator[Answering]:
    """An answerer over a database file, whose model gives these replies one after another.

    A source that is open already is used as it is, and stays open.
    """
    scripted = ScriptedModel(*replies)
    source = where if isinstance(where, Source) else Source(database_at(where, **settings))
    answerer = Answerer(source, model or scripted, options, examples=examples, places=places)
    try:
        yield Answering(source, scripted, answerer)
    finally:
        if source is not where:
            source.close()


def made(path: Path, script: str, *rows: tuple[str, tuple[object, ...]]) -> Path:
    """A new SQLite database: the statements of `script`, then each of `rows` with its values."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
        for sql, values in rows:
            connection.execute(sql, values)
        connection.commit()
    return path
