"""What every splitter is given, and what it gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.splitting.packing import Packer
from tao_servers.knowledge.splitting.sizes import Embed, Sizes

__all__ = ["Cut", "Span", "Work"]


class Span(NamedTuple):
    """The characters `start` to `end` of a text, and those of the parent."""

    start: int
    end: int
    parent: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A document that is to be cut; `packer` knows its text."""

    document: Document
    sizes: Sizes
    packer: Packer
    embed: Embed | None = None

    def regions(self) -> Iterator[tuple[int, int]]:
        """The stretches that no chunk may cross the ends of."""
        size = len(self.document.text)
        inner = {place for place in self.document.parts if 0 < place < size}
        return pairwise([0, *sorted(inner), size])


Cut = Callable[[Work], Iterator[Span]]
"""A splitter: the spans of a document, ascending."""
