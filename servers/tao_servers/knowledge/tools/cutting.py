"""Keeps results as short as hosts pass them on."""

import json
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

__all__ = ["RESULT_CHARS", "first_that_fits", "size"]

RESULT_CHARS = 7800
"""Hosts cut longer results; text and structure count together."""

T = TypeVar("T", bound=BaseModel)


def size(text: str, value: BaseModel) -> int:
    """The characters of a result in both of its forms."""
    structure = json.dumps(value.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
    return len(text) + len(structure)


def first_that_fits(make: Callable[[int], T], text_of: Callable[[T], str], most: int) -> T:
    """What `make` makes of the largest amount up to `most` that fits, found by halving; at least of 1."""
    value = make(most)
    if size(text_of(value), value) <= RESULT_CHARS:
        return value
    low, high, best = 1, most, make(1)
    while high - low > 1:
        middle = (low + high) // 2
        value = make(middle)
        if size(text_of(value), value) <= RESULT_CHARS:
            low, best = middle, value
        else:
            high = middle
    return best
