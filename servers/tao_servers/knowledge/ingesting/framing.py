"""Puts what a document says into a prompt as data that cannot leave its frame."""

import re

__all__ = ["framed"]

_FRAME = re.compile(r"<(?=\s*/?\s*(?:document|passage))", re.IGNORECASE)
# The marks by which chat templates part their roles.
_ROLE_MARK = re.compile(
    r"<(?=\||/?(?:start_of_turn|end_of_turn|s|tool_call|tool_response|think)>)|\[(?=/?(?:INST|SYSTEM_PROMPT)\])",
    re.IGNORECASE,
)
# Seen by nobody, and enough for a mark to be none.
_APART = "\u200b"


def framed(text: str) -> str:
    """A document's words, unable to close their frame or to open another role of the chat template."""
    return _ROLE_MARK.sub(lambda match: match[0] + _APART, _FRAME.sub(f"<{_APART}", text))
