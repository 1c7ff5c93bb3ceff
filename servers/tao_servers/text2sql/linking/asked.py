"""A question as the parts of linking look at it."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tao_servers.text2sql.linking.words import terms, windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tao.models.embeddings import Embedder

__all__ = ["Asked"]


@dataclass(frozen=True)
class Asked:
    """A question; its terms, its parts and their vectors are made once, when they are wanted."""

    text: str
    embedder: "Embedder | None" = None

    @cached_property
    def terms(self) -> list[str]:
        """See `words.terms`."""
        return terms(self.text)

    @cached_property
    def windows(self) -> list[str]:
        """See `words.windows`."""
        return windows(self.text)

    @cached_property
    def vectors(self) -> "NDArray[np.float32]":
        """The vector of the whole, then that of each window."""
        assert self.embedder is not None
        return self.embedder.embed([self.text, *self.windows], kind="query")
