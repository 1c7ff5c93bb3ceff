"""Changes one table of a TOML text and leaves comments, order and layout of the rest as they were."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from tao.errors import ConfigError

__all__ = ["drop_toml", "parse_toml", "put_toml", "render_toml"]

_HEADER = re.compile(r"^[ \t]*(\[[^\[\]#]+\])[ \t]*(?:#.*)?$")
_ANY_HEADER = re.compile(r"^[ \t]*\[")


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """What `text` says.

    Raises:
        ConfigError: it is no TOML; `name` and the line are told.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise ConfigError(f"{name}: this is no TOML: {exc}. It is left as it is.") from exc


def render_toml(value: dict[str, Any]) -> str:
    """A whole file."""
    return tomlkit.dumps(value)


def put_toml(text: str, key: str, name: str, value: dict[str, Any]) -> str:
    """`text` with `value` as the table `key.name`: changed in its place, or added at the end.

    Raises:
        ConfigError: the table is written in a way that cannot be changed by itself.
    """
    section = parse_toml(text, "The file").get(key, {})
    if name in section:
        return _update(text, key, name, value)
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text.removeprefix("\ufeff") else newline if text.endswith("\n") else newline * 2
    rendered = render_toml({key: {name: value}})
    return text + gap + rendered.replace("\n", newline)


def drop_toml(text: str, key: str, name: str) -> str:
    """`text` without the table `key.name` and its sub-tables; comments that follow it stay."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    kept: list[str] = []
    for path, block in _blocks(lines):
        if path[:2] != [key, name]:
            kept.extend(block)
        else:
            kept.extend(_what_follows(block))
    # The blank line that parted it from what stands before goes with it.
    if kept and len(kept) < len(lines) and not kept[-1].strip() and not _ends_blank(lines):
        kept.pop()
    return mark + "".join(kept)


def _update(text: str, key: str, name: str, value: dict[str, Any]) -> str:
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    try:
        document = tomlkit.parse(text.removeprefix("\ufeff"))
        table: Any = document[key]
        table = table[name]
        for field, wanted in value.items():
            if field not in table or table[field] != wanted:
                table[field] = wanted
        return mark + tomlkit.dumps(document)
    except TOMLKitError as exc:
        raise ConfigError(f"The table {key}.{name} cannot be changed by itself: {exc}.") from exc


def _blocks(lines: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """The lines in blocks, each from one header to the next, with the path in that header."""
    path: list[str] = []
    block: list[str] = []
    for line in lines:
        if _ANY_HEADER.match(line) and (found := _path(line)) is not None:
            yield path, block
            path, block = found, []
        block.append(line)
    yield path, block


def _path(line: str) -> list[str] | None:
    header = _HEADER.match(line.rstrip("\r\n"))
    if header is None:
        # An array of tables, which ends a block as well, or a line of a value.
        return [] if line.lstrip().startswith("[[") else None
    try:
        value: Any = tomllib.loads(header[1])
    except tomllib.TOMLDecodeError:
        return None
    path: list[str] = []
    while value:
        (step,) = value
        path.append(step)
        value = value[step]
    return path


def _what_follows(block: list[str]) -> list[str]:
    """The comments after the last key of a block, which belong to what comes next."""
    end = len(block)
    while end > 0 and (not block[end - 1].strip() or block[end - 1].lstrip().startswith("#")):
        end -= 1
    rest = block[end:]
    while rest and not rest[0].strip():
        rest.pop(0)
    return rest


def _ends_blank(lines: list[str]) -> bool:
    return bool(lines) and not lines[-1].strip()
