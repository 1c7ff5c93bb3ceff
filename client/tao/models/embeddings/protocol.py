"""What Tao asks of a model that turns texts into vectors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Embedder", "Kind"]

Kind = Literal["query", "passage"]
"""What a text is: something that is looked for, or something to be found."""


class Embedder(Protocol):
    """A model that places texts of like meaning near each other.

    Every method blocks, and may be called from any thread. Any text will do: empty, huge or of broken
    Unicode. Each method and property may load the model.

    Raises:
        ConfigError: the model is not there; the text says what to do.
        ModelError: an endpoint failed.
    """

    @property
    def name(self) -> str:
        """Which vectors these are; vectors under different names cannot be compared."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in one vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text count; what follows them is not embedded."""
        ...

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        """Make one row of length 1 for each text, in their order: `(len(texts), dimension)`."""
        ...

    def count_tokens(self, text: str) -> int:
        """How many tokens the model sees in `text`, without those that it adds itself."""
        ...
