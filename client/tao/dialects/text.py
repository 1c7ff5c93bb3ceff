"""The `text` dialect: the classic labelled lines, in English and in Chinese.

    Thought: ...
    Action: server__tool
    Action Input: {"name": "value"}

or, to end, `Final Answer: ...` (ReAct, arXiv 2210.03629).
"""

import re
from collections.abc import Sequence
from pathlib import Path

from tao.dialects.frames import own_words
from tao.dialects.lenient import load_arguments
from tao.dialects.opening import opening
from tao.dialects.step import FINISH, Call, Glimpse, Step, UnreadableStep
from tao.models.chat import ChatRequest, Message
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language

__all__ = ["TextDialect"]

_LABELS = {
    "thought": ("thought", "思考", "想法"),
    "action": ("action", "行动", "动作"),
    "input": ("action input", "行动输入", "动作输入"),
    "answer": ("final answer", "最终答案", "最终回答"),
}
_KIND = {word: kind for kind, words in _LABELS.items() for word in words}
_MARKUP = " \t>*#_"
# Possessive, since a model may write spaces without end; ASCII, since a dotless i is no i.
_LABEL_NAME = rf"^[{_MARKUP}]*+({'|'.join(sorted(_KIND, key=len, reverse=True))})[ \t]*+[\d０-９]*+[ \t*_]*+"
_LABEL = re.compile(rf"{_LABEL_NAME}[:：][ \t*_]*", re.ASCII | re.IGNORECASE | re.MULTILINE)
_NO_COLON_YET = re.compile(rf"{_LABEL_NAME}\Z", re.ASCII | re.IGNORECASE)
_STOP = ("\nObservation", "\n观察", "<observation")


class TextDialect:
    """Labelled lines, for models that hold a form better by example than by grammar."""

    name = "text"

    def __init__(self, *, prompts: Path | None = None) -> None:
        self._prompts = prompts

    def opening(self, tools: Sequence[ToolSpec], language: Language, now: str) -> list[Message]:
        """The system prompt and the examples of this form."""
        return opening("agent/text", tools, language, now, folder=self._prompts)

    def request(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> ChatRequest:
        """A request that stops before the model can write an observation of its own."""
        return ChatRequest(messages, stop=_STOP)

    def glimpse(self, text: str) -> Glimpse:
        """Read the labelled parts so far."""
        head, _, line = text.rpartition("\n")
        parts = _parts(own_words(head if _may_become_label(line) else text))
        # A part counts as a whole name only once the next one has begun.
        named = _name(_first(parts[:-1], "action"))
        return Glimpse(_first(parts, "thought"), (named,) if named else (), _first(parts, "answer"))

    def read(self, text: str, tools: Sequence[ToolSpec]) -> Step:
        """Read the first action or, without one, the final answer."""
        own = own_words(text)
        parts = _parts(own)
        thought, action = _first(parts, "thought"), _name(_first(parts, "action"))
        given, answer = _first(parts, "input"), _first(parts, "answer")
        if action.casefold() == FINISH:
            answer = str(load_arguments(given, ["answer"]).get("answer") or answer)
        elif action:
            return Step(thought, (Call(action, load_arguments(given, _parameters(action, tools))),))
        if answer:
            return Step(thought, answer=answer)
        wrong = "There was neither an `Action:` with its `Action Input:` nor a `Final Answer:`."
        raise UnreadableStep(wrong, prose=thought if own == text else "")

    def recorded(self, text: str) -> str:
        """The reply up to an observation that the model made up."""
        return own_words(text).strip()


def _parts(text: str) -> list[tuple[str, str]]:
    """The labelled parts in order; what precedes the first label is thought."""
    parts: list[tuple[str, str]] = []
    kind, start = "thought", 0
    for match in _LABEL.finditer(text):
        parts.append((kind, text[start : match.start()].strip()))
        kind, start = _KIND[match[1].casefold()], match.end()
    parts.append((kind, text[start:].strip()))
    return [part for part in parts if part[1]]


def _first(parts: Sequence[tuple[str, str]], kind: str) -> str:
    return next((text for found, text in parts if found == kind), "")


def _name(text: str) -> str:
    return text.strip("`'\"* 。.")


def _parameters(name: str, tools: Sequence[ToolSpec]) -> list[str]:
    return [key for tool in tools if tool.name == name for key in tool.input_schema.get("properties") or ()]


def _may_become_label(line: str) -> bool:
    begun = line.lstrip(_MARKUP).casefold()
    words = (*_KIND, "observation", "观察", "<observation")
    return any(word.startswith(begun) for word in words) or _NO_COLON_YET.match(line) is not None
