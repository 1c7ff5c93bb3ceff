"""A small embedder whose vectors count pairs of characters, and what fills a store with it."""

import math
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tao.models.embeddings import Embedder
from tao_servers.knowledge.ingest import Outcome, ingest
from tao_servers.knowledge.load import find_files
from tao_servers.knowledge.store import open_store


class Bigrams:
    """Texts with the same pairs of characters are near each other."""

    name = "bigrams"
    dimension = 256

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._embed_one(text) for text in texts]

    def _embed_one(self, text: str) -> list[float]:
        vector = [0.001] * self.dimension
        for pair in pairwise(text):
            vector[zlib.crc32("".join(pair).encode("utf-8", "replace")) % self.dimension] += 1
        length = math.sqrt(sum(number * number for number in vector))
        return [number / length for number in vector]


@pytest.fixture
def embedder() -> Embedder:
    return Bigrams()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the store is; it does not exist yet."""
    return tmp_path / "store"


@pytest.fixture
def fill(embedder: Embedder, folder: Path) -> Callable[..., list[Outcome]]:
    """Ingest paths into the store."""

    def run(*paths: Path) -> list[Outcome]:
        with open_store(folder, embedder, write=True) as store:
            return list(ingest(find_files(paths).paths, store, progress=lambda *_: None))

    return run
