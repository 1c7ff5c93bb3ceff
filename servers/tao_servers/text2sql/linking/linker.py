"""From a question to what of a schema a small prompt needs."""

import datetime
import logging
import threading
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tao.errors import ConfigError, ModelError
from tao_servers.text2sql.linking.asked import Asked
from tao_servers.text2sql.linking.bm25 import Bm25
from tao_servers.text2sql.linking.dates import DateMatch, find_dates
from tao_servers.text2sql.linking.joins import Joins
from tao_servers.text2sql.linking.meaning import Meaning
from tao_servers.text2sql.linking.narrowing import narrowed
from tao_servers.text2sql.linking.numbers import NumberMatch, find_numbers
from tao_servers.text2sql.linking.values import ValueIndex, ValueMatch
from tao_servers.text2sql.linking.words import terms
from tao_servers.text2sql.schema import Schema, Table

if TYPE_CHECKING:
    from tao.models.embeddings import Embedder

__all__ = ["Link", "Linker"]

_LOG = logging.getLogger(__name__)

_NAME_WEIGHT, _COMMENT_WEIGHT, _COLUMN_WEIGHT = 3.0, 2.0, 1.0
# Beside the cosines. A question in another language than the schema shares hardly any words with the tables
# that it means, and a few with those that it does not: below this share words count less and less.
_WORDS_WEIGHT = 1.5
_WORDS_SHARE = 0.2
_NEIGHBOUR_WEIGHT = 0.3
_VALUE_WEIGHT = 0.3
_MOST_ADDED = 4
_WIDE = 40


@dataclass(frozen=True, slots=True)
class Link:
    """What of a schema a question needs.

    `tables` has the likeliest first, then those that are needed to join them; wide ones have only their keys
    and likeliest columns. Of the values only those in these tables are there. Without `as_of`,
    `dates` has only those that need none.
    """

    tables: tuple[Table, ...]
    values: tuple[ValueMatch, ...] = ()
    numbers: tuple[NumberMatch, ...] = ()
    dates: tuple[DateMatch, ...] = ()


class Linker:
    """Links questions to one schema. Blocks; safe to use from several threads.

    Without an embedder, or once it fails, words alone tell which tables are meant, so that question and
    schema must share a language. Without `words` the embedder alone tells.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        values: ValueIndex | None = None,
        embedder: "Embedder | None" = None,
        words: bool = True,
    ) -> None:
        self._schema = schema
        self._values = values
        self._lock = threading.Lock()
        self._embedder = embedder
        self._meaning = Meaning(schema, embedder) if embedder else None
        self._words = Bm25([_document(table) for table in schema.tables] if words else [])
        self._joins = Joins(schema)
        self._numbers = {table.full_name.lower(): number for number, table in enumerate(schema.tables)}

    def prepare(self) -> None:
        """Make the vectors now that the first question would wait for: about five seconds for 900 tables."""
        self.link("?")
        if self._values is not None:
            self._values.prepare()

    def link(
        self,
        question: str,
        *,
        most_tables: int = 8,
        most_columns: int | None = None,
        as_of: datetime.date | None = None,
        closed: bool = True,
    ) -> Link:
        """The tables, values, numbers and dates that `question` is about.

        At most `most_tables` tables, and when `closed` up to four more that lie on the joins between them.
        Of a table with more than `most_columns` columns (default: 40) as many are kept, its keys besides.
        `as_of` is the day that words such as 上个月 count from.
        """
        dates = find_dates(question, as_of)
        numbers = find_numbers(question, [(date.first_place, date.last_place) for date in dates])
        with self._lock:
            asked, near = self._asked(question)
            values = self._values.in_question(asked) if self._values else []
            scores = self._scores(asked, near, values)
            chosen = self._chosen(scores, most_tables)
            added = self._joins.between(chosen, dict(enumerate(scores)), _MOST_ADDED) if closed else []
            tables = [self._schema.tables[number] for number in (*chosen, *added)]
            shown = self._narrowed(tables, asked, values, most_columns or _WIDE)
        names = {table.full_name for table in tables}
        kept = tuple(match for match in values if match.table in names)
        return Link(tuple(shown), kept, tuple(numbers), tuple(dates))

    def _asked(self, question: str) -> tuple[Asked, Sequence[float]]:
        """The question, and the nearness of each table by meaning; all 0 without an embedder."""
        if self._embedder is not None and self._meaning is not None:
            asked = Asked(question, self._embedder)
            try:
                return asked, self._meaning.scores(asked)
            except (ConfigError, ModelError) as exc:
                _LOG.warning("Tables are chosen by their words alone: %s", exc)
                self._embedder = self._meaning = None
        return Asked(question), [0.0] * len(self._schema.tables)

    def _scores(self, asked: Asked, near: Sequence[float], values: Sequence[ValueMatch]) -> list[float]:
        words = self._words.scores(asked.terms)
        # Without the other leg there is nothing that words could drown.
        best = max(words.values(), default=0.0) if self._meaning else _WORDS_SHARE
        weight = _WORDS_WEIGHT * min(1.0, (best / _WORDS_SHARE) ** 2)
        named = self._named(values)
        middle = sum(near) / max(len(near), 1)
        own = [
            score - middle + weight * words.get(number, 0.0) + _VALUE_WEIGHT * named.get(number, 0.0)
            for number, score in enumerate(near)
        ]
        return [
            score
            + _NEIGHBOUR_WEIGHT * max((own[other] for other in self._joins.neighbours(number)), default=0.0)
            for number, score in enumerate(own)
        ]

    def _named(self, values: Sequence[ValueMatch]) -> dict[int, float]:
        """How surely a value of each table is named; words that are in many tables tell little."""
        tables: dict[str, set[str]] = defaultdict(set)
        for match in values:
            tables[match.words].add(match.table)
        named: dict[int, float] = {}
        for match in values:
            number = self._numbers.get(match.table.lower())
            if number is not None:
                score = match.score / len(tables[match.words]) ** 0.5
                named[number] = max(named.get(number, 0.0), score)
        return named

    def _chosen(self, scores: Sequence[float], most: int) -> list[int]:
        ranked = sorted(range(len(scores)), key=lambda number: (-scores[number], number))
        # Words alone leave most tables with nothing; a few tables are shown whole all the same.
        some = [
            number
            for number in ranked
            if scores[number] > 0 or self._meaning is not None or len(scores) <= most
        ]
        return some[:most] if some else ranked[:most]

    def _narrowed(
        self, tables: Sequence[Table], asked: Asked, values: Collection[ValueMatch], most: int
    ) -> list[Table]:
        named = {(match.table, match.column) for match in values}
        shown = []
        for table in tables:
            near = self._meaning.columns(asked, table) if self._meaning and len(table.columns) > most else {}
            shown.append(narrowed(table, tables, asked, near, named, most))
        return shown


def _document(table: Table) -> dict[str, float]:
    weights: dict[str, float] = defaultdict(float)
    for term in terms(table.full_name):
        weights[term] += _NAME_WEIGHT
    for term in terms(table.comment or ""):
        weights[term] += _COMMENT_WEIGHT
    for column in table.columns:
        for term in dict.fromkeys(terms(column.name) + terms(column.comment or "")):
            weights[term] += _COLUMN_WEIGHT
    return dict(weights)
