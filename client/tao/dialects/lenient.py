"""Reads JSON that a model wrote, repaired where it can be."""

from typing import Any

import json_repair
import pydantic_core

__all__ = ["loads"]

# Repairing costs more than linear time; a step is never that long.
_MAX_REPAIR = 50_000


def loads(text: str) -> Any:
    """The value of the JSON text, or None when it has none that can be made out; never raises."""
    try:
        return pydantic_core.from_json(text)
    except (ValueError, TypeError):
        pass
    try:
        return json_repair.loads(text[:_MAX_REPAIR])
    except (ValueError, RecursionError):
        return None
