"""Cursors: where the next page begins, and what it is a page of, in a text that is only to be passed back."""

import base64
import binascii
import hashlib
import json
from typing import Any

from tao_servers.knowledge.tools.errors import RequestError

__all__ = ["cursor", "place_in", "short_digest"]


def cursor(of: str, *place: Any) -> str:
    """A cursor over what `of` names, at `place`, of JSON values."""
    text = json.dumps([short_digest(of), *place], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_in(text: str, of: str, *kinds: type) -> list[Any]:
    """The place that a cursor over what `of` names has, of values of these kinds.

    Raises:
        RequestError: it is none, or one over something else.
    """
    try:
        padded = text.strip().encode() + b"=" * (-len(text.strip()) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, binascii.Error, RecursionError):
        values = None
    fits = isinstance(values, list) and len(values) == len(kinds) + 1
    if not fits or not all(type(value) is kind for value, kind in zip(values[1:], kinds, strict=True)):
        raise RequestError(f"{text[:40]!r} is no cursor. Call again without one, then go on by next_cursor.")
    if values[0] != short_digest(of):
        raise RequestError("This cursor belongs to another list or document. Call again without one.")
    place: list[Any] = values[1:]
    return place


def short_digest(text: str) -> str:
    """Enough of a digest to tell a few texts apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
