"""Keeps what tools and documents say apart from what the prompt and the chat template say."""

import re
from collections.abc import Callable

__all__ = ["framing"]

# The marks by which chat templates part their roles.
_ROLE_MARK = re.compile(
    r"<(?=\||/?(?:start_of_turn|end_of_turn|s|tool_call|tool_response|think)>)|\[(?=/?(?:INST|SYSTEM_PROMPT)\])",
    re.IGNORECASE,
)
# Seen by nobody, and enough for a mark to be none.
_APART = "\u200b"


def framing(*names: str) -> Callable[[str], str]:
    """What makes of a text one that can neither close a frame of these names nor open another role."""
    frame = re.compile(rf"<(?=\s*/?\s*(?:{'|'.join(map(re.escape, names))}))", re.IGNORECASE)
    return lambda text: _ROLE_MARK.sub(lambda match: match[0] + _APART, frame.sub(f"<{_APART}", text))
