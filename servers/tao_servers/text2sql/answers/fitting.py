"""Keeps what a tool returns short: hosts cut what is longer, in the middle."""

import json
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel

__all__ = ["LONGEST", "LONGEST_HEADING", "cut", "first_short", "is_short"]

_Value = TypeVar("_Value", bound=BaseModel)

# Characters of text and structured content together.
LONGEST = 7_800
LONGEST_HEADING = 60


def first_short(forms: Iterable[tuple[str, _Value]]) -> tuple[str, _Value]:
    """The first form that has room; the last one does, being almost empty."""
    for text, value in forms:
        if is_short(text, value):
            break
    return text, value


def is_short(text: str, value: BaseModel) -> bool:
    """Whether a result is short enough for every host."""
    structured = json.dumps(value.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
    return len(text) + len(structured) <= LONGEST


def cut(text: str, longest: int) -> str:
    """`text`, with an ellipsis when it is longer."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
