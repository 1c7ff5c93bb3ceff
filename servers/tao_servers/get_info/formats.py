"""Reads the bytes of a profile file, whatever its format, into plain tables."""

import json
import re
import tomllib
from collections import Counter
from typing import Any

from tao_servers.get_info.vcard import CardError, read_cards

__all__ = ["MAX_BYTES", "SUFFIXES", "FormatError", "parse"]

MAX_BYTES = 1_000_000
SUFFIXES = (".toml", ".yaml", ".yml", ".json", ".vcf")
_DEEPEST = 20
_TOML_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


class FormatError(ValueError):
    """The text is not of its format; `line` counts from 1, and is None where none can be named."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


def parse(data: bytes, suffix: str) -> tuple[str, list[Any]]:
    """The text of a file and the tables in it: one, or as many as a `.vcf` file has cards.

    Raises:
        FormatError: it is too large, no UTF-8 text, or not of the format that its suffix says.
    """
    text = _decode(data)
    if suffix == ".vcf":
        try:
            return text, list(read_cards(text))
        except CardError as exc:
            raise FormatError(str(exc), exc.line) from exc
    read = {".yaml": _yaml, ".yml": _yaml, ".json": _json}.get(suffix, _toml)
    try:
        return text, [read(text)]
    except RecursionError as exc:
        raise FormatError("it is nested too deeply") from exc


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise FormatError(f"it is larger than {MAX_BYTES:,} bytes")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError("it is UTF-16; save it as UTF-8", 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        # GB18030 reads almost any bytes: to guess it would put wrong names into answers.
        line = data.count(b"\n", 0, exc.start) + 1
        raise FormatError("it is not UTF-8 (perhaps GB18030); save it as UTF-8", line) from exc
    if "\0" in text:
        raise FormatError("it is binary, no text", text.count("\n", 0, text.index("\0")) + 1)
    if not text.strip():
        raise FormatError("it is empty", 1)
    return text


def _toml(text: str) -> Any:
    try:
        # As written: 1.10 is no 1.1 where it is a version.
        return tomllib.loads(text, parse_float=str)
    except tomllib.TOMLDecodeError as exc:
        place = _TOML_LINE.search(str(exc))
        line = int(place[1]) if place else text.count("\n") + 1
        raise FormatError(_TOML_LINE.sub("", str(exc)), line) from exc
    except ValueError as exc:
        # Python converts no more digits than that; the parser lets its error through, without a line.
        raise FormatError("it has a number of more than 4,300 digits") from exc


def _json(text: str) -> Any:
    try:
        return json.loads(
            text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_without_repeats
        )
    except json.JSONDecodeError as exc:
        raise FormatError(exc.msg, exc.lineno) from exc


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise FormatError(f"{twice!r} is there twice")
    return table


def _yaml(text: str) -> Any:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    # Base loaders give every scalar as it is written: a telephone number 010 is no octal 8.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        _check_events(yaml.parse(text, Loader=loader))
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        raise FormatError(exc.problem or str(exc), mark.line + 1 if mark else None) from exc
    except yaml.YAMLError as exc:
        raise FormatError(str(exc).partition("\n")[0]) from exc
    return _plain(node)


def _check_events(events: Any) -> None:
    """Refuse aliases, with which a small file grows without end, and depth, before anything is built."""
    import yaml

    depth = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise FormatError(f"it has an alias (*{event.anchor}), which a profile may not", line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise FormatError("it is nested too deeply", line)


def _plain(node: Any) -> Any:
    import yaml

    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        return node.value if node else None
    table: dict[Any, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise FormatError("a key must be a plain text", line)
        if key.value in table:
            raise FormatError(f"{key.value!r} is there twice", line)
        table[key.value] = _plain(value)
    return table
