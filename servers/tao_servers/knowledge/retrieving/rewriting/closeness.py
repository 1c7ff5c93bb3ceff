"""How near in meaning two queries are, on a scale that is the same for every embedder."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Closeness", "Embed"]

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]
"""Makes a row of length 1 for each text, as `Embedder.embed` does with its kind bound to queries. Blocks."""

# About different things, so that most of them have nothing to do with whatever is asked.
_STRANGERS = (
    "今天天气很好，我们去公园散步。",
    "How to cook rice for two people",
    "电影院几点开门",
    "The history of the Roman army",
    "请把窗户关上",
)


class Closeness:
    """Compares queries by a collection's embedder."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._strangers: NDArray[np.float32] | None = None

    def shares(self, original: str, queries: Sequence[str]) -> list[float]:
        """For each query, from about 0 for one that has nothing to do with the original to 1 for the same.

        That is the cosine, with the median cosine of unrelated sentences for its zero: some embedders give
        any two texts 0.7. Blocks; raises what the embedder raises.
        """
        if self._strangers is None:
            self._strangers = self._embed(_STRANGERS)
        vectors = self._embed([original, *queries])
        zero = float(sorted(self._strangers @ vectors[0])[len(_STRANGERS) // 2])
        return [(float(vector @ vectors[0]) - zero) / max(1e-6, 1 - zero) for vector in vectors[1:]]
