"""The `text` dialect: the classic labelled lines, in English and in Chinese.

    Thought: ...
    Action: server__tool
    Action Input: {"name": "value"}

or, to end, `Final Answer: ...` (ReAct, arXiv 2210.03629).
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tao.dialects.examples import examples
from tao.dialects.lenient import loads
from tao.dialects.signatures import signatures
from tao.dialects.step import FINISH, Call, Glimpse, Step, UnreadableStep
from tao.models.chat import ChatRequest, Message
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language, render

__all__ = ["TextDialect"]

_LABELS = {
    "thought": ("thought", "思考", "想法"),
    "action": ("action", "行动", "动作"),
    "input": ("action input", "行动输入", "动作输入"),
    "observation": ("observation", "观察"),
    "answer": ("final answer", "最终答案", "最终回答"),
}
_KIND = {word: kind for kind, words in _LABELS.items() for word in words}
_LABEL = re.compile(
    rf"^[ \t>*#_]*({'|'.join(sorted(_KIND, key=len, reverse=True))})[ \t]*\d*[ \t*_]*[:：][ \t*_]*",
    re.IGNORECASE | re.MULTILINE,
)
_LABEL_CHARS = 24
_STOP = ("\nObservation:", "\n观察:", "\n观察：")


class TextDialect:
    """Labelled lines, for models that hold a form better by example than by grammar."""

    name = "text"

    def __init__(self, *, prompts: Path | None = None) -> None:
        self._prompts = prompts

    def opening(self, tools: Sequence[ToolSpec], language: Language, now: str) -> list[Message]:
        """Role, tools, output rules and date as the system prompt, then the examples that fit the tools."""
        names = [tool.name for tool in tools]
        values = {"tools": signatures(tools), "now": now}
        system = render("agent/text", language, values, folder=self._prompts)
        shown = examples("agent/text.examples", language, names, folder=self._prompts)
        return [Message("system", system), *shown]

    def request(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> ChatRequest:
        """A request that stops before the model can write an observation of its own."""
        return ChatRequest(messages, stop=_STOP)

    def glimpse(self, text: str) -> Glimpse:
        """Read the labelled parts so far."""
        head, newline, line = text.rpartition("\n")
        # A short last line may turn out to be the next label.
        parts = _parts(head if newline and len(line) < _LABEL_CHARS and not _LABEL.match(line) else text)
        # A part counts as a whole name only once the next label has begun.
        named = parts[-2][1] if len(parts) > 1 and parts[-2][0] == "action" else ""
        return Glimpse(_first(parts, "thought"), (named,) if named else (), _first(parts, "answer"))

    def read(self, text: str, tools: Sequence[ToolSpec]) -> Step:
        """Read the first action or, without one, the final answer."""
        parts = _parts(text)
        thought, action = _first(parts, "thought"), _first(parts, "action").strip("`'\" 。.")
        if action:
            arguments = _arguments(_first(parts, "input"), _tool(action, tools))
            if action.casefold() == FINISH:
                return Step(thought, answer=str(arguments.get("answer") or _first(parts, "input")))
            return Step(thought, (Call(action, arguments),))
        answer = _first(parts, "answer")
        if answer:
            return Step(thought, answer=answer)
        raise UnreadableStep("There was neither an `Action:` with its `Action Input:` nor a `Final Answer:`.")

    def recorded(self, text: str) -> str:
        """The reply up to an observation that the model made up."""
        for match in _LABEL.finditer(text):
            if _KIND[match[1].casefold()] == "observation":
                return text[: match.start()].strip()
        return text.strip()


def _parts(text: str) -> list[tuple[str, str]]:
    """The labelled parts in order; what precedes the first label is thought, an observation ends the list."""
    parts: list[tuple[str, str]] = []
    kind, start = "thought", 0
    for match in _LABEL.finditer(text):
        parts.append((kind, text[start : match.start()].strip()))
        kind, start = _KIND[match[1].casefold()], match.end()
        if kind == "observation":
            return [part for part in parts if part[1]]
    parts.append((kind, text[start:].strip()))
    return [part for part in parts if part[1]]


def _first(parts: Sequence[tuple[str, str]], kind: str) -> str:
    return next((text for found, text in parts if found == kind), "")


def _tool(name: str, tools: Sequence[ToolSpec]) -> ToolSpec | None:
    return next((tool for tool in tools if tool.name == name), None)


def _arguments(text: str, tool: ToolSpec | None) -> Mapping[str, Any]:
    stripped = re.sub(r"^```\w*\s*|\s*```$", "", text.strip())
    if stripped.startswith("{"):
        value = loads(stripped)
        if isinstance(value, dict):
            return value
    parameters = list((tool.input_schema.get("properties") or {}) if tool else {})
    if stripped and len(parameters) >= 1:
        # A bare value means the first parameter.
        return {parameters[0]: stripped.strip("`'\"")}
    return {}
