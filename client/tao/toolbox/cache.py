"""Tool lists kept on disk, so that a server starts only when one of its tools is needed."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tao.toolbox.config import ServerEntry
from tao.toolbox.tool import ToolSpec

__all__ = ["ToolListCache"]

_LAST_USED = "last-used"


class ToolListCache:
    """One file a server, named by all that its tool list may depend on.

    The key covers the entry, the environment passed on, the executable (path, size and time of change) and
    the version of this distribution. A damaged file counts as absent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(
        self, name: str, entry: ServerEntry, environment: Mapping[str, str]
    ) -> tuple[ToolSpec, ...] | None:
        """The tools that the server had when it was last started, or None."""
        path = self._path(name, entry, environment)
        try:
            return tuple(ToolSpec(**item) for item in json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def write(
        self, name: str, entry: ServerEntry, environment: Mapping[str, str], tools: Sequence[ToolSpec]
    ) -> None:
        """Replace the kept list when it differs from `tools`."""
        if self.read(name, entry, environment) == tuple(tools):
            return
        path = self._path(name, entry, environment)
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, json.dumps([asdict(tool) for tool in tools], ensure_ascii=False))

    def note_use(self, name: str) -> None:
        """Remember the server whose tool was called last."""
        if self.last_used() != name:
            self._folder.mkdir(parents=True, exist_ok=True)
            _replace(self._folder / _LAST_USED, name)

    def last_used(self) -> str | None:
        """The server that is likely to be used next: the one that was used last."""
        try:
            return (self._folder / _LAST_USED).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None

    def _path(self, name: str, entry: ServerEntry, environment: Mapping[str, str]) -> Path:
        parts = [name, entry.model_dump_json(), sorted(environment.items()), _executable(entry), _version()]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        return self._folder / f"{digest[:32]}.json"


def _replace(path: Path, text: str) -> None:
    """Write the file whole or not at all."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    os.replace(file.name, path)


def _executable(entry: ServerEntry) -> tuple[str, int, int] | None:
    found = shutil.which(entry.command) if entry.command else None
    if found is None:
        return None
    status = os.stat(found)
    return os.path.realpath(found), status.st_size, status.st_mtime_ns


def _version() -> str:
    try:
        return version("tao-agent")
    except PackageNotFoundError:
        return ""
