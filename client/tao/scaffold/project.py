"""Writes the files of a new server, all of them or none."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from string import Template
from tempfile import TemporaryDirectory
from typing import Any

from tao_prompts import Language

__all__ = ["Project", "write_project"]

_TEMPLATE = Path(__file__).with_name("template")
# So that neither linters nor test runners take a file of the template for one of ours.
_SUFFIX = ".template"
_LIST = "cline_config.json"
_CALL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Project:
    """A server that was written: its folder, its server list, and the paths of its files in that folder."""

    name: str
    folder: Path
    config: Path
    files: tuple[str, ...]


def write_project(name: str, into: Path, *, python: str, version: str, language: Language) -> Project:
    """Write the server `name` into a new folder of that name in the folder `into`.

    `python` is the interpreter that its server list starts, `version` the least release of `tao-agent` that
    it asks for, and `language` that of its README. `fault_of(name)` must be None.

    Raises:
        FileExistsError: something of that name is there already.
        OSError: the files cannot be written; nothing is left of them.
    """
    folder = into.absolute() / name
    if os.path.lexists(folder):
        raise FileExistsError(str(folder))
    texts = dict(_rendered(name, version, language))
    texts[_LIST] = _server_list(name, folder, python)
    # Beside its place, so that one rename puts all of it there.
    with TemporaryDirectory(prefix=f".{name}-", dir=folder.parent) as temporary:
        made = Path(temporary) / name
        for path, text in texts.items():
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        made.rename(folder)
    return Project(name, folder, folder / _LIST, tuple(sorted(texts)))


def _rendered(name: str, version: str, language: Language) -> Iterator[tuple[str, str]]:
    values = {
        "name": name,
        "script": f"mcp-{name.replace('_', '-')}",
        "title": name.replace("_", " ").capitalize(),
        "version": version,
    }
    for source in sorted(_TEMPLATE.rglob(f"*{_SUFFIX}")):
        path = source.relative_to(_TEMPLATE).as_posix().removesuffix(_SUFFIX)
        if (place := _place(path, name, language)) is not None:
            yield place, _filled(source, values)


def _place(path: str, name: str, language: Language) -> str | None:
    """Where a file of the template goes; None for a page in the other language."""
    parts = PurePosixPath(path).parts
    if parts[0] == "package":
        return PurePosixPath(name, *parts[1:]).as_posix()
    stem, _, rest = parts[-1].partition(".")
    spoken, _, ending = rest.partition(".")
    if ending != "md":
        return path
    return f"{stem}.md" if spoken == language else None


def _filled(source: Path, values: Mapping[str, str]) -> str:
    # Strict: a placeholder without a value, and a lone dollar sign, raise.
    return Template(source.read_text(encoding="utf-8")).substitute(values)


def _server_list(name: str, folder: Path, python: str) -> str:
    entry: dict[str, Any] = {
        "type": "stdio",
        "command": python,
        "args": ["-m", name],
        # Not `cwd`, which half of the hosts do not know.
        "env": {"PYTHONPATH": str(folder)},
        "timeout": _CALL_SECONDS,
        "disabled": False,
        "autoApprove": ["convert"],
    }
    return json.dumps({"mcpServers": {name: entry}}, ensure_ascii=False, indent=2) + "\n"
