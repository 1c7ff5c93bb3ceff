"""Which values of a database a text means."""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from rapidfuzz import fuzz, process

from tao.errors import ConfigError, ModelError
from tao_servers.chinese import name_key
from tao_servers.text2sql.linking.asked import Asked
from tao_servers.text2sql.linking.value_keys import firm_name, keys, loose_key, spans
from tao_servers.text2sql.linking.value_meaning import ValueMeaning

if TYPE_CHECKING:
    from tao.models.embeddings import Embedder

__all__ = ["ColumnValues", "How", "ValueIndex", "ValueMatch"]

_LOG = logging.getLogger(__name__)
_Hit = TypeVar("_Hit")

How = Literal["exact", "normalised", "contained", "fuzzy", "meaning"]

_EXACT, _NORMALISED, _LOOSE, _FIRM, _CONTAINED, _FUZZY = 1.0, 0.95, 0.9, 0.87, 0.6, 0.8
_FUZZY_CUTOFF = 75
_LONGEST_NEEDLE = 200
# Within texts shorter than these, a match says little.
_SHORTEST_NUMBER = 3
_SHORTEST_CONTAINED = 2
_SHORTEST_WITHIN = 4
_MOST_PLACES = 8


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """Distinct values of one column, by the table's full name; `complete` when it has no others."""

    table: str
    column: str
    values: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class ValueMatch:
    """A value as it is stored, where, what of the text it matched, and how well, from 0 to 1."""

    table: str
    column: str
    value: str
    words: str
    score: float
    how: How = "exact"


