"""One JSON schema for a step, built from the tool list, that grammar engines accept.

llama.cpp and vLLM turn the schema into a grammar, so that a small model cannot leave the form. Both read
only a part of JSON Schema: references are written out, and notes and limits that they do not know are left
out (the server checks the arguments in full).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tao.dialects.step import ASK, FINISH
from tao.toolbox.tool import ToolSpec

__all__ = ["step_schema"]

_KEPT = ("type", "enum", "const", "properties", "required", "items", "anyOf", "additionalProperties")
_DEPTH = 8
_MAX_ACTIONS = 3


def step_schema(tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """The schema of `{"thought": str, "actions": [{"tool": name, "arguments": {...}}, ...]}`."""
    finish = _object({"answer": {"type": "string"}}, ["answer"])
    actions = [_action(tool.name, _arguments(tool)) for tool in (*tools, ASK)] + [_action(FINISH, finish)]
    array = {"type": "array", "items": {"anyOf": actions}, "minItems": 1, "maxItems": _MAX_ACTIONS}
    return _object({"thought": {"type": "string"}, "actions": array}, ["thought", "actions"])


def _object(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _action(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _object({"tool": {"const": name}, "arguments": arguments}, ["tool", "arguments"])


def _arguments(tool: ToolSpec) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(tool.input_schema, _definitions(tool.input_schema), _DEPTH)
    return {"type": "object", "properties": {}, "additionalProperties": False, **plain}


def _definitions(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    # `definitions` is what drafts before 2019-09 called them, and many servers still do.
    return schema.get("$defs") or schema.get("definitions") or {}


def _plain(schema: Any, definitions: Mapping[str, Any], depth: int) -> Any:
    """`schema` with references written out and only the keys that every engine knows."""
    if not isinstance(schema, Mapping):
        return schema
    if depth == 0:
        return {}
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _plain(definitions.get(reference.rsplit("/", 1)[-1], {}), definitions, depth - 1)
    kept: dict[str, Any] = {}
    for key in _KEPT:
        if key in schema and _has_form(key, schema[key]):
            kept[key] = _plain_value(key, schema[key], definitions, depth - 1)
    return kept


def _has_form(key: str, value: Any) -> bool:
    """Whether a value is what its key calls for; a server may write anything."""
    if key == "properties":
        return isinstance(value, Mapping)
    return isinstance(value, list) if key in {"required", "anyOf", "enum"} else True


def _plain_value(key: str, value: Any, definitions: Mapping[str, Any], depth: int) -> Any:
    if key == "properties":
        return {name: _plain(part, definitions, depth) for name, part in value.items()}
    if key == "anyOf":
        return [_plain(part, definitions, depth) for part in value]
    if key in {"items", "additionalProperties"}:
        return _plain(value, definitions, depth)
    return value
