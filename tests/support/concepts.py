"""An embedder that knows a few words in two languages, for tests of what is found by meaning."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zlib import crc32

from tao.errors import ModelError
from tao.models.embeddings import Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BrokenEmbedder", "Concepts"]

# Places for texts that have no word of any group.
_OTHERS = 211


class Concepts:
    """Texts that have words of the same groups are alike; a text without any is like no other."""

    name = "concepts"
    max_tokens = 512

    def __init__(self, *groups: str) -> None:
        self._groups = [group.lower().split() for group in groups]
        self.dimension = len(groups) + _OTHERS
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        import numpy as np

        if kind == "passage":
            self.embedded += texts
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for number, words in enumerate(self._groups):
                row[number] = sum(word in text.lower() for word in words)
            if not row.any():
                row[len(self._groups) + crc32(text.encode("utf-8", "replace")) % _OTHERS] = 1.0
        lengths: NDArray[np.float32] = np.linalg.norm(rows, axis=1, keepdims=True)
        result: NDArray[np.float32] = rows / lengths
        return result

    def count_tokens(self, text: str) -> int:
        return len(text)


class BrokenEmbedder(Concepts):
    """An endpoint that is down."""

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        raise ModelError("The endpoint does not answer.")
