"""Rules of the user's own that put passages before others: by what is known of their documents, by age."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from tao.errors import ConfigError
from tao_servers.knowledge.index.errors import translated
from tao_servers.knowledge.retrieving.candidates import Candidate
from tao_servers.knowledge.retrieving.where import Where, WhereError, parse_where

if TYPE_CHECKING:
    from tao_servers.knowledge.index import Collection

__all__ = ["Boost", "Recency", "Rule", "parse_rules"]

_HEAVIEST = 1.0
_HALF_LIFE_DAYS = 180.0
_FORMS = (
    ({"where", "weight"}, {"where", "weight"}),
    ({"newer", "weight"}, {"newer", "weight", "half_life_days"}),
)
_EXAMPLES = (
    'where = {tag = "official"} and weight = 0.1, or newer = "modified", half_life_days = 90 and weight = 0.1'
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Adds `weight` to the scores of passages whose documents satisfy `where`; less than 0 takes away."""

    where: Where
    weight: float


@dataclass(frozen=True, slots=True)
class Recency:
    """Adds up to `weight`, which halves with each `half_life_days` since the day in `field`.

    The field is created, modified, added or a tag. A document without that day gets nothing, one with a day
    to come the whole weight.
    """

    field: str
    half_life_days: float
    weight: float

    def gain(self, day: date, today: date) -> float:
        """What a document of this day gets."""
        age = max(0, (today - day).days)
        return float(self.weight * 0.5 ** (age / self.half_life_days))


class Boost:
    """A stage that adds to each score what the rules say of the passage's document.

    `now` tells the time in seconds since 1970.
    """

    name = "boost"

    def __init__(self, rules: Sequence[Rule | Recency], *, now: Callable[[], float] = time.time) -> None:
        self.rules = tuple(rules)
        self._now = now

    def __call__(
        self, query: str, candidates: Sequence[Candidate], top_k: int, collection: "Collection"
    ) -> list[Candidate]:
        """See `Stage`; all candidates come back."""
        documents = sorted({candidate.passage.document for candidate in candidates})
        gains = dict.fromkeys(documents, 0.0)
        with translated(collection.place.folder):
            for rule in self.rules:
                for document, gain in self._gains(rule, documents, collection).items():
                    gains[document] += gain
        boosted = [
            candidate.rescored(self.name, candidate.score + gains[candidate.passage.document])
            for candidate in candidates
        ]
        return sorted(boosted, key=lambda candidate: -candidate.score)

    def _gains(
        self, rule: Rule | Recency, documents: Sequence[int], collection: "Collection"
    ) -> dict[int, float]:
        catalogue = collection.catalogue
        if isinstance(rule, Rule):
            marks = ", ".join("?" for _ in documents)
            sql = f"documents.id IN ({marks}) AND ({rule.where.sql})"
            return dict.fromkeys(
                catalogue.documents_where(sql, (*documents, *rule.where.values)), rule.weight
            )
        today = date.fromtimestamp(self._now())
        days = catalogue.fields.days(rule.field, documents)
        return {id_: rule.gain(date.fromisoformat(day), today) for id_, day in days.items()}


def parse_rules(rules: Sequence[Mapping[str, Any]]) -> Boost | None:
    """Read `[[knowledge.rules]]`; None where there are none.

    Raises:
        ConfigError: naming the rule that is wrong.
    """
    parsed = []
    for place, rule in enumerate(rules, start=1):
        try:
            parsed.append(_parse(rule))
        except ValueError as exc:
            raise ConfigError(f"Wrong settings: rule {place} of [[knowledge.rules]]: {exc}") from exc
    return Boost(parsed) if parsed else None


def _parse(rule: Mapping[str, Any]) -> Rule | Recency:
    given = (
        {name for name, value in rule.items() if value is not None} if isinstance(rule, Mapping) else set()
    )
    if not any(needed <= given <= allowed for needed, allowed in _FORMS):
        raise ValueError(f"it has {', '.join(sorted(map(repr, given))) or 'nothing'}. Write {_EXAMPLES}.")
    weight = _number("weight", rule["weight"], -_HEAVIEST, _HEAVIEST)
    if "where" in given:
        where = parse_where(rule["where"])
        if not where.names:
            raise WhereError("its where has no condition.")
        return Rule(where, weight)
    field = rule["newer"]
    if not isinstance(field, str) or not field.strip():
        raise ValueError('newer is the name of a date: created, modified, added, or a tag such as "due".')
    days = rule.get("half_life_days")
    return Recency(
        field.strip().lower(),
        _HALF_LIFE_DAYS if days is None else _number("half_life_days", days, 0.01, 100_000.0),
        weight,
    )


def _number(name: str, value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{name} is {value!r}, and must be a number from {least:g} to {most:g}.")
    return float(value)
