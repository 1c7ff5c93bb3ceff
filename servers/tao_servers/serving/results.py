"""A tool's result, complete in both of its forms: hosts show a model either the text or the structure."""

from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel

__all__ = ["result"]


def result(text: str, value: BaseModel) -> CallToolResult:
    """Pair the readable `text` with `value`, the same said as structured content."""
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structured_content=value.model_dump(mode="json", exclude_none=True),
    )
