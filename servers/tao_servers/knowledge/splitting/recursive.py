"""By headings and paragraphs of a good size, then sentences, clauses, words and characters."""

from collections.abc import Iterator

from tao_servers.knowledge.splitting.borders import Rank
from tao_servers.knowledge.splitting.prose import Prose
from tao_servers.knowledge.splitting.work import Span, Work

__all__ = ["CLOSING", "split_recursively"]

CLOSING = {Rank.HEADING: 1 / 8, Rank.PARAGRAPH: 1 / 3}
"""A paragraph that is shorter is joined with the next one; a section is left alone sooner."""


def split_recursively(work: Work) -> Iterator[Span]:
    """Cut at the best places; a short paragraph is joined with the next one."""
    prose = Prose(work.document, closing=CLOSING)
    for start, end in work.regions():
        for piece in work.packer.pack(start, end, prose, work.sizes.tokens):
            yield Span(*piece)
