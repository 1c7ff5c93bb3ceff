"""Vectors of texts, kept in files under the hash of what they were made from."""

import math
import os
import secrets
from array import array
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from tao.models.embeddings import Embedder

__all__ = ["VectorCache"]

_BYTES_OF_A_NUMBER = 4


class VectorCache:
    """Embeds each text once; a folder that cannot be written, or a file that is wrong, only costs time."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder = folder
        self._embedder = embedder

    def of(self, texts: Sequence[str], *, beside: Sequence[str] = ()) -> list[Sequence[float]]:
        """The vectors of `texts`, in their order; those of texts that are not even in `beside` are forgotten.

        Raises:
            ConfigError: the embedder is not there.
        """
        names = [self._name(text) for text in texts]
        vectors: dict[str, Sequence[float]] = {
            name: vector for name in names if (vector := self._read(name)) is not None
        }
        missing = {name: text for name, text in zip(names, texts, strict=True) if name not in vectors}
        if missing:
            made = self._embedder.embed(list(missing.values())).tolist()
            vectors |= zip(missing, made, strict=True)
            with suppress(OSError):
                self._keep({name: vectors[name] for name in missing}, {*names, *map(self._name, beside)})
        return [vectors[name] for name in names]

    def _name(self, text: str) -> str:
        return sha256(f"{self._embedder.name}\0{text}".encode("utf-8", "replace")).hexdigest() + ".f32"

    def _read(self, name: str) -> Sequence[float] | None:
        length = self._embedder.dimension * _BYTES_OF_A_NUMBER
        try:
            with (self._folder / name).open("rb") as file:
                content = file.read(length + 1)
        except OSError:
            return None
        if len(content) != length:
            return None
        vector = array("f", content)
        return vector if all(map(math.isfinite, vector)) else None

    def _keep(self, made: dict[str, Sequence[float]], wanted: set[str]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, vector in made.items():
            # Whole or not at all: another process may read it now.
            draft = self._folder / f"{name}.{secrets.token_hex(4)}"
            draft.write_bytes(array("f", vector).tobytes())
            os.replace(draft, self._folder / name)
        for path in self._folder.glob("*.f32*"):
            if path.name not in wanted:
                path.unlink(missing_ok=True)
