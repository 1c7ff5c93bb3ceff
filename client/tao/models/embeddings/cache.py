"""Keeps the vectors of passages, so that no text is embedded twice."""

import re
from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from tao.models.embeddings.protocol import Embedder, Kind
from tao.models.embeddings.vector_file import VectorFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["CachedEmbedder"]

# Kept as soon as they are made: a kill costs no more than these.
_MADE_AT_ONCE = 256


class CachedEmbedder:
    """Asks `embedder` only for passages whose vectors are not in a file of `folder` yet.

    There is one file for each embedder's name. Processes may share it, a kill does it no harm, and past
    `max_mb` the oldest tenth of it goes. If it is damaged or cannot be written, that costs only time.
    Queries are not kept.
    """

    def __init__(self, embedder: Embedder, folder: Path, *, max_mb: int = 1024) -> None:
        self._embedder = embedder
        self._folder = folder
        self._max_bytes = max_mb * 2**20

    @property
    def name(self) -> str:
        """See `Embedder.name`; the cache changes no vector."""
        return self._embedder.name

    @property
    def dimension(self) -> int:
        """See `Embedder.dimension`."""
        return self._embedder.dimension

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`."""
        return self._embedder.max_tokens

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        return self._embedder.count_tokens(text)

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        """See `Embedder.embed`."""
        if kind == "query" or not texts:
            return self._embedder.embed(texts, kind=kind)
        import numpy as np

        keys = [_hash(text) for text in texts]
        vectors = self._kept(keys)
        missing = [
            (key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in vectors
        ]
        for start in range(0, len(missing), _MADE_AT_ONCE):
            part = missing[start : start + _MADE_AT_ONCE]
            made = self._embedder.embed([text for _, text in part])
            new = {key: vector for (key, _), vector in zip(part, made, strict=True)}
            self._file.write({key: vector.astype("<f4").tobytes() for key, vector in new.items()})
            vectors |= new
        return np.stack([vectors[key] for key in keys])

    def _kept(self, keys: Sequence[bytes]) -> "dict[bytes, NDArray[np.float32]]":
        import numpy as np

        dimension = self.dimension
        blobs = {
            key: blob
            for key, blob in self._file.read(list(dict.fromkeys(keys))).items()
            if isinstance(blob, bytes) and len(blob) == 4 * dimension
        }
        rows = np.frombuffer(b"".join(blobs.values()), dtype="<f4").reshape(-1, dimension)
        # Whatever damaged the file without SQLite seeing it must not come back as a vector.
        right = np.abs(np.linalg.norm(rows, axis=1) - 1) < 0.01
        return {key: row for key, row, good in zip(blobs, rows, right, strict=True) if good}

    @cached_property
    def _file(self) -> VectorFile:
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", self.name).strip("-.")[-60:]
        path = self._folder / f"{slug}-{_hash(self.name).hex()[:8]}.sqlite"
        return VectorFile(path, max_bytes=self._max_bytes)


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
