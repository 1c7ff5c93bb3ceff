"""Cross-encoders that sentence-transformers runs, from weights on this machine."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tao.errors import ConfigError, ModelError
from tao.models.accelerator import Batches, choose_device, load_model, settle, widen
from tao.models.loading import LOADER_LOCK, load
from tao.models.texts import clean
from tao.models.weights import config_of, find, identity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["CrossEncoderReranker"]

_CHARS_PER_TOKEN = 32
# Query, passage and what the tokenizer puts round them; the positions of RoBERTa begin at 2.
_SPARE_POSITIONS = 2


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    batches: Batches[float]
    window: int


class CrossEncoderReranker:
    """A cross-encoder by its name on the Hugging Face hub, or by its folder (`/...`, `./...`, `~/...`).

    A score is the sigmoid of the model's logit. A pair is cut to `max_tokens` at most, the longer text first.
    `device` is cuda, mps or cpu, by default the best there is; on CUDA it computes in half precision. Nothing
    is fetched unless `download` is true. The model is loaded on first use.
    """

    def __init__(
        self,
        name_or_path: str,
        *,
        device: str | None = None,
        batch_tokens: int | None = None,
        max_tokens: int = 512,
        download: bool = False,
    ) -> None:
        self._source = name_or_path
        self._device = device
        self._batch_tokens = batch_tokens
        self._max_tokens = max_tokens
        self._download = download
        self._ready: _Loaded | None = None
        self._turn = threading.Lock()

    @property
    def name(self) -> str:
        """See `Reranker.name`; a folder is told from others by a digest of what is in it."""
        return f"sentence-transformers:{identity(self._source, self._folder())}"

    def score(self, query: str, passages: Sequence[str]) -> list[float]:
        """See `Reranker.score`."""
        loaded = self._load()
        if not passages:
            return []
        most = loaded.window * _CHARS_PER_TOKEN
        pairs = [(clean(query[:most]), clean(passage[:most])) for passage in passages]
        numpy = load("numpy", extra="st")
        with self._turn:
            scores = self._scores(loaded, pairs)
            if not numpy.isfinite(scores).all() and widen(loaded.model):
                scores = self._scores(loaded, pairs)
        if not numpy.isfinite(scores).all():
            raise ModelError(
                f"The model {self._source!r} gave scores that are no numbers. Get its weights again, or "
                "choose another."
            )
        return scores

    def _scores(self, loaded: _Loaded, pairs: Sequence[tuple[str, str]]) -> list[float]:
        sigmoid = load("torch", extra="st").nn.Sigmoid()

        def work(batch: Sequence[int]) -> list[float]:
            made: NDArray[np.float32] = loaded.model.predict(
                [pairs[position] for position in batch],
                batch_size=len(batch),
                show_progress_bar=False,
                activation_fn=sigmoid,
            )
            scores: list[float] = made.reshape(len(batch)).tolist()
            return scores

        made = loaded.model.tokenizer(
            [query for query, _ in pairs], [passage for _, passage in pairs], truncation=False, verbose=False
        )
        lengths = [min(len(ids), loaded.window) for ids in made["input_ids"]]
        return loaded.batches.run(work, lengths)

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
        window = min(self._max_tokens, _positions(config))

        def make(library: Any) -> Any:
            model = library.CrossEncoder(str(folder), device=device, local_files_only=True, max_length=window)
            settle(model, device)
            return model

        model = load_model(make, source=self._source)
        if model.num_labels != 1:
            raise ConfigError(
                f"The model {self._source!r} is a classifier with {model.num_labels} labels and no reranker. "
                "Choose one with a single score, such as 'BAAI/bge-reranker-base'."
            )
        return _Loaded(model, Batches(self._batch_tokens, device), window)


def _check(source: str, folder: Path, config: dict[str, Any]) -> None:
    """A head that is not in the weights would be made up of random numbers."""
    kinds = config.get("architectures") or []
    known = ("ForSequenceClassification", "ForCausalLM")
    if not (folder / "modules.json").is_file() and not any(str(kind).endswith(known) for kind in kinds):
        raise ConfigError(
            f"The model {source!r} is no cross-encoder ({', '.join(map(str, kinds)) or 'of no known kind'}). "
            "Choose a reranker, such as 'BAAI/bge-reranker-base'; an embedder is set elsewhere."
        )


def _positions(config: dict[str, Any]) -> int:
    known = config.get("max_position_embeddings")
    spare = _SPARE_POSITIONS if "roberta" in str(config.get("model_type")) else 0
    return max(8, known - spare) if isinstance(known, int) else 512
