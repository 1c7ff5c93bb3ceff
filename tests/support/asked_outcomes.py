"""Outcomes of questions whose statements really ran, without a model."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from tao.models.chat import Usage
from tao_prompts.language import language_of
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.outcome import Outcome, Reading
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.checking import Problem, check
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.linking import Link, ValueMatch, find_dates, find_numbers
from tao_servers.text2sql.schema import Schema
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop
from tests.support.sql_server import database_at

__all__ = ["Asked"]


class Asked:
    """Makes outcomes over one database file; `with` closes it."""

    def __init__(self, path: Path, *, max_rows: int = 100) -> None:
        self.source = Source(database_at(path))
        self.limits = Limits(max_rows=max_rows)

    def __enter__(self) -> "Asked":
        return self

    def __exit__(self, *_: object) -> None:
        self.source.close()

    @property
    def schema(self) -> Schema:
        """The schema of the database."""
        return self.source.schema()

    def candidate(self, sql: str, *, mends: Sequence[str] = ()) -> Candidate:
        """A statement, checked and run."""
        try:
            checked = check(sql, self.schema)
        except QueryRefused as exc:
            return Candidate(sql, sql, problem=Problem(exc.rule, str(exc)))
        rows = self.source.engine(Stop()).run(checked.sql, self.limits, Stop())
        return Candidate(sql, sql, tuple(mends), checked, rows)

    def outcome(
        self,
        question: str,
        *tries: str | tuple[str, int] | Candidate,
        values: Sequence[ValueMatch] = (),
        as_of: datetime.date | None = None,
        confidence: float | None = None,
    ) -> Outcome:
        """What comes of a question when a model writes these statements, each with its votes."""
        dates = find_dates(question, as_of)
        numbers = find_numbers(question, [(date.first_place, date.last_place) for date in dates])
        link = Link(self.schema.tables, tuple(values), tuple(numbers), tuple(dates))
        task = Task(question, language_of(question), self.schema, link, "", as_of=as_of)
        readings, tried = [], []
        for one in tries:
            given, votes = one if isinstance(one, tuple) else (one, 1)
            candidate = self.candidate(given) if isinstance(given, str) else given
            tried.append(candidate)
            if candidate.ran:
                readings.append(Reading(candidate, votes))
        all_votes = sum(reading.votes for reading in readings)
        share = readings[0].votes / all_votes if readings else 0.0
        sure = share if confidence is None else confidence
        return Outcome(task, tuple(readings), tuple(tried), sure, Usage(), len(tried))
