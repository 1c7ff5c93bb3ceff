"""Finds the files to be read."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tao_servers.knowledge.loading.kinds import is_known
from tao_servers.knowledge.loading.limits import reason

__all__ = ["Files", "find_files"]

_FOLDERS_OF_PROGRAMS = frozenset({"__pycache__", "__MACOSX", "node_modules"})
_OFFICE_LOCK = "~$"


@dataclass(slots=True)
class Files:
    """What was found below some paths.

    `skipped` counts the files of kinds that no reader knows, by suffix; `hidden` the hidden ones and the
    lock files of office programs; `refused` has the folders that cannot be listed, with the reason.
    """

    paths: list[Path] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    hidden: int = 0
    refused: list[tuple[Path, str]] = field(default_factory=list)


def find_files(paths: Iterable[Path], *, without: Iterable[str] = ()) -> Files:
    """List the files in `paths`, folders with all below them, each once and in sorted order.

    A file that is named itself is always listed. Links to folders are not followed, and hidden folders and
    those that programs fill for themselves not entered. `without` are suffixes to be skipped in folders.
    """
    found = Files()
    unwanted = frozenset(without)
    for path in paths:
        absolute = Path(os.path.abspath(path))
        if absolute.is_dir():
            _walk(absolute, found, unwanted)
        else:
            found.paths.append(absolute)
    found.paths = list(dict.fromkeys(found.paths))
    return found


def _walk(folder: Path, found: Files, unwanted: frozenset[str]) -> None:
    def refuse(error: OSError) -> None:
        found.refused.append((Path(os.fsdecode(error.filename)), reason(error)))

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _FOLDERS_OF_PROGRAMS
        )
        for name in sorted(files):
            suffix = os.path.splitext(name)[1].lower()
            if name.startswith((".", _OFFICE_LOCK)):
                found.hidden += 1
            elif not is_known(name) or suffix in unwanted:
                found.skipped[suffix] += 1
            else:
                found.paths.append(Path(parent, name))
