"""Reads what a model wrote as JSON, or was to write as JSON, repaired where it can be."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import json_repair
import pydantic_core

__all__ = ["load_arguments", "load_object"]

# Repairing takes more than linear time, on the event loop; broken JSON of this length is no step any more.
_MAX_REPAIR = 8_000
# Takes words after the value, and line breaks inside a string.
_FIRST_VALUE = json.JSONDecoder(strict=False)
_FENCE = re.compile(r"^```(?:\w*\n|json)?", re.IGNORECASE)


def load_object(text: str) -> dict[str, Any] | None:
    """The first object of a JSON text, or None when none can be made out; never raises."""
    try:
        value = pydantic_core.from_json(text)
    except (ValueError, TypeError):
        value = _repaired(text)
    # What follows the first object may be repaired into further values.
    values = value if isinstance(value, list) else [value]
    return next((value for value in values if isinstance(value, dict)), None)


def load_arguments(value: object, parameters: Sequence[str]) -> Mapping[str, Any]:
    """The arguments that `value` stands for: an object, JSON text, or a bare text for the first parameter."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        return {}
    text = _FENCE.sub("", value.strip()).removesuffix("```").strip()
    found = load_object(text) if text.startswith("{") else None
    if found is not None:
        return found
    return {parameters[0]: text.strip("`'\"")} if text and parameters else {}


def _repaired(text: str) -> Any:
    try:
        try:
            value, _ = _FIRST_VALUE.raw_decode(text)
        except ValueError:
            value = json_repair.loads(text[:_MAX_REPAIR])
        # JSON can spell a lone surrogate, which no endpoint, file or terminal takes.
        return pydantic_core.from_json(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
