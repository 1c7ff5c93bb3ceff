"""What is taken in: a file, a page of the web, or what came through standard input."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tao_servers.knowledge.loading import Options
from tao_servers.knowledge.loading.limits import read_bytes

__all__ = ["Origin", "path_text"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document comes from: `source` names it for good; its bytes are in a file or `data`.

    `name` is a file name, whose suffix tells its kind. `attributes` are the user's own.
    """

    source: str
    name: str
    path: Path | None = None
    data: bytes | None = None
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of_file(cls, path: Path, attributes: Mapping[str, Sequence[str]] | None = None) -> "Origin":
        """The origin of a file."""
        return cls(path_text(path), path.name, path=path, attributes=attributes or {})

    def digest(self, options: Options) -> tuple[str, int]:
        """The SHA-256 of the bytes, and their number.

        Raises:
            RefusedError: it is no regular file, too large, or cannot be read.
        """
        data = read_bytes(self.path, options) if self.path is not None else self.data or b""
        return hashlib.sha256(data).hexdigest(), len(data)


def path_text(path: Path) -> str:
    """The absolute path as text; bytes in it that are no UTF-8 become `\\xNN`."""
    return os.fsencode(os.path.abspath(path)).decode("utf-8", "backslashreplace")
