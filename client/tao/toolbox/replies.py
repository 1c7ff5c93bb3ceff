"""Turns what the MCP SDK gives into what the loop knows."""

import json
from typing import TYPE_CHECKING, Any

from tao.toolbox.config import ServerEntry
from tao.toolbox.tool import Passage, ToolResult, ToolSpec

if TYPE_CHECKING:
    from mcp.types import CallToolResult, Tool

__all__ = ["tool_result", "tool_spec"]

_SECONDARY = "tao/secondary"
_SECONDARY_PARAMETERS = "tao/secondary_parameters"


def tool_spec(server: str, tool: "Tool", entry: ServerEntry) -> ToolSpec:
    """What the loop knows of a listed tool. A tool without annotations counts as one that writes."""
    hints, meta = tool.annotations, tool.meta or {}
    left_out = meta.get(_SECONDARY_PARAMETERS)
    return ToolSpec(
        name=f"{server}__{tool.name}",
        description=tool.description or "",
        input_schema=tool.input_schema,
        read_only=bool(hints and hints.read_only_hint),
        idempotent=bool(hints and hints.idempotent_hint),
        auto_approve=tool.name in entry.auto_approve,
        secondary=meta.get(_SECONDARY) is True,
        secondary_parameters=tuple(map(str, left_out)) if isinstance(left_out, list) else (),
    )


def tool_result(reply: "CallToolResult") -> ToolResult:
    """The text and the passages of a reply; content that is no text is described, not pasted."""
    parts = [_described(block) for block in reply.content]
    text = "\n".join(part for part in parts if part).strip()
    structured = reply.structured_content
    if not text and structured is not None:
        text = json.dumps(structured, ensure_ascii=False)
    if reply.is_error:
        # The SDK puts its own words before the server's; the model needs the server's.
        text = text.split(": ", 1)[1] if text.startswith("Error executing tool ") and ": " in text else text
        return ToolResult(text or "The tool failed without saying why.", is_error=True)
    return ToolResult(text or "(empty result)", passages=_passages(structured))


def _described(block: Any) -> str:
    if block.type == "text":
        return str(block.text)
    if block.type == "resource" and getattr(block.resource, "text", None):
        return str(block.resource.text)
    kind = getattr(block, "mime_type", None) or getattr(getattr(block, "resource", None), "mime_type", None)
    return f"[{block.type}{f' {kind}' if kind else ''}: not shown]"


def _passages(structured: dict[str, Any] | None) -> tuple[Passage, ...]:
    found = (structured or {}).get("passages")
    if not isinstance(found, list):
        return ()
    return tuple(_passage(item) for item in found if isinstance(item, dict) and item.get("text"))


def _passage(item: dict[str, Any]) -> Passage:
    source = str(item.get("source") or "?")
    line, number = item.get("line"), item.get("id")
    return Passage(
        id="" if number is None else str(number),
        text=str(item["text"]),
        source=f"{source}:{line}" if line else source,
    )
