"""Finds out what is to be taken in: files, folders, pages of the web, standard input."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tao_servers.knowledge.index import Source
from tao_servers.knowledge.ingesting.errors import TargetError
from tao_servers.knowledge.ingesting.origin import Origin, path_text
from tao_servers.knowledge.loading import Files, RefusedError

__all__ = [
    "Targets",
    "gather",
    "gone",
    "not_to_prune",
    "piped",
    "read_tags",
    "read_targets",
]

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://|(file|data|mailto):", re.IGNORECASE)
_PIPED = "stdin:/"
_LONGEST_NAME, _LONGEST_VALUE = 64, 1000


@dataclass(frozen=True, slots=True)
class Targets:
    """What the user named: files and folders, addresses of pages, and whether standard input is read."""

    paths: tuple[Path, ...] = ()
    urls: tuple[str, ...] = ()
    piped: bool = False

    @property
    def folders(self) -> tuple[Path, ...]:
        """Those of the paths that are folders, as absolute ones."""
        return tuple(Path(os.path.abspath(path)) for path in self.paths if path.is_dir())


def read_targets(arguments: Sequence[str]) -> Targets:
    """Sort what stands on a command line; `-` is standard input.

    Raises:
        TargetError: a path does not exist, or an address is neither http nor https.
    """
    paths, urls = [], []
    for argument in arguments:
        if argument == "-":
            continue
        if address := _ADDRESS.match(argument):
            if (address["scheme"] or "").lower() not in ("http", "https"):
                raise TargetError(
                    f"{argument!r} is an address of a kind that is not read. Give http:// or https://, and a "
                    "file by its path."
                )
            # What stands behind # is a place in the page.
            urls.append(argument.partition("#")[0])
            continue
        path = Path(os.path.expanduser(argument))
        if not argument.strip() or not os.path.lexists(path):
            raise TargetError(f"There is no file or folder {argument!r}. Check the path.")
        paths.append(path)
    return Targets(tuple(paths), tuple(dict.fromkeys(urls)), "-" in arguments)


def read_tags(given: Sequence[str]) -> dict[str, list[str]]:
    """Read tags of the form `name=value`; a name may have several values.

    Raises:
        TargetError: one is not of that form.
    """
    tags: dict[str, list[str]] = {}
    for tag in given:
        # As a Chinese keyboard types it, too.
        name, *rest = (part.strip() for part in re.split("[=＝]", tag, maxsplit=1))
        value = rest[0] if rest else ""
        good = name and value and len(name) <= _LONGEST_NAME and len(value) <= _LONGEST_VALUE
        if not good or not f"{name}{value}".isprintable() or re.search(r"\s", name):
            raise TargetError(f"The tag {tag[:100]!r} is not of the form name=value, such as year=2024.")
        if value not in tags.setdefault(name, []):
            tags[name].append(value)
    return tags


def piped(
    stream: BinaryIO, name: str, *, limit: int, attributes: Mapping[str, Sequence[str]] | None = None
) -> Origin:
    """The document that comes through `stream`, to be known as `name`.

    Raises:
        TargetError: `name` is no file name.
        RefusedError: it has more than `limit` bytes.
    """
    if not name.strip() or not name.isprintable() or re.search(r"[/\\]", name):
        raise TargetError(f"{name!r} is no file name. Give one such as notes.md (--name).")
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise RefusedError(f"it has more than {limit / 1_000_000:,.0f} MB, which is the limit; split it")
    return Origin(f"{_PIPED}{name}", name, data=data, attributes=attributes or {})


def gather(
    files: Iterable[Path],
    urls: Iterable[str] = (),
    *,
    attributes: Mapping[str, Sequence[str]],
    fetch: Callable[[str], Origin],
    refuse: Callable[[str, str], None],
) -> Iterator[Origin]:
    """Each file and each page, one after the other; `refuse` is told a page's address and the reason."""
    for path in files:
        yield Origin.of_file(path, attributes)
    for url in urls:
        try:
            yield fetch(url)
        except RefusedError as exc:
            refuse(url, str(exc))


def not_to_prune(folders: Sequence[Path], files: Files) -> str | None:
    """Why nothing may be removed for being gone from `folders`, in which `files` were found; None: it may.

    What is missing may be a disk that is not mounted, or a folder that somebody else may read.
    """
    for path, why in files.refused:
        return f"the folder {str(path)!r} cannot be listed ({why})"
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                if next(entries, None) is None:
                    return f"the folder {str(folder)!r} is empty, as where a disk is not mounted"
        except OSError as exc:
            return f"the folder {str(folder)!r} cannot be listed ({exc.strerror or exc})"
    return None


def gone(sources: Iterable[Source], folders: Sequence[Path], files: Files) -> list[Source]:
    """Those of `sources` that lie in `folders`, where `files` are all that was found, and exist no longer."""
    roots = [path_text(folder).rstrip(os.sep) + os.sep for folder in folders]
    there = {path_text(path) for path in files.paths}
    return [
        source
        for source in sources
        if source.source not in there
        and any(source.source.startswith(root) for root in roots)
        and not os.path.lexists(source.source)
    ]
