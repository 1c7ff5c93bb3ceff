"""A small data set of questions with right statements, and an answerer that is told what to say."""

import datetime
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tao.models.chat import Usage
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.outcome import Outcome, Reading
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.checking import Problem
from tao_servers.text2sql.limits import Rows
from tao_servers.text2sql.linking import Link
from tao_servers.text2sql.schema import Schema

__all__ = ["ToldAnswerer", "a_text2sql_set", "an_outcome"]

_SCRIPT = """
CREATE TABLE animals (id INTEGER PRIMARY KEY, name TEXT, kind TEXT, kilos REAL);
INSERT INTO animals VALUES (1, 'Ada', 'lion', 180.5), (2, 'Bo', 'lion', 190.0), (3, '小红', 'panda', 95);
"""
_QUESTIONS: tuple[dict[str, Any], ...] = (
    {
        "id": "count",
        "db_id": "zoo",
        "question_en": "How many animals are there?",
        "question_zh": "有多少只动物？",
        "gold_sql": ["SELECT count(*) FROM animals"],
    },
    {
        "id": "heaviest",
        "db_id": "zoo",
        "question_en": "Names from the heaviest to the lightest",
        "gold_sql": ["SELECT name FROM animals ORDER BY kilos DESC"],
        "order_matters": True,
    },
)


def a_text2sql_set(
    folder: Path,
    questions: Sequence[Mapping[str, Any]] = _QUESTIONS,
    *,
    databases: Sequence[str] = ("zoo",),
) -> Path:
    """Write a set into `folder`; every database has the same three animals."""
    (folder / "databases").mkdir(parents=True, exist_ok=True)
    for name in databases:
        with closing(sqlite3.connect(folder / "databases" / f"{name}.sqlite")) as connection:
            connection.executescript(_SCRIPT)
    lines = (json.dumps(question, ensure_ascii=False) for question in questions)
    (folder / "questions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def an_outcome(
    question: str, sql: str | None, *, problem: Problem | None = None, mends: tuple[str, ...] = ()
) -> Outcome:
    """An outcome that chose `sql`; with a `problem` it was tried and did not run, with None nothing was."""
    task = Task(question, "en", Schema(()), Link(()), "")
    usage = Usage(100, 10, 50)
    if sql is None:
        return Outcome(task, (), (), 0.0, usage, 1)
    rows = None if problem else Rows(["x"], [[1]], False)
    candidate = Candidate(sql, sql, mends, rows=rows, problem=problem)
    readings = () if problem else (Reading(candidate, 1),)
    return Outcome(task, readings, (candidate,), 0.0 if problem else 1.0, usage, 1)


class ToldAnswerer:
    """Answers each question with what `says` has for it, and keeps what it was asked."""

    def __init__(self, says: Callable[[str], Outcome]) -> None:
        self._says = says
        self.asked: list[tuple[str, str, datetime.date | None]] = []

    async def answer(self, question: str, *, notes: str = "", as_of: datetime.date | None = None) -> Outcome:
        self.asked.append((question, notes, as_of))
        return self._says(question)