class ValueIndex:
    """Values of a database, to be found by what a text calls them.

    Width, case, Traditional and Simplified characters, plurals and endings such as 市 make no difference.
    With an embedder, values of columns with few of them are found in the other language too: 北京市 by
    `Beijing`. Safe to use from several threads.
    """

    def __init__(self, columns: Iterable[ColumnValues] = (), *, embedder: "Embedder | None" = None) -> None:
        self.columns = tuple(columns)
        self._complete = {(c.table.lower(), c.column.lower()) for c in self.columns if c.complete}
        self._places: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._loose: dict[str, set[str]] = defaultdict(set)
        self._firms: set[str] = set()
        for number, column in enumerate(self.columns):
            self._take(number, column.values)
        self._meaning = ValueMeaning([c.values for c in self.columns], embedder) if embedder else None
        self._lock = threading.Lock()

    def is_complete(self, table: str, column: str) -> bool:
        """Whether every short text of a column is in the index."""
        return (table.lower(), column.lower()) in self._complete

    def prepare(self) -> None:
        """Make the vectors now that the first question would wait for: a second for a few thousand values."""
        self._by_meaning(ValueMeaning.prepare)

    def search(
        self,
        text: str,
        most: int = 10,
        *,
        tables: Collection[str] | None = None,
        column: str | None = None,
    ) -> list[ValueMatch]:
        """The values that `text` may mean, the likeliest first; `tables` by their full names."""
        text = " ".join(text.split())[:_LONGEST_NEEDLE]
        allowed = self._allowed(tables, column)
        best: dict[tuple[int, str], ValueMatch] = {}
        for match, number in self._candidates(text, allowed):
            known = best.get((number, match.value))
            if known is None or match.score > known.score:
                best[number, match.value] = match
        return _ranked(best.values())[:most]

    def in_question(self, asked: Asked, most: int = 20) -> list[ValueMatch]:
        """The values that words of a question name, those with the longest words first."""
        found: dict[tuple[int, int], list[ValueMatch]] = {}
        for key, first, last in spans(asked.text):
            matches = self._named(key, asked.text[first:last])
            if matches:
                found[first, last] = matches
        longest = [
            match
            for (first, last), matches in found.items()
            if not any(a <= first and last <= b and (a, b) != (first, last) for a, b in found)
            for match in matches
        ]
        for hit, words, cosine in self._by_meaning(lambda meaning: meaning.in_question(asked)):
            longest.append(self._match(hit, words, cosine, "meaning"))
        return _ranked(_once(longest))[:most]

    def _by_meaning(self, ask: Callable[[ValueMeaning], Iterable[_Hit]]) -> list[_Hit]:
        with self._lock:
            if self._meaning is None:
                return []
            try:
                return list(ask(self._meaning))
            except (ConfigError, ModelError) as exc:
                _LOG.warning("Values are found in their own language alone: %s", exc)
                self._meaning = None
                return []

    def _take(self, number: int, values: Sequence[str]) -> None:
        for value in values:
            key, loose = keys(value)
            if key:
                self._places[key].append((number, value))
                if loose:
                    self._loose[loose].add(key)
                if firm_name(key):
                    self._firms.add(key)

    def _allowed(self, tables: Collection[str] | None, column: str | None) -> Callable[[int], bool]:
        wanted = None if tables is None else {table.lower() for table in tables}

        def is_allowed(number: int) -> bool:
            where = self.columns[number]
            return (wanted is None or where.table.lower() in wanted) and (
                column is None or where.column.lower() == column.lower()
            )

        return is_allowed

    def _candidates(self, text: str, allowed: Callable[[int], bool]) -> Iterator[tuple[ValueMatch, int]]:
        key = name_key(text)
        found: list[tuple[str, float, How]] = []
        if key:
            found += [(key, _NORMALISED, "normalised")]
            found += [(other, _LOOSE, "normalised") for other in self._without_endings(text, key)]
            found += self._containing(key)
            found += self._alike(key)
        for other, score, how in found:
            for number, value in self._places.get(other, ()):
                if allowed(number):
                    yield self._match((number, value), text, score, how), number
        for hit, cosine in self._by_meaning(lambda meaning: meaning.search(text)):
            if allowed(hit[0]):
                yield self._match(hit, text, cosine, "meaning"), hit[0]

    def _without_endings(self, text: str, key: str) -> set[str]:
        loose = loose_key(text, key)
        return {loose} | self._loose.get(loose, set()) | self._loose.get(key, set())

    def _containing(self, key: str) -> list[tuple[str, float, How]]:
        if len(key) < _SHORTEST_CONTAINED:
            return []
        found: list[tuple[str, float, How]] = []
        for other in self._places:
            if key in other or (len(other) >= _SHORTEST_WITHIN and other in key):
                shorter, longer = sorted((len(key), len(other)))
                found.append((other, _CONTAINED + 0.25 * shorter / longer, "contained"))
        return found

    def _alike(self, key: str) -> list[tuple[str, float, How]]:
        near = process.extract(
            key, self._places.keys(), scorer=fuzz.ratio, score_cutoff=_FUZZY_CUTOFF, limit=30
        )
        return [(other, _FUZZY * ratio / 100, "fuzzy") for other, ratio, _ in near]

    def _named(self, key: str, words: str) -> list[ValueMatch]:
        if key.isdecimal() and len(key) < _SHORTEST_NUMBER:
            return []
        score = _NORMALISED
        places = list(self._places.get(key, ()))
        if not places:
            score = _LOOSE
            places = [
                place
                for other in sorted(self._without_endings(words, key))
                for place in self._places.get(other, ())
            ]
        if not places:
            score = _FIRM
            places = self._places.get(self._only_firm(key) or "", [])
        # One character, or digits alone, may as well mean something else.
        weak = 0.6 if len(key) == 1 else 0.8 if key.isdecimal() else 1.0
        return [self._match(place, words, score * weak, "normalised") for place in places[:_MOST_PLACES]]

    def _only_firm(self, key: str) -> str | None:
        """The one firm that is shortly called so: 深圳腾讯科技有限公司 by 腾讯公司."""
        name = firm_name(key)
        found = [firm for firm in self._firms if name in firm] if name else []
        return found[0] if len(found) == 1 else None

    def _match(self, place: tuple[int, str], words: str, score: float, how: How) -> ValueMatch:
        column, value = self.columns[place[0]], place[1]
        match = ValueMatch(column.table, column.column, value, words, round(score, 3), how)
        if how == "normalised" and value == words:
            match = replace(match, score=round(score / _NORMALISED * _EXACT, 3), how="exact")
        return match


def _once(matches: Iterable[ValueMatch]) -> list[ValueMatch]:
    best: dict[tuple[str, str, str], ValueMatch] = {}
    for match in matches:
        key = (match.table, match.column, match.value)
        if key not in best or match.score > best[key].score:
            best[key] = match
    return list(best.values())


def _ranked(matches: Iterable[ValueMatch]) -> list[ValueMatch]:
    return sorted(matches, key=lambda m: (-m.score, -len(m.words), m.table, m.column, m.value))
