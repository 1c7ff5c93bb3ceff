"""How well and how fast the embedders find passages, by plain dense search over whole passages.

`python -m benchmarks.embedding --data DIR [--sets NAME,NAME] [--embedders bundled,bundled-large] [--limit N]
[--cache DIR] [--json]`. DIR holds retrieval sets in BEIR form. For each embedder and set: nDCG@10 and hit@1,
and the same where each query is searched among the passages of all the sets (`mixed`); passages embedded a
second and the median of single queries in milliseconds. With `--cache` vectors are kept from run to run.
"""

import json
import statistics
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.embedding.beir import RetrievalSet, read_set
from tao.models.embeddings import CachedEmbedder, Embedder, open_embedder

_SETS = "xquad_zh_query_en_corpus,dureader_search_zh,hotpotqa_en"
_BATCH = 64
_TIMED = 32


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--sets", default=_SETS, show_default=True)
@click.option("--embedders", default="bundled,bundled-large", show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Queries, and passages, of each set.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder of vectors.")
@click.option("--json", "as_json", is_flag=True, help="Print nothing but JSON on stdout.")
def main(data: Path, sets: str, embedders: str, limit: int | None, cache: Path | None, as_json: bool) -> None:
    """Measure embedders on retrieval sets."""
    read = {name: read_set(data / name, limit) for name in sets.split(",")}
    found = {name: _measure(name, read, cache) for name in embedders.split(",")}
    if not as_json:
        for name, results in found.items():
            for row, values in results.items():
                print(f"{name:16} {row:28} {values}")
    print(json.dumps({"embedders": found}, ensure_ascii=False))


def _measure(name: str, sets: dict[str, RetrievalSet], cache: Path | None) -> dict[str, Any]:
    bare = open_embedder(name)
    kept = bare if cache is None else CachedEmbedder(bare, cache)
    results: dict[str, Any] = {}
    ids: dict[str, list[str]] = {}
    passages: dict[str, NDArray[np.float32]] = {}
    queries: dict[str, NDArray[np.float32]] = {}
    for set_name, one in sets.items():
        print(f"{name}: {set_name}", file=sys.stderr)
        ids[set_name] = list(one.passages)
        passages[set_name] = _embedded(kept, list(one.passages.values()))
        queries[set_name] = kept.embed(list(one.queries.values()), kind="query")
        scores = queries[set_name] @ passages[set_name].T
        results[set_name] = _quality(one, scores, ids[set_name]) | _speed(bare, one)
    everything = np.concatenate(list(passages.values()))
    all_ids = [id_ for set_name in sets for id_ in ids[set_name]]
    for set_name, one in sets.items():
        results[set_name]["mixed"] = _quality(one, queries[set_name] @ everything.T, all_ids)
    return results


def _embedded(embedder: Embedder, texts: list[str]) -> NDArray[np.float32]:
    return np.concatenate(
        [embedder.embed(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
    )


def _quality(one: RetrievalSet, scores: NDArray[np.float32], ids: list[str]) -> dict[str, Any]:
    gains: list[float] = []
    hits: list[bool] = []
    for query, row in zip(one.queries, scores, strict=True):
        relevant = one.relevant.get(query)
        if relevant:
            found = [ids[at] in relevant for at in np.argsort(-row, kind="stable")[:10]]
            best = sum(1 / np.log2(rank + 2) for rank in range(min(10, len(relevant))))
            gains.append(sum(1 / np.log2(rank + 2) for rank, hit in enumerate(found) if hit) / best)
            hits.append(found[0])
    return {
        "ndcg10": round(float(np.mean(gains)), 3),
        "hit1": round(float(np.mean(hits)), 3),
        "queries": len(gains),
    }


def _speed(embedder: Embedder, one: RetrievalSet) -> dict[str, Any]:
    embedder.embed(["warm"])
    texts = list(islice(one.passages.values(), _TIMED))
    begun = time.perf_counter()
    embedder.embed(texts)
    seconds = time.perf_counter() - begun
    times = []
    for query in islice(one.queries.values(), _TIMED):
        begun = time.perf_counter()
        embedder.embed([query], kind="query")
        times.append(time.perf_counter() - begun)
    return {
        "texts_per_second": round(len(texts) / seconds, 1),
        "chars": round(statistics.mean(map(len, texts))),
        "query_ms": round(1000 * statistics.median(times), 1),
    }


if __name__ == "__main__":
    main()
