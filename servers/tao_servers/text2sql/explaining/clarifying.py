"""Asks back when the statements that were found answer different questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tao_prompts.language import Language
from tao_servers.text2sql.explaining.reading import reading_of
from tao_servers.text2sql.schema import Schema

if TYPE_CHECKING:
    from sqlglot import exp

    from tao_servers.text2sql.answering.outcome import Outcome, Reading
    from tao_servers.text2sql.explaining.parts import Parts

__all__ = ["question_back"]

_MOST = 3
_SURE = 0.5
_NOTHING: dict[Language, str] = {"zh": "（没有查到）", "en": ", which finds nothing"}


def question_back(outcome: "Outcome") -> str | None:
    """A question to the user that names the readings, or None when one is clearly ahead.

    One is ahead when most of the statements that ran gave its result. Readings differ when they read other
    tables, filter, aggregate, group or limit otherwise, or give nothing in common; not when one has a column
    more, or another order of columns. One that finds nothing is named where it has more votes than the one
    that was chosen.
    """
    most = outcome.readings[0].votes if outcome.readings else 0
    found = [one for one in outcome.readings if not one.candidate.is_empty or one.votes > most]
    if len(found) < 2 or _is_clear(outcome):
        return None
    task = outcome.task
    texts = list(
        dict.fromkeys(_told(one, task.schema, task.language) for one in _different(found, task.schema))
    )
    return _asked(texts[:_MOST], task.language) if len(texts) > 1 else None


def _is_clear(outcome: "Outcome") -> bool:
    votes = [reading.votes for reading in outcome.readings]
    return outcome.confidence > _SURE or 2 * votes[0] > sum(votes)


def _different(found: Sequence["Reading"], schema: Schema) -> list["Reading"]:
    kept: list[tuple[_Asks, Reading]] = []
    for reading in found:
        asks = _asks(reading.candidate.sql, schema)
        if asks is not None and all(asks.differs(other) for other, _ in kept):
            kept.append((asks, reading))
    return [reading for _, reading in kept]


def _told(reading: "Reading", schema: Schema, language: Language) -> str:
    text = reading_of(reading.candidate.sql, schema, language)
    return text + _NOTHING[language] if reading.candidate.is_empty else text


def _asked(texts: Sequence[str], language: Language) -> str:
    if language == "zh":
        return "您是指" + "，还是".join(f"（{n}）{text}" for n, text in enumerate(texts, start=1)) + "？"
    return "Do you mean " + " or ".join(f"({n}) {text}" for n, text in enumerate(texts, start=1)) + "?"


@dataclass(frozen=True, slots=True)
class _Asks:
    """What a statement asks, apart from how it is written."""

    tables: frozenset[str]
    filters: frozenset[str]
    aggregates: frozenset[str]
    groups: frozenset[str]
    cut: tuple[object, ...]
    columns: frozenset[str]
    keys: frozenset[str]

    def differs(self, other: "_Asks") -> bool:
        """Whether the two answer different questions."""
        if self.tables != other.tables or self.filters != other.filters or self.cut != other.cut:
            return True
        if self.aggregates != other.aggregates or self.groups != other.groups:
            return True
        # Whether a thing is told by its number or by its name is no other question.
        is_by_key = self.columns <= self.keys or other.columns <= other.keys
        return not is_by_key and not (self.columns & other.columns)


def _asks(sql: str, schema: Schema) -> _Asks | None:
    from sqlglot import exp

    from tao_servers.text2sql.explaining.parts import Parts, query_of

    tree = query_of(sql, schema.dialect)
    if not isinstance(tree, exp.Select):
        # UNION and the like: taken as a whole.
        whole = frozenset({_plain(tree)}) if tree is not None else None
        none = frozenset[str]()
        return _Asks(none, whole, none, none, (), none, none) if whole is not None else None
    parts = Parts(tree, schema)
    aggregates = frozenset(_plain(one) for output in parts.outputs for one in output.find_all(exp.AggFunc))
    columns = [one for output in parts.outputs for one in output.find_all(exp.Column)]
    return _Asks(
        frozenset(table.name.lower() for table in tree.find_all(exp.Table)),
        frozenset(map(_plain, (*parts.filters, *parts.having))),
        aggregates,
        frozenset(map(_plain, parts.groups)),
        _cut(parts),
        frozenset(map(_plain, columns)),
        frozenset(_plain(one) for one in columns if _is_key(one, parts)),
    )


def _cut(parts: "Parts") -> tuple[object, ...]:
    """Which rows are left by LIMIT; the order alone changes no answer."""
    if parts.limit is None:
        return ()
    return (parts.limit, parts.offset, *((_plain(one), down) for one, down in parts.order[:1]))


def _is_key(column: "exp.Column", parts: "Parts") -> bool:
    found = parts.column(column)
    return found is not None and (found[1].primary_key or found[1].references is not None)


def _plain(node: "exp.Expr") -> str:
    """An expression without the names of tables and the case of names, which say nothing of what it asks."""
    from sqlglot import exp
    from sqlglot.errors import ErrorLevel

    def bare(one: "exp.Expr") -> "exp.Expr":
        if isinstance(one, exp.Column):
            return exp.column(one.name.lower()) if not isinstance(one.this, exp.Star) else exp.Star()
        return one

    plain = node.copy().transform(bare)
    return str(plain.sql(normalize=True, comments=False, unsupported_level=ErrorLevel.IGNORE))
