"""JSON as models write it: read strictly where it can be, else repaired within bounds; never raises."""

import json
import re
from collections.abc import Iterator
from typing import Any

import json_repair
import pydantic_core

__all__ = ["first_value", "load_json", "load_object", "values_in", "without_fence"]

# Repairing takes more than linear time, on the event loop; broken JSON of this length is no step any more.
_MAX_REPAIR = 8_000
# And what costs it most is brackets that nobody closes.
_MAX_OPEN = 64
# Each attempt may walk to the end of the text, so only so many are made.
_MAX_ATTEMPTS = 12
# Takes words after the value, and line breaks inside a string.
_FIRST_VALUE = json.JSONDecoder(strict=False)
_FENCE = re.compile(r"^```(?:[\w+-]*+\n|json\b)?", re.IGNORECASE)
_HALF_ESCAPE = re.compile(r"(?<!\\)\\\s*\Z")
_OPENING = re.compile(r"[{\[]")
# Braces in prose are followed by words, those of data by a quote or by more of them.
_STRUCTURE = re.compile(r"[{\[]\s*+[\"'{\[“]")


def load_json(text: str) -> Any:
    """The value of a JSON text, repaired where it is broken; an empty text where there is none."""
    try:
        return pydantic_core.from_json(text)
    except (ValueError, TypeError):
        return _tidy(_repaired(text))


def load_object(text: str) -> dict[str, Any] | None:
    """The first object in a text, or None when none can be made out; what follows it does not count."""
    try:
        value = pydantic_core.from_json(text)
    except (ValueError, TypeError):
        whole = _HALF_ESCAPE.sub("", text)
        return next((value for value, _, _ in values_in(whole) if isinstance(value, dict)), None)
    return value if isinstance(value, dict) else None


def first_value(text: str, start: int = 0) -> tuple[Any, int] | None:
    """The unbroken value that begins at `start`, and where it ends; None where it is broken."""
    try:
        value, end = _FIRST_VALUE.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return _tidy(value), end


def values_in(text: str) -> Iterator[tuple[Any, int, int]]:
    """The objects and lists of a text in order, with their places; one broken one is repaired."""
    at, attempts, repaired = 0, 0, False
    while attempts < _MAX_ATTEMPTS and (match := _OPENING.search(text, at)):
        at = match.end()
        found = first_value(text, match.start())
        if found is not None:
            at = found[1]
            yield found[0], match.start(), at
            continue
        attempts += 1
        if not repaired and _STRUCTURE.match(text, match.start()):
            repaired = True
            yield _tidy(_repaired(text[match.start() :])), match.start(), len(text)


def without_fence(text: str) -> str:
    """What stands inside a code fence that the text begins with; else the text."""
    stripped = text.strip()
    opened = _FENCE.match(stripped)
    if opened is None:
        return stripped
    inside = stripped[opened.end() :]
    end = inside.rfind("```")
    return (inside if end < 0 else inside[:end]).strip()


def _repaired(text: str) -> Any:
    text = text[:_MAX_REPAIR]
    if sum(map(text.count, "{[(")) - sum(map(text.count, "}])")) > _MAX_OPEN:
        return None
    try:
        return json_repair.loads(text)
    except (ValueError, RecursionError):
        return None


def _tidy(value: Any) -> Any:
    # JSON can spell a lone surrogate, which no endpoint, file or terminal takes.
    try:
        return pydantic_core.from_json(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
