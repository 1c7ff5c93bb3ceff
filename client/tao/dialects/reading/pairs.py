"""Arguments as a Python call or as `key=value`, read without evaluating anything."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from tao.dialects.reading.values import first_value, load_json

__all__ = ["balanced_end", "load_keywords", "load_literal", "split_top"]

_CLOSING = {"(": ")", "[": "]", "{": "}", "（": "）"}
_QUOTES = "\"'"
_PAIR = re.compile(r"\s*+[\"'`]?([^\W\d][\w-]*+)[\"'`]?\s*+[=:：]\s*+(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_WORDS = {"true": True, "false": False, "none": None, "null": None}
_NUMBER = re.compile(r"[-+]?(?:\d{1,15}(?:\.\d{1,15})?|\.\d{1,15})(?:[eE][-+]?\d{1,3})?")
_MARKS = re.compile(r"[\"'()\[\]{}（）,，;；\n\\]")


def _marks(text: str, start: int) -> Any:
    """The signs of a text that count, outside quotes, with the depth of brackets after each."""
    depth, quote, skip = 0, "", -1
    for match in _MARKS.finditer(text, start):
        sign, at = match[0], match.start()
        if at == skip:
            continue
        if sign == "\\":
            skip = at + 1
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in _QUOTES and not (sign == "'" and at > start and text[at - 1].isalnum()):
            # An apostrophe inside a word opens nothing.
            quote = sign
        else:
            depth += (sign in _CLOSING) - (sign in _CLOSING.values())
            yield sign, at, depth


def balanced_end(text: str, start: int) -> int:
    """Where the bracket that stands at `start` is closed; -1 where it never is."""
    return next((at for _, at, depth in _marks(text, start) if depth <= 0), -1)


def split_top(text: str, signs: str) -> list[str]:
    """The parts of a text between those `signs` that stand in no quotes and no brackets."""
    parts, begin = [], 0
    for sign, at, depth in _marks(text, 0):
        if depth == 0 and sign in signs:
            parts.append(text[begin:at])
            begin = at + 1
    return [part for part in (*parts, text[begin:]) if part.strip()]


def load_keywords(text: str, known: Collection[str] | None) -> Mapping[str, Any] | None:
    """The arguments of `a=1, b="x"`, or of one `a: 1` a line; None unless each part is such a pair.

    With `known`, each key must be one of them.
    """
    for signs in (",，;；\n", "\n"):
        pairs = [_PAIR.fullmatch(part) for part in split_top(text, signs)]
        if not pairs or not all(pair and (known is None or pair[1] in known) for pair in pairs):
            continue
        return {pair[1]: load_literal(pair[2]) for pair in pairs if pair}
    return None


def load_literal(text: str) -> Any:
    """A value as Python or JSON write it; what is neither stands for itself."""
    bare = text.strip()
    if bare.casefold() in _WORDS:
        return _WORDS[bare.casefold()]
    if _NUMBER.fullmatch(bare):
        return float(bare) if any(sign in bare for sign in ".eE") else int(bare)
    if bare[:1] in _QUOTES and bare[:1]:
        mark = bare[:3] if bare[:3] in {'"""', "'''"} else bare[0]
        inside = bare[len(mark) :]
        return _ESCAPE.sub(_unescaped, inside.removesuffix(mark))
    if bare[:1] in {"{", "["}:
        found = first_value(bare)
        return found[0] if found else load_json(bare)
    return bare


def _unescaped(match: re.Match[str]) -> str:
    sign = match[1]
    return _ESCAPED.get(sign, sign if sign in "\\\"'`" else match[0])
