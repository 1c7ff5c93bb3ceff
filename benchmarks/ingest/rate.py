"""How fast real texts go in, beside the embedder alone: run as a child, so that its memory is its own."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import psutil

from tao.models.embeddings import BundledEmbedder
from tao.settings import KnowledgeSettings
from tao_servers.knowledge import opening
from tao_servers.knowledge.index import Place, open_writer
from tao_servers.knowledge.index.catalogue import open_catalogue
from tao_servers.knowledge.ingesting.origin import Origin
from tao_servers.knowledge.ingesting.pipeline import Watcher, ingest
from tao_servers.knowledge.loading import find_files

_BATCH = 64
_TURNS = 4
_LOOK_SECONDS = 0.05


class _Peak:
    """The most memory that this process and its children had, in bytes."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        own = psutil.Process()
        while not self._over.wait(_LOOK_SECONDS):
            total = own.memory_info().rss
            for child in own.children(recursive=True):
                try:
                    total += child.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.bytes = max(self.bytes, total)

    def stop(self) -> int:
        self._over.set()
        self._thread.join()
        return self.bytes


def main(folder: Path, store: Path) -> dict[str, float]:
    """Ingest all files in `folder` into a new collection, and embed the same chunks alone, turn about."""
    settings = KnowledgeSettings()
    embedder = BundledEmbedder()
    embedder.embed(["warm"])
    place = Place(store)
    method = opening.method(settings, embedder)
    origins = [Origin.of_file(path) for path in find_files([folder]).paths]
    seconds = alone = 0.0
    chunks = 0
    peak = _Peak()
    with open_writer(place, embedder) as writer:
        # Turn about: the speed of a shared machine changes from minute to minute.
        for turn in range(_TURNS):
            known = {source.id for source in writer.sources()}
            started = time.perf_counter()
            ingest(origins[turn::_TURNS], writer, method, watcher=Watcher())
            seconds += time.perf_counter() - started
            new = [source.id for source in writer.sources() if source.id not in known]
            with open_catalogue(place.catalogue, write=False) as catalogue:
                texts = [passage.indexed_text for passage in catalogue.indexed(new)]
            chunks += len(texts)
            started = time.perf_counter()
            for start in range(0, len(texts), _BATCH):
                embedder.embed(texts[start : start + _BATCH])
            alone += time.perf_counter() - started
    peak_bytes = peak.stop()
    return {
        "documents": len(origins),
        "chunks": chunks,
        "seconds": seconds,
        "embedder_seconds": alone,
        "peak_mb": peak_bytes / 1e6,
        "disk_mb": sum(path.stat().st_size for path in store.rglob("*") if path.is_file()) / 1e6,
    }


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n")
