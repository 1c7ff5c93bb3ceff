"""How long a search takes among many chunks, beside a bare query of the same Chroma collection."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.ingest.synthetic import SyntheticEmbedder, collection_of, query
from tao.models.loading import load
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.index.chroma import chroma_settings
from tao_servers.knowledge.index.chroma_names import safe_name
from tao_servers.knowledge.retrieving import Searcher

__all__ = ["measure"]

_TOP_K = 5
_CANDIDATES = 50
_WARM = 20
_ASKED = 200


def measure(chunks: int, store: Path) -> dict[str, float]:
    """Milliseconds of whole searches and of bare queries, turn about, in a collection of so many chunks.

    The bare query asks for the same number of candidates, with their distances. Embedding the question is
    in neither: the stand-in for the embedder takes microseconds.
    """
    embedder = SyntheticEmbedder()
    place = collection_of(chunks, store, embedder)
    bare = _bare(place, embedder)
    with Searcher(place, embedder) as searcher:
        times = _alternate(
            [lambda text: searcher.search(text, _TOP_K), lambda text: bare(text, _CANDIDATES)],
            [query(seed) for seed in range(_WARM + _ASKED)],
        )
        narrow = _alternate(
            [lambda text: bare(text, _TOP_K)], [query(seed) for seed in range(_WARM + _ASKED)]
        )
    ours, raw = ([value * 1000 for value in column] for column in times)
    return {
        "search_p50_ms": statistics.median(ours),
        "search_p95_ms": _p95(ours),
        "chroma_p50_ms": statistics.median(raw),
        "chroma_p95_ms": _p95(raw),
        "chroma_top_k_p50_ms": statistics.median(narrow[0]) * 1000,
    }


def _bare(place: Place, embedder: SyntheticEmbedder) -> Callable[[str, int], Any]:
    folder = place.folder / "vectors" / safe_name(embedder.name)
    chromadb = load("chromadb", extra="knowledge")
    client = chromadb.PersistentClient(str(folder), settings=chroma_settings())
    collection = client.get_collection(safe_name("passages"), embedding_function=None)
    return lambda text, limit: collection.query(
        query_embeddings=embedder.embed([text]), n_results=limit, include=["metadatas", "distances"]
    )


def _alternate(asked: Sequence[Callable[[str], Any]], texts: Sequence[str]) -> list[list[float]]:
    times: list[list[float]] = [[] for _ in asked]
    for text in texts:
        for column, ask in zip(times, asked, strict=True):
            started = time.perf_counter()
            ask(text)
            column.append(time.perf_counter() - started)
    return [column[_WARM:] for column in times]


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
