"""The arguments of a call, in whichever form they were written."""

import re
from collections.abc import Mapping
from typing import Any

from tao.dialects.reading.names import Names, is_none
from tao.dialects.reading.pairs import balanced_end, load_keywords, load_literal, split_top
from tao.dialects.reading.values import first_value, load_json, load_object, without_fence

__all__ = ["load_arguments", "load_call_arguments"]

_WRAPPED = re.compile(r"[\w.]++\s*+(?=\()")
_QUOTES = "\"'`"


def load_arguments(value: object, name: str, names: Names) -> Mapping[str, Any]:
    """What `value` stands for: an object, JSON, `key=value`, a call, or a bare text for one parameter."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if not isinstance(value, str):
        return {}
    text = without_fence(value)
    found = _called(text, name, names)
    return _plain(text, name, names) if found is None else found


def load_call_arguments(inside: str, name: str, names: Names) -> Mapping[str, Any]:
    """The arguments between the brackets of `tool(...)` or `Tool[...]`."""
    text = inside.strip()
    if not text.startswith("{"):
        keywords = load_keywords(text, None if names.tool(name) is None else names.parameters(name))
        if keywords is not None:
            return keywords
        parts = split_top(text, ",，")
        keys = list(names.parameters(name))
        if 1 < len(parts) <= len(keys) and all(part.strip()[:1] in {'"', "'"} for part in parts):
            return dict(zip(keys, map(load_literal, parts), strict=False))
    return _plain(text, name, names)


def _plain(text: str, name: str, names: Names) -> Mapping[str, Any]:
    known = names.parameters(name)
    found = _object(text, known) if text.startswith("{") else load_keywords(text, known) if known else None
    if found is not None:
        return found
    parameter = names.only_parameter(name)
    if is_none(text) or parameter is None:
        return {}
    return {parameter: _bare(text, known.get(parameter))}


def _object(text: str, known: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = first_value(text)
    if found is not None:
        return found[0] if isinstance(found[0], dict) else None
    repaired = load_object(text)
    # `{the weather}` is a text in braces: repairing it makes keys of its words.
    fits = repaired is not None and (not repaired or not known or any(key in known for key in repaired))
    return repaired if fits or '":' in text else None


def _called(text: str, name: str, names: Names) -> Mapping[str, Any] | None:
    """`Anything({...})`, and `tool(a=1)` under the tool's own name."""
    head = _WRAPPED.match(text)
    if head is None:
        return None
    end = balanced_end(text, head.end())
    inside = text[head.end() + 1 : end if end >= 0 else len(text)].strip()
    if inside.startswith("{"):
        return _object(inside, names.parameters(name))
    return load_call_arguments(inside, name, names) if names.find(head[0]) == name else None


def _bare(text: str, schema: object) -> Any:
    """A bare text, without quotes round the whole of it; a list where the parameter is one."""
    if text.startswith("[") and isinstance(schema, Mapping) and schema.get("type") == "array":
        found = load_json(text)
        return found if isinstance(found, list) else text
    mark = text[:1]
    if mark in _QUOTES and mark and len(text) > 1 and text.endswith(mark) and mark not in text[1:-1]:
        return text[1:-1]
    if mark in {'"', "'"} and text.startswith(mark * 3) and text.endswith(mark * 3) and len(text) > 5:
        return text[3:-3]
    return text
