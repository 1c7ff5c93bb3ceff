"""A small embedder whose vectors count pairs of characters, and what fills a collection with it."""

import math
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tao.models.embeddings import Embedder, Kind
from tao_servers.knowledge.index import Place, open_writer
from tao_servers.knowledge.ingesting.origin import Origin
from tao_servers.knowledge.ingesting.pipeline import Method, Outcome, Watcher, ingest
from tao_servers.knowledge.loading import find_files
from tao_servers.knowledge.splitting import Sizes, Splitter


class Bigrams:
    """Texts with the same pairs of characters are near each other."""

    name = "bigrams"
    dimension = 256
    max_tokens = 512

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
        return np.array([self._embed_one(text) for text in texts], dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text)

    def _embed_one(self, text: str) -> list[float]:
        vector = [0.001] * self.dimension
        for pair in pairwise(text):
            vector[zlib.crc32("".join(pair).encode("utf-8", "replace")) % self.dimension] += 1
        length = math.sqrt(sum(number * number for number in vector))
        return [number / length for number in vector]


@pytest.fixture(autouse=True)
def _no_upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test leaves a process behind that goes on embedding."""
    monkeypatch.setenv("TAO_KNOWLEDGE_UPGRADE", "off")


@pytest.fixture
def embedder() -> Embedder:
    return Bigrams()


class Outcomes(Watcher):
    """Keeps what became of each document."""

    def __init__(self) -> None:
        self.all: list[Outcome] = []

    def done(self, outcome: Outcome) -> None:
        self.all.append(outcome)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A collection that does not exist yet."""
    return Place(tmp_path / "store")


@pytest.fixture
def fill(embedder: Embedder, place: Place) -> Callable[..., list[Outcome]]:
    """Ingest paths into the collection."""

    def run(*paths: Path, splitter: Splitter = "auto", tokens: int = 200) -> list[Outcome]:
        outcomes = Outcomes()
        sizes = Sizes(tokens=tokens, count=embedder.count_tokens)
        method = Method(sizes, splitter=splitter, workers=0)
        origins = [Origin.of_file(path) for path in find_files(paths).paths]
        with open_writer(place, embedder) as writer:
            ingest(origins, writer, method, watcher=outcomes)
        return outcomes.all

    return run
