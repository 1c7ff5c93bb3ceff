"""Changes one member of a JSON text and leaves every other byte as it was."""

import json
import re
from dataclasses import dataclass
from typing import Any

from tao.errors import ConfigError

__all__ = ["drop_json", "parse_json", "put_json", "render_json"]

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|//|/\*', re.DOTALL)
_FIRST_INDENT = re.compile(r"\{[ \t\r]*\n([ \t]+)\"")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    start: int
    value: int
    end: int


def parse_json(text: str, name: str) -> dict[str, Any]:
    """The object in `text`; an empty text is an empty object.

    Raises:
        ConfigError: it is none; `name` and the line are told.
    """
    body = text.removeprefix("\ufeff")
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except json.JSONDecodeError as exc:
        comment = _comment_line(body)
        if comment is not None:
            raise ConfigError(
                f"{name}, line {comment}: there are comments in it, which are not JSON. It is left as it is: "
                "paste the entries by hand (the same command without --write prints them)."
            ) from exc
        raise ConfigError(
            f"{name}, line {exc.lineno}: this is no JSON ({exc.msg}). It is left as it is."
        ) from exc
    except RecursionError as exc:
        raise ConfigError(f"{name}: it is nested too deeply to be read. It is left as it is.") from exc
    if not isinstance(value, dict):
        kind = "an array" if isinstance(value, list) else f"{json.dumps(value)[:40]}"
        raise ConfigError(f"{name}, line 1: there is {kind} where an object must be. It is left as it is.")
    return value


def render_json(value: dict[str, Any]) -> str:
    """A whole file."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def put_json(text: str, key: str, name: str, value: dict[str, Any]) -> str:
    """`text` with `value` as the member `name` of its object `key`."""
    if not text.removeprefix("\ufeff").strip():
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        return mark + render_json({key: {name: value}})
    root = text.index("{")
    if not _members(text, root):
        return text[:root] + render_json({key: {name: value}}).rstrip() + text[text.index("}", root) + 1 :]
    section = _find(text, root, key)
    if section is None:
        return _insert(text, root, key, {name: value}, depth=1)
    member = _find(text, section.value, name)
    if member is None:
        return _insert(text, section.value, name, value, depth=2)
    rendered = _rendered(text, value, _indent_at(text, member.start))
    return text[: member.value] + rendered + text[member.end :]


def drop_json(text: str, key: str, name: str) -> str:
    """`text` without the member `name` of its object `key`, which has it."""
    section = _find(text, text.index("{"), key)
    assert section is not None, key
    members = _members(text, section.value)
    index = next(i for i, member in enumerate(members) if member.key == name)
    if len(members) == 1:
        return text[: section.value] + "{}" + text[section.end :]
    if index == 0:
        return text[: members[0].start] + text[members[1].start :]
    return text[: members[index - 1].end] + text[members[index].end :]


def _members(text: str, brace: int) -> list[_Member]:
    members: list[_Member] = []
    position = _skip(text, brace + 1)
    while text[position] != "}":
        start = _skip(text, position + 1) if text[position] == "," else position
        key, end = _DECODER.raw_decode(text, start)
        value = _skip(text, _skip(text, end) + 1)
        _, end = _DECODER.raw_decode(text, value)
        members.append(_Member(key, start, value, end))
        position = _skip(text, end)
    return members


def _find(text: str, brace: int, key: str) -> _Member | None:
    # The last one counts where a key stands twice, as for every reader of JSON.
    return next((member for member in reversed(_members(text, brace)) if member.key == key), None)


def _insert(text: str, brace: int, key: str, value: dict[str, Any], *, depth: int) -> str:
    members = _members(text, brace)
    label = f"{json.dumps(key, ensure_ascii=False)}: "
    if not members and "\n" not in text.strip():
        return (
            text[: brace + 1] + label + json.dumps(value, ensure_ascii=False) + text[text.index("}", brace) :]
        )
    if members and "\n" not in text[brace : members[0].start]:
        piece = f", {label}{json.dumps(value, ensure_ascii=False)}"
        return text[: members[-1].end] + piece + text[members[-1].end :]
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = _indent_at(text, members[-1].start) if members else _unit(text) * depth
    piece = newline + indent + label + _rendered(text, value, indent)
    if members:
        return text[: members[-1].end] + "," + piece + text[members[-1].end :]
    closing = text.index("}", brace)
    return text[: brace + 1] + piece + newline + _indent_at(text, brace) + text[closing:]


def _rendered(text: str, value: dict[str, Any], indent: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    if "\n" not in text.strip():
        return json.dumps(value, ensure_ascii=False)
    lines = json.dumps(value, ensure_ascii=False, indent=_unit(text)).split("\n")
    return (newline + indent).join(lines)


def _unit(text: str) -> str:
    found = _FIRST_INDENT.search(text)
    return found[1] if found else "  "


def _indent_at(text: str, position: int) -> str:
    """The white space with which the line of `position` begins."""
    line = text.rfind("\n", 0, position) + 1
    end = line
    while text[end] in " \t":
        end += 1
    return text[line:end]


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _comment_line(text: str) -> int | None:
    for found in _STRING_OR_COMMENT.finditer(text):
        if not found[0].startswith('"'):
            return text.count("\n", 0, found.start()) + 1
    return None
