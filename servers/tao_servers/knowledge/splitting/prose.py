"""Chooses where a chunk of prose ends."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.splitting.borders import Rank, borders, last_gap
from tao_servers.knowledge.splitting.packing import Break
from tao_servers.knowledge.splitting.places import heading_lines

__all__ = ["Prose"]

# A chunk for want of room ends at the best place after this share of it.
_WINDOW = 1 / 3
_BELOW = re.compile(r"[^\n]*+\s*+")


class Prose:
    """A `Breaker` that knows headings and blocks.

    `closing` gives the share of a full chunk after which a border of that rank ends it though there is room.
    Blocks are cut only when they do not fit; a heading is never left alone at the end.
    """

    def __init__(
        self,
        document: Document,
        *,
        closing: Mapping[Rank, float] | None = None,
        blocks: Sequence[tuple[int, int]] = (),
    ) -> None:
        self._text = document.text
        self._closing = closing or {}
        self._heads, self._bodies = _headings(document)
        self._blocks = sorted({*blocks, *((table.start, table.end) for table in document.tables)})
        self._starts = [start for start, _ in self._blocks]

    def __call__(self, start: int, limit: int, end: int, full: int) -> Break:
        """Choose a place; see `Breaker`."""
        found = list(self.borders(start, limit))
        for at, rank in found:
            if at < end and at - start >= self._closing.get(rank, 2) * full:
                return Break(at, closed=True)
        if limit >= end:
            return Break(end, closed=True)
        late = [place for place in found if place[0] - start >= _WINDOW * full]
        best = (
            _best(late, Rank.WRAP)
            or self._before_block(found, limit, full)
            or _best(late, Rank.ROW)
            or _best(late, Rank.WORD)
            or _best(found, Rank.WORD)
            or _best(late, Rank.CELL)
        )
        return Break(best or last_gap(self._text, start, limit))

    def borders(self, start: int, limit: int) -> Iterator[tuple[int, Rank]]:
        """The places where this text may be cut, as headings and blocks would have it."""
        plain = not self._heads and not self._blocks
        for at, rank in borders(self._text, start, limit):
            yield at, rank if plain else self._rank(at, rank)

    def _rank(self, at: int, rank: Rank) -> Rank:
        head = bisect_left(self._heads, at)
        if head and at <= self._bodies[head - 1]:
            return Rank.TIED
        if head < len(self._heads) and self._heads[head] == at:
            return Rank.HEADING
        block = bisect_right(self._starts, at) - 1
        if block < 0 or at >= self._blocks[block][1]:
            return rank
        if at == self._starts[block]:
            return max(rank, Rank.PARAGRAPH)
        return Rank.ROW if rank in (Rank.LINE, Rank.WRAP, Rank.PARAGRAPH) else Rank.CELL

    def _before_block(self, found: Sequence[tuple[int, Rank]], limit: int, full: int) -> int | None:
        """Where to end when the limit is inside a block: before it if it fits by itself, else at a row."""
        block = bisect_left(self._starts, limit) - 1
        if block < 0 or limit >= self._blocks[block][1]:
            return None
        first, last = self._blocks[block]
        if last - first <= full:
            whole = _best([place for place in found if place[0] <= first], Rank.PARAGRAPH)
            if whole:
                return whole
        return _best(found, Rank.ROW, most=Rank.ROW)


def _best(found: Sequence[tuple[int, Rank]], least: Rank, *, most: Rank = Rank.HEADING) -> int | None:
    """The last place of the best rank."""
    places = [(rank, at) for at, rank in found if least <= rank <= most]
    return max(places)[1] if places else None


def _headings(document: Document) -> tuple[list[int], list[int]]:
    """Where the line of each heading begins, and what stands below it."""
    heads = heading_lines(document)
    bodies = []
    places = [*(heading.start for heading in document.headings), len(document.text)]
    for start, following in pairwise(places):
        match = _BELOW.match(document.text, start, following)
        bodies.append(match.end() if match else start)
    return heads, bodies
