"""Tool lists kept on disk, so that a server starts only when one of its tools is needed."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

from tao.toolbox.config import ServerEntry
from tao.toolbox.tool import ToolSpec

__all__ = ["ToolListCache"]

_LAST_USED = "last-used"
_MOST_FILES = 200


class ToolListCache:
    """One file a server of a list, replaced when what its tools may depend on has changed.

    That is the entry, the environment passed on, the executable (path, size and time of change), the Python
    files in the entry's own PYTHONPATH, and the version of this distribution; the file holds only their
    digest. A damaged file counts as absent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(
        self, name: str, entry: ServerEntry, environment: Mapping[str, str]
    ) -> tuple[ToolSpec, ...] | None:
        """The tools that the server had when it was last started, or None."""
        try:
            kept = json.loads(self._path(name, entry).read_text(encoding="utf-8"))
            if kept["made_from"] != _digest(entry, environment):
                return None
            return tuple(_spec(item) for item in kept["tools"])
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return None

    def write(
        self, name: str, entry: ServerEntry, environment: Mapping[str, str], tools: Sequence[ToolSpec]
    ) -> None:
        """Replace the kept list when it differs from `tools`.

        Raises:
            OSError: the folder cannot be written.
        """
        if self.read(name, entry, environment) != tuple(tools):
            kept = {"made_from": _digest(entry, environment), "tools": [asdict(tool) for tool in tools]}
            self._replace(self._path(name, entry), json.dumps(kept, ensure_ascii=False))

    def note_use(self, name: str) -> None:
        """Remember the server whose tool was called last.

        Raises:
            OSError: the folder cannot be written.
        """
        if self.last_used() != name:
            self._replace(self._folder / _LAST_USED, name)

    def last_used(self) -> str | None:
        """The server that is likely to be used next: the one that was used last."""
        try:
            return (self._folder / _LAST_USED).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None

    def _path(self, name: str, entry: ServerEntry) -> Path:
        where = [name, entry.command, entry.args, entry.url, str(entry.cwd)]
        return self._folder / f"{hashlib.sha256(json.dumps(where).encode()).hexdigest()[:32]}.json"

    def _replace(self, path: Path, text: str) -> None:
        """Write the file whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._folder, delete=False) as file:
            file.write(text)
        try:
            os.replace(file.name, path)
        except OSError:
            with suppress(OSError):
                os.unlink(file.name)
            raise


def _spec(item: dict[str, Any]) -> ToolSpec:
    return ToolSpec(**{**item, "secondary_parameters": tuple(item["secondary_parameters"])})


def _digest(entry: ServerEntry, environment: Mapping[str, str]) -> str:
    parts = [
        entry.model_dump_json(),
        sorted(environment.items()),
        _executable(entry),
        _code(entry),
        _version(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _executable(entry: ServerEntry) -> tuple[str, int, int] | None:
    found = shutil.which(entry.command) if entry.command else None
    if found is None:
        return None
    status = os.stat(found)
    return os.path.realpath(found), status.st_size, status.st_mtime_ns


def _code(entry: ServerEntry) -> list[tuple[str, int, int]]:
    """The code that an entry adds to the path: somebody's own server, which is still being written."""
    found = []
    for folder in filter(None, entry.env.get("PYTHONPATH", "").split(os.pathsep)):
        for path in islice(sorted(Path(folder).glob("*/*.py")), _MOST_FILES):
            with suppress(OSError):
                status = path.stat()
                found.append((str(path), status.st_size, status.st_mtime_ns))
    return found


def _version() -> str:
    try:
        return version("tao-agent")
    except PackageNotFoundError:
        return ""
