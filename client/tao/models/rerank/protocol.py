"""What Tao asks of a model that judges passages."""

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Reranker"]


class Reranker(Protocol):
    """A model that reads a query and a passage together and says how well they match.

    Its method blocks and may be called from any thread. Any text will do: empty, huge or of broken Unicode.

    Raises:
        ConfigError: the model is not there; the text says what to do.
        ModelError: an endpoint failed.
    """

    @property
    def name(self) -> str:
        """Which model this is; scores of different models cannot be compared."""
        ...

    def score(self, query: str, passages: Sequence[str]) -> list[float]:
        """One score from 0 to 1 for each passage, in their order; higher is better."""
        ...
