"""Embedders that sentence-transformers runs, from weights on this machine."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tao.errors import ConfigError, ModelError
from tao.models.accelerator import Batches, choose_device, load_model, settle, widen
from tao.models.embeddings.families import Family, family_of, prompts_of
from tao.models.embeddings.protocol import Kind
from tao.models.loading import LOADER_LOCK, load
from tao.models.texts import clean
from tao.models.weights import config_of, find, identity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TransformersEmbedder"]

_MOST_TOKENS = 8192
# No tokenizer makes fewer tokens of so many characters, unless they are mostly spaces.
_CHARS_PER_TOKEN = 32


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    batches: "Batches[NDArray[np.float32]]"
    dimension: int
    window: int
    added: int
    prefixes: dict[Kind, str]

    def count(self, texts: Sequence[str]) -> list[int]:
        tokenizer = self.model.tokenizer
        if callable(tokenizer):
            made = tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)
            return [len(ids) for ids in made["input_ids"]]
        # Static embedders have the bare tokenizer of the library below.
        return [len(made.ids) for made in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


class TransformersEmbedder:
    """An embedder by its name on the Hugging Face hub, or by its folder (`/...`, `./...`, `~/...`).

    Queries and passages are prefixed as the model's own prompts say, else as its family does (see
    `families`); pooling is the model's, and for a folder without modules its family's. `device` is cuda,
    mps or cpu, by default the best there is; on CUDA it computes in half precision. `batch_tokens` bounds a
    batch with its padding. Nothing is fetched unless `download` is true. The model is loaded on first use.
    """

    def __init__(
        self,
        name_or_path: str,
        *,
        device: str | None = None,
        batch_tokens: int | None = None,
        query_prefix: str | None = None,
        passage_prefix: str | None = None,
        download: bool = False,
    ) -> None:
        self._source = name_or_path
        self._device = device
        self._batch_tokens = batch_tokens
        self._given: dict[Kind, str | None] = {"query": query_prefix, "passage": passage_prefix}
        self._download = download
        self._ready: _Loaded | None = None
        self._turn = threading.Lock()

    @property
    def name(self) -> str:
        """See `Embedder.name`; a folder is told from others by a digest of what is in it."""
        return f"sentence-transformers:{identity(self._source, self._folder())}"

    @property
    def dimension(self) -> int:
        """See `Embedder.dimension`."""
        return self._load().dimension

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`; 8,192 at most."""
        loaded = self._load()
        return max(1, loaded.window - loaded.added)

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        loaded = self._load()
        with self._turn:
            return loaded.count([clean(text)])[0]

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        """See `Embedder.embed`."""
        loaded = self._load()
        numpy = load("numpy", extra="st")
        if not texts:
            made: NDArray[np.float32] = numpy.zeros((0, loaded.dimension), dtype=numpy.float32)
            return made
        known = [clean(text[: loaded.window * _CHARS_PER_TOKEN]) for text in texts]
        with self._turn:
            rows = self._rows(loaded, known, kind)
            if not numpy.isfinite(rows).all() and widen(loaded.model):
                rows = self._rows(loaded, known, kind)
        return self._unit(rows)

    def _rows(self, loaded: _Loaded, texts: Sequence[str], kind: Kind) -> "NDArray[np.float32]":
        numpy = load("numpy", extra="st")
        encode = loaded.model.encode_query if kind == "query" else loaded.model.encode_document

        def work(batch: Sequence[int]) -> "NDArray[np.float32]":
            made: NDArray[np.float32] = encode(
                [texts[position] for position in batch],
                # An empty one keeps a default prompt of the model away.
                prompt=loaded.prefixes[kind],
                batch_size=len(batch),
                show_progress_bar=False,
            )
            return made.astype(numpy.float32)

        lengths = [min(n + loaded.added, loaded.window) for n in loaded.count(texts)]
        rows: NDArray[np.float32] = numpy.stack(loaded.batches.run(work, lengths))
        return rows

    def _unit(self, rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
        numpy = load("numpy", extra="st")
        if not numpy.isfinite(rows).all():
            raise ModelError(
                f"The model {self._source!r} made vectors that hold no numbers. Get its weights again, or "
                "choose another."
            )
        lengths = numpy.linalg.norm(rows, axis=1, keepdims=True)
        # Static embedders make nothing of an empty text; no direction is nearer to it than another.
        rows = numpy.where(lengths > 0, rows, 1.0)
        unit: NDArray[np.float32] = rows / numpy.linalg.norm(rows, axis=1, keepdims=True)
        return unit.astype(numpy.float32)

    def _folder(self) -> Path:
        return find(self._source, fetch=self._download)

    def _load(self) -> _Loaded:
        with LOADER_LOCK:
            if self._ready is None:
                self._ready = self._loaded(self._folder())
            return self._ready

    def _loaded(self, folder: Path) -> _Loaded:
        config = config_of(folder)
        _check(self._source, folder, config)
        device = choose_device(self._device)
        family = family_of(self._source, folder.resolve().name, config.get("_name_or_path"))
        model = load_model(lambda library: _open(library, folder, device, family), source=self._source)
        query, passage = prompts_of(model.prompts, family)
        prefixes: dict[Kind, str] = {"query": query, "passage": passage}
        prefixes.update({kind: prefix for kind, prefix in self._given.items() if prefix is not None})
        window = _window(model)
        return _Loaded(
            model,
            Batches(self._batch_tokens, device),
            _dimension(model),
            window,
            _added(model, prefixes["passage"]),
            prefixes,
        )


def _check(source: str, folder: Path, config: dict[str, Any]) -> None:
    """Loading the body of a classifier would give vectors that mean nothing."""
    kinds = config.get("architectures")
    if (
        not (folder / "modules.json").is_file()
        and isinstance(kinds, list)
        and any(str(kind).endswith("ForSequenceClassification") for kind in kinds)
    ):
        raise ConfigError(
            f"The model {source!r} is a classifier or reranker ({', '.join(map(str, kinds))}), which makes "
            "no vectors. Set it as the reranker, and an embedder here."
        )


def _open(library: Any, folder: Path, device: str, family: Family) -> Any:
    model = library.SentenceTransformer(str(folder), device=device, local_files_only=True)
    if not (folder / "modules.json").is_file() and len(model) > 1 and family.pooling != "mean":
        pooling = model[1]
        model[1] = type(pooling)(_dimension(model), family.pooling)
    settle(model, device)
    window = _window(model)
    if model.max_seq_length is not None and model.max_seq_length != window:
        model.max_seq_length = window
    return model


def _dimension(model: Any) -> int:
    # The method that tells it has another name from one version of the library to the next.
    return int(model.encode(["a"], show_progress_bar=False).shape[1])


def _window(model: Any) -> int:
    known = model.max_seq_length
    return min(int(known), _MOST_TOKENS) if known is not None and known < 1e9 else _MOST_TOKENS


def _added(model: Any, prefix: str) -> int:
    tokenizer = model.tokenizer
    special = int(tokenizer.num_special_tokens_to_add()) if callable(tokenizer) else 0
    return special + (len(model.tokenizer.tokenize(prefix)) if prefix and callable(tokenizer) else 0)
