"""Put native tool calls together from the pieces that OpenAI-compatible endpoints send."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tao.models.chat import ToolCall

__all__ = ["NativeCalls"]

_MOST = 64


@dataclass
class _Growing:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class NativeCalls:
    """The calls of one reply as they grow; `size` counts the characters of their names and arguments.

    Beside the form of the API, these are read: pieces without an index (each with an id begins a call),
    several calls under one index, arguments as an object instead of a text, and the older `function_call`.
    """

    def __init__(self) -> None:
        self.size = 0
        self._calls: dict[int, _Growing] = {}
        self._at: dict[int, int] = {}

    def take(self, said: Mapping[str, Any]) -> list[str]:
        """Take in the calls of one piece of a reply; the names of those that begin with it."""
        pieces = said.get("tool_calls")
        if not isinstance(pieces, list):
            older = said.get("function_call")
            pieces = [{"index": 0, "function": older}] if isinstance(older, dict) else []
        begun = [self._take_piece(piece) for piece in pieces if isinstance(piece, dict)]
        return [name for name in begun if name]

    def whole(self) -> tuple[ToolCall, ...]:
        """The calls in their order; each has an id, one of ours where the endpoint gave none."""
        return tuple(
            ToolCall(call.id or f"call_{number}", call.name, "".join(call.arguments))
            for number, call in sorted(self._calls.items())
            if call.name
        )

    def _take_piece(self, piece: Mapping[str, Any]) -> str:
        number = self._number(piece)
        if number not in self._calls and len(self._calls) == _MOST:
            return ""
        call = self._calls.setdefault(number, _Growing())
        call.id = call.id or _text(piece.get("id"))
        function = piece.get("function")
        if not isinstance(function, dict):
            return ""
        # Some endpoints repeat the name with every piece.
        name = "" if call.name else _text(function.get("name"))
        call.name = call.name or name
        arguments = _arguments(function.get("arguments"))
        call.arguments.append(arguments)
        self.size += len(name) + len(arguments)
        return name

    def _number(self, piece: Mapping[str, Any]) -> int:
        index = piece.get("index")
        if isinstance(index, int) and not isinstance(index, bool):
            number = self._at.get(index, index)
            if self._begins_another(piece, self._calls.get(number)):
                number = self._at[index] = max(self._calls) + 1
            return number
        begins = bool(piece.get("id")) or not self._calls
        return len(self._calls) if begins else max(self._calls)

    def _begins_another(self, piece: Mapping[str, Any], before: _Growing | None) -> bool:
        """Whether a call begins although its index is that of one before: some endpoints number all 0."""
        function = piece.get("function")
        name = _text(function.get("name")) if isinstance(function, dict) else ""
        id = _text(piece.get("id"))
        if before is None or not before.id or not name or id in ("", before.id):
            return False
        try:
            # Others give each piece of one call an id of its own.
            return isinstance(json.loads("".join(before.arguments)), dict)
        except (ValueError, RecursionError):
            return False


def _arguments(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return _text(value)


def _text(value: object) -> str:
    # A lone surrogate can be spelled in JSON, and can be sent nowhere.
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""
