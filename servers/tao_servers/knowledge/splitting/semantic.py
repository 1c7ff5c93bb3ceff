"""Neighbouring sentences merged while their embeddings stay close.

After Greg Kamradt, "5 Levels Of Text Splitting" (2023), level 4: cut where the distance of neighbours is
beyond a percentile of the document's own. His 95th leaves chunks of 20 sentences, more than an embedder
of a few hundred tokens reads, hence a lower one here.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING, Any

from tao.models.loading import load
from tao_servers.knowledge.splitting.borders import Rank
from tao_servers.knowledge.splitting.packing import Break
from tao_servers.knowledge.splitting.prose import Prose
from tao_servers.knowledge.splitting.sizes import Embed
from tao_servers.knowledge.splitting.work import Span, Work

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["split_by_meaning"]

_PERCENTILE = 80
_BATCH = 256
# Shorter sentences ("Yes.") say too little to be compared.
_UNIT_CHARS = 30
# Longer ones are compared by their beginning, as far as embedders read.
_MOST_CHARS = 2000
_LEAST = 1 / 8


def split_by_meaning(work: Work) -> Iterator[Span]:
    """Cut where the subject changes.

    Raises:
        ValueError: nothing was given to embed with.
    """
    if work.embed is None:
        raise ValueError("The splitter 'semantic' compares sentences by their embeddings: give it `embed`.")
    prose, regions = Prose(work.document), list(work.regions())
    units = [list(_units(work.document.text, prose, *region)) for region in regions]
    meaning = _Meaning(prose, *_distances(work.document.text, units, work.embed))
    for start, end in regions:
        for piece in work.packer.pack(start, end, meaning, work.sizes.tokens):
            yield Span(*piece)


class _Meaning:
    """A `Breaker` for known distances at known places."""

    def __init__(self, prose: Prose, places: Sequence[int], distances: Sequence[float]) -> None:
        self._prose, self._places, self._distances = prose, places, distances
        numpy: Any = load("numpy", extra="knowledge")
        self._usual, self._far = map(float, numpy.percentile(distances or [0.0], (50, _PERCENTILE)))

    def __call__(self, start: int, limit: int, end: int, full: int) -> Break:
        first = bisect_left(self._places, start + max(1, _LEAST * full))
        last = bisect_right(self._places, min(limit, end - 1))
        for index in range(first, last):
            if self._usual < self._distances[index] >= self._far:
                return Break(self._places[index], closed=True)
        if limit >= end:
            return Break(end, closed=True)
        if first < last:
            return Break(self._places[max(range(first, last), key=lambda index: self._distances[index])])
        return self._prose(start, limit, end, full)


def _units(text: str, prose: Prose, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentences with what is too short to stand alone."""
    for at, rank in chain(prose.borders(start, end), [(end, Rank.HEADING)]):
        whole = rank in (Rank.ROW, Rank.SENTENCE, Rank.LINE, Rank.PARAGRAPH, Rank.HEADING)
        if whole and at > start and (at - start >= _UNIT_CHARS or at == end) and text[start:at].strip():
            yield start, at
            start = at


def _distances(
    text: str, units: Sequence[Sequence[tuple[int, int]]], embed: Embed
) -> tuple[list[int], list[float]]:
    """The places between units that no part's end separates, and how far apart their neighbours are."""
    spans = chain.from_iterable(units)
    rows = chain.from_iterable(_embedded(text, spans, embed))
    places: list[int] = []
    distances: list[float] = []
    for region in units:
        vectors = islice(rows, len(region))
        for (_, end), (before, after) in zip(region, pairwise(vectors), strict=False):
            places.append(end)
            distances.append(1 - float(before @ after))
    return places, distances


def _embedded(text: str, spans: Iterator[tuple[int, int]], embed: Embed) -> "Iterator[NDArray[Any]]":
    numpy: Any = load("numpy", extra="knowledge")
    while batch := list(islice(spans, _BATCH)):
        vectors = numpy.asarray(
            embed([text[start:end].strip()[:_MOST_CHARS] for start, end in batch]), dtype=float
        )
        lengths = numpy.linalg.norm(vectors, axis=1, keepdims=True)
        yield vectors / numpy.maximum(lengths, 1e-12)
