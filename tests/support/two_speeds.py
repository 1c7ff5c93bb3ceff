"""Two embedders whose vectors count pairs of characters, and documents for a collection of theirs."""

import math
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tao.models.embeddings import Kind
from tao_servers.knowledge.document import Chunk, Document
from tao_servers.knowledge.index import Entry, Place, indexed_text, open_writer

__all__ = ["PairsEmbedder", "a_document", "fill_collection"]


class PairsEmbedder:
    """Texts with the same pairs of characters are near each other; keeps which passages it was given.

    `before` is called with the texts of each call, for passages, before they are embedded.
    """

    max_tokens = 512

    def __init__(
        self,
        name: str = "fast",
        *,
        dimension: int = 64,
        before: Callable[[Sequence[str]], None] = lambda texts: None,
    ) -> None:
        self.name = name
        self.dimension = dimension
        self.before = before
        self.passages: list[str] = []
        self.queries = 0

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
        if kind == "query":
            self.queries += len(texts)
        else:
            self.before(texts)
            self.passages += texts
        return np.array([self._embed_one(text) for text in texts], dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text)

    def _embed_one(self, text: str) -> list[float]:
        vector = [0.001] * self.dimension
        for pair in pairwise(text):
            vector[zlib.crc32("".join(pair).encode("utf-8", "replace")) % self.dimension] += 1
        length = math.sqrt(sum(number * number for number in vector))
        return [number / length for number in vector]


def a_document(source: str, *texts: str) -> Entry:
    """A document whose chunks are these lines."""
    chunks, start = [], 0
    for line, text in enumerate(texts, start=1):
        chunks.append(Chunk(text, start, start + len(text), line, line))
        start += len(text) + 1
    return Entry(source, f"digest of {texts}", "made", Document("\n".join(texts)), chunks)


def fill_collection(place: Place, embedder: PairsEmbedder, *entries: Entry) -> None:
    """Write documents, one after another."""
    with open_writer(place, embedder) as writer:
        for entry in entries:
            texts = [indexed_text(entry.document.title, chunk) for chunk in entry.indexed]
            writer.put([entry], embedder.embed(texts))
