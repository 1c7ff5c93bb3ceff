"""The plain prompt: the whole schema with two rows of each table, one try, and the SQL as it comes."""

import re
import sqlite3
import time
from contextlib import aclosing, closing
from functools import lru_cache
from pathlib import Path

from benchmarks.model_cache import CachedModel, Replies
from tao.models.chat import ChatModel, ChatRequest, Completion, Message
from tao_prompts import render
from tao_servers.text2sql.evaluating.dataset import Item
from tao_servers.text2sql.evaluating.referee import Referee
from tao_servers.text2sql.evaluating.run import in_thread
from tao_servers.text2sql.evaluating.trial import Trial

__all__ = ["create_statements", "plain_attempt", "plain_prompt", "statement", "told"]

_MOST_TOKENS = 512
_ROWS = 2
_CELL = 60
_FENCED = re.compile(r"```\w*\s*\n?(.*?)(?:```|\Z)", re.DOTALL)


async def plain_attempt(item: Item, model: ChatModel, replies: Replies, referee: Referee) -> Trial:
    """Ask the model once and judge what it wrote.

    Raises:
        ModelError: the model failed.
    """
    cached = CachedModel(model, replies)
    begun = time.perf_counter()
    request = ChatRequest([Message("user", plain_prompt(item))], max_tokens=_MOST_TOKENS, temperature=0.0)
    completion = await _whole(cached, request)
    sql = statement(completion.text)
    seconds = time.perf_counter() - begun - cached.waited + cached.elapsed
    verdict = await in_thread(lambda stop: referee.judge(item, sql, stop))
    return Trial(
        item,
        verdict,
        written=completion.text,
        sql=sql,
        seconds=seconds,
        usage=completion.usage,
        requests=1,
    )


def plain_prompt(item: Item) -> str:
    """The prompt for a question, the same for every question of a database up to its notes."""
    values = {"schema": _schema(item.database), "notes": told(item), "question": item.question}
    return render("plain", "en", values, folder=Path(__file__).parent)


def told(item: Item) -> str:
    """What is told besides the question: notes, and the day where it matters."""
    day = f"Today is {item.as_of.isoformat()}." if item.as_of else ""
    return "\n".join(filter(None, (item.notes, day)))


def statement(reply: str) -> str:
    """The first statement of a reply, out of its fence where it has one."""
    fenced = _FENCED.search(reply)
    text = (fenced[1] if fenced else reply).strip()
    for end in (found.end() for found in re.finditer(";", text)):
        if sqlite3.complete_statement(text[:end]):
            return text[:end]
    return text


@lru_cache(maxsize=64)
def create_statements(database: Path) -> tuple[tuple[str, str], ...]:
    """Name and CREATE TABLE of each table, as the file has them."""
    with closing(_opened(database)) as connection:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return tuple((str(name), str(sql)) for name, sql in found)


@lru_cache(maxsize=64)
def _schema(database: Path) -> str:
    with closing(_opened(database)) as connection:
        return "\n\n".join(
            f"{sql};\n{_sample(connection, name)}" for name, sql in create_statements(database)
        )


def _sample(connection: sqlite3.Connection, name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    cursor = connection.execute(f"SELECT * FROM {quoted} LIMIT {_ROWS}")
    rows = cursor.fetchall()
    lines = ["\t".join(str(column[0]) for column in cursor.description)]
    lines += ["\t".join(" ".join(str(cell).split())[:_CELL] for cell in row) for row in rows]
    return "/*\n" + "\n".join(lines) + "\n*/"


def _opened(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection


async def _whole(model: ChatModel, request: ChatRequest) -> Completion:
    last: object = None
    async with aclosing(model.stream(request)) as pieces:
        async for piece in pieces:
            last = piece
    assert isinstance(last, Completion)
    return last
