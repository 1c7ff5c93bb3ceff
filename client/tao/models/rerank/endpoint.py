"""Rerankers behind `/v1/rerank` (vLLM, Jina and others) or TEI's `/rerank`.

Sources: https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (Re-rank API),
https://huggingface.github.io/text-embeddings-inference (POST /rerank).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self

import httpx

from tao.errors import ModelError
from tao.models.posting import Service, TooMuchError
from tao.models.texts import clean

__all__ = ["EndpointReranker", "Form"]

Form = Literal["auto", "jina", "tei"]
"""How the service wants to be asked."""

_BATCH_CHARS = 200_000
_MOST_CHARS = 32_768
_FEWEST_CHARS = 32
_KEPT = 0.7


class EndpointReranker:
    """The reranker `model` at `base_url`, which mostly ends in `/v1`.

    By `auto` the service is asked in the form of vLLM and Jina, and in TEI's when it does not know that. A
    service that gives logits instead of scores from 0 to 1 (llama.cpp) is recognised by the first that lies
    outside; from then on the sigmoid is taken. A batch that is called too large is halved, then the text
    shortened.

    Raises:
        ConfigError: `base_url` or `api_key` cannot be right.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        form: Form = "auto",
        timeout: float = 30.0,
        batch: int = 32,
        attempts: int = 4,
        backoff: float = 0.5,
        client: httpx.Client | None = None,
    ) -> None:
        self._model = model
        self._service = Service(
            base_url,
            url_setting="TAO_KNOWLEDGE_RERANKER_URL",
            api_key=api_key,
            headers=headers,
            timeout=timeout,
            attempts=attempts,
            backoff=backoff,
            client=client,
        )
        self._form = form
        self._batch = max(1, batch)
        self._logits = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; a later call opens new ones."""
        self._service.close()

    @property
    def name(self) -> str:
        """See `Reranker.name`."""
        return f"endpoint:{self._model}"

    def score(self, query: str, passages: Sequence[str]) -> list[float]:
        """See `Reranker.score`."""
        asked = clean(query[:_MOST_CHARS])
        asked = asked if asked.strip() else "."
        scores: list[float] = []
        for batch in self._batches(passages):
            scores += self._scores(asked, batch)
        self._logits = self._logits or any(not 0 <= score <= 1 for score in scores)
        return [_sigmoid(score) for score in scores] if self._logits else scores

    def _batches(self, passages: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        size = 0
        for passage in passages:
            text = clean(passage[:_MOST_CHARS])
            # `_batch` shrinks while this goes on.
            if batch and (len(batch) >= self._batch or size + len(text) > _BATCH_CHARS):
                yield batch
                batch, size = [], 0
            batch.append(text if text.strip() else ".")
            size += len(text)
        if batch:
            yield batch

    def _scores(self, query: str, texts: list[str]) -> list[float]:
        try:
            return self._ask(query, texts)
        except TooMuchError as exc:
            half = len(texts) // 2
            if half:
                if exc.status == 413 or "batch" in str(exc):
                    self._batch = min(self._batch, half)
                return self._scores(query, texts[:half]) + self._scores(query, texts[half:])
            longest = max(query, texts[0], key=len)
            if len(longest) <= _FEWEST_CHARS:
                raise
        shorter = longest[: int(len(longest) * _KEPT)]
        if longest is query:
            return self._scores(shorter, texts)
        return self._scores(query, [shorter])

    def _ask(self, query: str, texts: list[str]) -> list[float]:
        if self._form == "tei":
            return self._ask_tei(query, texts)
        try:
            scores = self._ask_jina(query, texts)
        except ModelError as exc:
            # TEI has no such path below /v1, and without /v1 misses the field `texts`.
            unknown = exc.status in {404, 405} or (exc.status == 422 and "texts" in str(exc))
            if self._form == "jina" or not unknown:
                raise
            try:
                scores = self._ask_tei(query, texts)
            except TooMuchError:
                self._form = "tei"
                raise
            except ModelError:
                # What was said first is about the address that the user gave.
                raise exc from None
            self._form = "tei"
        else:
            self._form = "jina"
        return scores

    def _ask_jina(self, query: str, texts: list[str]) -> list[float]:
        body = {
            "model": self._model,
            "query": query,
            "documents": texts,
            "top_n": len(texts),
            "return_documents": False,
        }
        reply = self._service.ask("rerank", body)
        results = reply.get("results") if isinstance(reply, dict) else None
        return self._placed(results, len(texts), "relevance_score")

    def _ask_tei(self, query: str, texts: list[str]) -> list[float]:
        body = {"query": query, "texts": texts, "raw_scores": False, "truncate": True}
        return self._placed(self._service.ask("rerank", body, root=True), len(texts), "score")

    def _placed(self, results: Any, count: int, field: str) -> list[float]:
        if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
            remedy = "Is it a server with a reranker, and does the base URL end in /v1?"
            raise self._service.wrong("JSON that has no list of scores", remedy=remedy)
        if len(results) != count:
            raise self._service.wrong(f"{len(results)} scores for {count} passages")
        found = {item.get("index"): item.get(field) for item in results if type(item.get("index")) is int}
        if sorted(found) != list(range(count)):
            raise self._service.wrong("scores whose indexes do not fit the passages")
        return [self._number(found[place]) for place in range(count)]

    def _number(self, value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value):
            raise self._service.wrong("a score that is no number")
        return float(value)


def _sigmoid(logit: float) -> float:
    # In this form nothing overflows.
    return 0.5 * (1 + math.tanh(logit / 2))
