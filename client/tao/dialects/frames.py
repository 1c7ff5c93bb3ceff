"""Keeps what tools say apart from what the model and the chat template say."""

import re

__all__ = ["defused"]

# The frame of an observation, and the marks by which chat templates part their roles.
_FRAME = re.compile(r"<(?=\s*/?\s*observation)", re.IGNORECASE)
_ROLE_MARK = re.compile(
    r"<(?=\||/?(?:start_of_turn|end_of_turn|s|tool_call|tool_response|think)>)|\[(?=/?(?:INST|SYSTEM_PROMPT)\])",
    re.IGNORECASE,
)
_APART = "\u200b"


def defused(text: str) -> str:
    """A tool's words, unable to close their frame or to open another role of the chat template."""
    return _ROLE_MARK.sub(lambda match: match[0] + _APART, _FRAME.sub(f"<{_APART}", text))
