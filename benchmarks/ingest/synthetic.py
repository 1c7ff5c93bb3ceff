"""A collection of a given size, made of words and vectors that mean nothing."""

import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from tao.models.embeddings import Kind
from tao_servers.knowledge.document import Chunk, Document
from tao_servers.knowledge.index import Entry, Place, Writer, open_writer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SyntheticEmbedder", "collection_of", "query"]

_DIMENSION = 512
_CLUSTERS = 2000
_WORDS = 60
_CHUNKS = 100
_DOCUMENTS = 50
_COMMONEST, _RAREST = 5, 100_000
_HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]


class SyntheticEmbedder:
    """Gives a text a vector near one of 2,000 centres, by its hash: no model is measured along."""

    name = "synthetic-512"
    dimension = _DIMENSION
    max_tokens = 512

    def __init__(self) -> None:
        import numpy as np

        centres = np.random.default_rng(1).normal(size=(_CLUSTERS, _DIMENSION))
        self._centres = centres.astype(np.float32)

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        """See `Embedder.embed`."""
        return self.rows(len(texts), sum(map(ord, "".join(texts)[:200])) if texts else 0)

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        return len(text)

    def rows(self, count: int, seed: int) -> "NDArray[np.float32]":
        """`count` vectors of length 1."""
        import numpy as np

        generator = np.random.default_rng(seed)
        near = self._centres[generator.integers(0, _CLUSTERS, count)]
        rows = near * 0.8 + generator.normal(size=(count, _DIMENSION)).astype(np.float32) * 0.7
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def query(seed: int) -> str:
    """A question of six words: about one of them stands in most chunks, the most in few."""
    chance = random.Random(-1 - seed)
    ranks = [int(_COMMONEST * (_RAREST / _COMMONEST) ** chance.random()) for _ in range(6)]
    return " ".join(_word(chance, rank) for rank in ranks)


def collection_of(chunks: int, store: Path, embedder: SyntheticEmbedder) -> Place:
    """The collection of so many chunks in the folder `store`; what is there already is used again."""
    place = Place(store, f"synthetic {chunks}")
    done = place.folder / "complete"
    if not done.is_file():
        shutil.rmtree(place.folder, ignore_errors=True)
        with open_writer(place, embedder) as writer:
            _fill(writer, chunks, embedder)
        done.touch()
    return place


def _fill(writer: Writer, chunks: int, embedder: SyntheticEmbedder) -> None:
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"{chunks} chunks", total=chunks)
        for start in range(0, chunks, _CHUNKS * _DOCUMENTS):
            end = min(chunks, start + _CHUNKS * _DOCUMENTS)
            entries = list(_entries(start, end))
            indexed = sum(len(entry.indexed) for entry in entries)
            writer.put(entries, embedder.rows(indexed, start))
            bar.update(task, completed=end)


def _entries(start: int, end: int) -> Iterator[Entry]:
    for first in range(start, end, _CHUNKS):
        texts = [_text(random.Random(n + 1), _WORDS) for n in range(first, min(end, first + _CHUNKS))]
        pieces, offset = [], 0
        for line, text in enumerate(texts, start=1):
            pieces.append(Chunk(text, offset, offset + len(text), line, line))
            offset += len(text) + 1
        yield Entry(f"/synthetic/{first}.txt", str(first), "synthetic", Document("\n".join(texts)), pieces)


def _text(chance: random.Random, words: int) -> str:
    return " ".join(_word(chance, int(chance.paretovariate(0.7)) % len(_HAN) ** 2) for _ in range(words))


def _word(chance: random.Random, rank: int) -> str:
    """The word of this rank, the commonest being 1: a Latin one, or two Chinese characters."""
    return _HAN[rank % len(_HAN)] + _HAN[rank // len(_HAN)] if chance.random() < 0.5 else f"w{rank}"
