"""An embedder behind an OpenAI-compatible `/v1/embeddings`: vLLM, Text Embeddings Inference, the hosted APIs.

Source: https://platform.openai.com/docs/api-reference/embeddings
"""

import base64
import binascii
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from tao.errors import ModelError
from tao.models.embeddings.families import family_of
from tao.models.embeddings.protocol import Kind
from tao.models.loading import load
from tao.models.posting import Service, TooMuchError
from tao.models.texts import clean, cut, estimate_tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["EndpointEmbedder"]

_DEFAULT_TOKENS = 512
_BATCH_CHARS = 100_000
_MOST_CHARS = 100_000
_FEWEST_CHARS = 32
_KEPT = 0.7


class EndpointEmbedder:
    """The embedder `model` at `base_url`, which mostly ends in `/v1`.

    A batch has `batch` texts at most and is halved when the service calls it too large; a single text is then
    shortened. `max_tokens` is asked of the service (vLLM and TEI say it) and else 512. Tokens are estimated,
    see `tao.models.texts.estimate_tokens`. Queries and passages are prefixed as the family of `model` wants
    it (see `families`), since the API does not tell the two apart; `""` means no prefix. `dimensions` asks
    for shorter vectors, where the model can.

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
        dimensions: int | None = None,
        max_tokens: int | None = None,
        timeout: float = 30.0,
        batch: int = 64,
        query_prefix: str | None = None,
        passage_prefix: str | None = None,
        attempts: int = 4,
        backoff: float = 0.5,
        client: httpx.Client | None = None,
    ) -> None:
        self._model = model
        self._service = Service(
            base_url,
            url_setting="TAO_KNOWLEDGE_EMBEDDER_URL",
            api_key=api_key,
            headers=headers,
            timeout=timeout,
            attempts=attempts,
            backoff=backoff,
            client=client,
        )
        self._dimensions = dimensions
        self._dimension = dimensions
        self._max_tokens = max_tokens
        self._batch = max(1, batch)
        family = family_of(model)
        self._prefixes: dict[Kind, str] = {
            "query": family.query if query_prefix is None else query_prefix,
            "passage": family.passage if passage_prefix is None else passage_prefix,
        }
        self._learning = threading.Lock()

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
        """See `Embedder.name`."""
        shortened = f"/{self._dimensions}" if self._dimensions else ""
        return f"openai:{self._model}{shortened}"

    @property
    def dimension(self) -> int:
        """See `Embedder.dimension`; learned from the service's first reply."""
        if self._dimension is None:
            self.embed(["dimension"])
        assert self._dimension is not None
        return self._dimension

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`."""
        with self._learning:
            if self._max_tokens is None:
                self._max_tokens = self._ask_window() or _DEFAULT_TOKENS
            return max(1, self._max_tokens - estimate_tokens(self._prefixes["passage"]))

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`; an estimate."""
        return estimate_tokens(text)

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        """See `Embedder.embed`."""
        numpy = load("numpy", extra="knowledge")
        if not texts:
            return self._empty()
        known = [self._prefixes[kind] + clean(text[:_MOST_CHARS]) for text in texts]
        parts = [self._rows(batch) for batch in self._batches(known)]
        rows: NDArray[np.float32] = numpy.concatenate(parts)
        return rows

    def _empty(self) -> "NDArray[np.float32]":
        numpy = load("numpy", extra="knowledge")
        made: NDArray[np.float32] = numpy.zeros((0, self.dimension), dtype=numpy.float32)
        return made

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        size = 0
        for text in texts:
            # `_batch` shrinks while this goes on.
            if batch and (len(batch) >= self._batch or size + len(text) > _BATCH_CHARS):
                yield batch
                batch, size = [], 0
            # An empty input is refused by OpenAI and TEI.
            batch.append(text if text.strip() else ".")
            size += len(text)
        yield batch

    def _rows(self, texts: list[str]) -> "NDArray[np.float32]":
        try:
            return self._ask(texts)
        except TooMuchError as exc:
            half = len(texts) // 2
            if half:
                if exc.status == 413 or "batch" in str(exc):
                    self._batch = min(self._batch, half)
                numpy = load("numpy", extra="knowledge")
                rows: NDArray[np.float32] = numpy.concatenate(
                    [self._rows(texts[:half]), self._rows(texts[half:])]
                )
                return rows
            shorter = self._shorter(texts[0], exc.window or self._max_tokens)
            if not shorter:
                raise
        return self._rows([shorter])

    def _shorter(self, text: str, tokens: int | None) -> str:
        """The text within the limit, by estimate, else a part of it; empty when nothing is left to try."""
        estimated = text if tokens is None else cut(text, tokens)
        if len(estimated) < len(text):
            return estimated
        return text[: int(len(text) * _KEPT)] if len(text) > _FEWEST_CHARS else ""

    def _ask(self, texts: list[str]) -> "NDArray[np.float32]":
        body: dict[str, Any] = {"model": self._model, "input": texts, "encoding_format": "float"}
        if self._dimensions is not None:
            body["dimensions"] = self._dimensions
        reply = self._service.ask("embeddings", body)
        rows = [self._vector(value) for value in self._values(reply, len(texts))]
        with self._learning:
            for row in rows:
                self._dimension = self._dimension or len(row)
                if len(row) != self._dimension:
                    raise self._service.wrong(
                        f"a vector of {len(row)} numbers where {self._dimension} were due",
                        remedy="Did the model behind it change? Make the collection anew with it.",
                    )
        numpy = load("numpy", extra="knowledge")
        made: NDArray[np.float32] = numpy.stack(rows)
        return made

    def _values(self, reply: Any, count: int) -> list[Any]:
        data = reply.get("data") if isinstance(reply, dict) else None
        if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
            remedy = "Is it an OpenAI-compatible endpoint with embeddings, and does the base URL end in /v1?"
            raise self._service.wrong("JSON that has no list of embeddings", remedy=remedy)
        if len(data) != count:
            raise self._service.wrong(f"{len(data)} embeddings for {count} texts")
        # Some servers leave the index out and keep the order.
        places = [item.get("index", place) for place, item in enumerate(data)]
        if not all(type(place) is int for place in places) or sorted(places) != list(range(count)):
            raise self._service.wrong("embeddings whose indexes do not fit the texts")
        placed = dict(zip(places, data, strict=True))
        return [placed[place].get("embedding") for place in range(count)]

    def _vector(self, value: Any) -> "NDArray[np.float32]":
        numpy = load("numpy", extra="knowledge")
        row = None
        try:
            if isinstance(value, str):
                row = numpy.frombuffer(base64.b64decode(value, validate=True), dtype="<f4")
            elif isinstance(value, list) and all(type(number) in (int, float) for number in value):
                row = numpy.asarray(value, dtype=numpy.float64)
        except (ValueError, OverflowError, binascii.Error) as exc:
            raise self._no_vector() from exc
        if row is None or row.ndim != 1 or not row.size or not numpy.isfinite(row).all():
            raise self._no_vector()
        row = row.astype(numpy.float64)
        length = float(numpy.linalg.norm(row))
        if not 0 < length < float("inf"):
            raise self._no_vector()
        made: NDArray[np.float32] = (row / length).astype(numpy.float32)
        return made

    def _no_vector(self) -> ModelError:
        return self._service.wrong(
            "an embedding that is no vector of numbers",
            remedy="If the model overflows in half precision, start the server with --dtype float32.",
        )

    def _ask_window(self) -> int | None:
        """What vLLM says in its list of models, or TEI in its description."""
        for path, root in (("models", False), ("info", True)):
            try:
                reply = self._service.ask(path, root=root)
            except ModelError as exc:
                # Neither is part of the API; a server that is away or refuses the key is another matter.
                if exc.status is None or exc.status in {401, 403} or exc.status >= 500:
                    raise
                continue
            window = _window(reply, self._model)
            if window is not None:
                return window
        return None


def _window(reply: Any, model: str) -> int | None:
    found = reply if isinstance(reply, dict) else {}
    listed = found.get("data")
    if isinstance(listed, list):
        found = next((e for e in listed if isinstance(e, dict) and e.get("id") == model), {})
    window = found.get("max_model_len", found.get("max_input_length"))
    return window if type(window) is int and window > 0 else None
