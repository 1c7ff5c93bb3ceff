"""Small chunks, which are found, in larger ones, which are read."""

from collections.abc import Iterator

from tao_servers.knowledge.splitting.prose import Prose
from tao_servers.knowledge.splitting.recursive import CLOSING
from tao_servers.knowledge.splitting.work import Span, Work

__all__ = ["split_small"]


def split_small(work: Work) -> Iterator[Span]:
    """Cut into chunks of a quarter of the size, each with the larger one that it stands in."""
    prose, sizes = Prose(work.document, closing=CLOSING), work.sizes
    for start, end in work.regions():
        for parent in work.packer.pack(start, end, prose, sizes.parent_tokens or sizes.tokens):
            for piece in work.packer.pack(*parent, prose, sizes.small_tokens):
                yield Span(*piece, parent)
