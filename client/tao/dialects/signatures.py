"""A tool in one line, for a prompt that must stay small."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tao.dialects.frames import defused
from tao.toolbox.coercion import required_of
from tao.toolbox.tool import ToolSpec

__all__ = ["signature", "signatures"]

_PURPOSE_CHARS = 240
# Those that matter most come first; the grammar of the step knows all of them.
_MOST_OPTIONAL = 3
_SENTENCE_END = re.compile(r"(?<=[.。!！?？])\s+|\n\s*\n")
_SHORT = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list"}


def signatures(tools: Sequence[ToolSpec]) -> str:
    """One line a tool, in their order."""
    return "\n".join(signature(tool) for tool in tools)


def signature(tool: ToolSpec) -> str:
    """`- server__tool(required: type, optional?: type): purpose`."""
    properties = tool.input_schema.get("properties")
    if not isinstance(properties, Mapping):
        properties = {}
    required = required_of(tool.input_schema)
    hidden = (*required, *tool.secondary_parameters)
    optional = [name for name in properties if name not in hidden][:_MOST_OPTIONAL]
    parameters = ", ".join(
        f"{name}{'?' if name in optional else ''}: {_type(schema)}"
        for name, schema in properties.items()
        if name in required or name in optional
    )
    # A server's words stand in the system prompt: on one line, and without the marks of a role.
    return defused(" ".join(f"- {tool.name}({parameters}): {_purpose(tool.description)}".split()))


def _type(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return "any"
    if "enum" in schema:
        return "|".join(str(value) for value in schema["enum"])
    options = [kind for option in schema.get("anyOf", ()) if (kind := _type(option)) != "null"]
    if options:
        return options[0]
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "any")
    return _SHORT.get(str(kind), str(kind))


def _purpose(description: str) -> str:
    """The first sentences of a description, as far as they fit."""
    chosen = ""
    for sentence in _SENTENCE_END.split(description.strip()):
        flat = " ".join(sentence.split())
        if chosen and len(chosen) + len(flat) > _PURPOSE_CHARS:
            break
        chosen = f"{chosen} {flat}".strip()
    return chosen[:_PURPOSE_CHARS]
