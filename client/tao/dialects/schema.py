"""The `schema` dialect: a step is one JSON object, held to its form by the endpoint's grammar engine."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic_core

from tao.dialects.grammar import step_schema
from tao.dialects.meaning import in_one_message, step_of
from tao.dialects.opening import opening
from tao.dialects.reading import read_reply
from tao.dialects.reading.inventions import OBSERVATION_WORDS, own_words
from tao.dialects.reading.values import first_value
from tao.dialects.step import ASK, FINISH, Glimpse, Step, UnreadableStep
from tao.models.chat import ChatRequest, Completion, Message
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language

__all__ = ["SchemaDialect"]

_WRONG = {
    "nothing": 'The reply was no JSON object {"thought": ..., "actions": [...]}.',
    "no_call": "`actions` was empty. Name a tool with its arguments, or `finish`.",
    "no_answer": "`finish` came without its `answer`.",
}


class SchemaDialect:
    """`{"thought": "...", "actions": [{"tool": "...", "arguments": {...}}]}` under `response_format`.

    With `strict` the endpoint is given the schema; without, it is only asked for some JSON object, which
    more endpoints can do.
    """

    name = "schema"

    def __init__(self, *, prompts: Path | None = None, strict: bool = True) -> None:
        self._prompts = prompts
        self._strict = strict

    def opening(self, tools: Sequence[ToolSpec], language: Language, now: str) -> list[Message]:
        """The system prompt and the examples of this form."""
        return opening("agent/schema", tools, language, now, folder=self._prompts)

    def request(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> ChatRequest:
        """A request whose reply must match the schema of the tools, or be an object at least."""
        if not self._strict:
            return ChatRequest(messages, response_format={"type": "json_object"})
        schema = {"name": "step", "strict": True, "schema": step_schema(tools)}
        return ChatRequest(messages, response_format={"type": "json_schema", "json_schema": schema})

    def glimpse(self, text: str) -> Glimpse:
        """Read the unfinished object."""
        try:
            partial = pydantic_core.from_json(text[text.find("{") :], allow_partial="trailing-strings")
        except (ValueError, TypeError):
            return Glimpse()
        if not isinstance(partial, dict):
            return Glimpse()
        # A name counts only once something follows it: before that it may still grow.
        named = [
            action for action in _actions(partial) if action.get("tool") and next(reversed(action)) != "tool"
        ]
        tools = tuple(str(action["tool"]) for action in named)
        field = {FINISH: "answer", ASK.name: "question"}.get(tools[0] if tools else "")
        answer = _mapping(named[0].get("arguments")).get(field) if field else None
        return Glimpse(_string(partial.get("thought")), tools, _string(answer))

    def read(self, completion: Completion, tools: Sequence[ToolSpec]) -> Step:
        """Read the object, repaired where an endpoint did not hold it to the schema, or any other form."""
        found = read_reply(completion.text, (*tools, ASK), first="object")
        if found.fault is None:
            return step_of(found)
        raise UnreadableStep(_WRONG[found.fault])

    def recorded(self, completion: Completion) -> Message:
        """The reply without an observation of its own, be it a field of the object or words after it."""
        return Message("assistant", _own(completion.text))

    def written(self, step: Step) -> Message:
        """The object of a step."""
        actions = [{"tool": call.tool, "arguments": dict(call.arguments)} for call in step.calls]
        if step.answer is not None:
            name, field = (ASK.name, "question") if step.asks else (FINISH, "answer")
            actions = [{"tool": name, "arguments": {field: step.answer}}]
        value = {"thought": step.thought, "actions": actions}
        return Message("assistant", json.dumps(value, ensure_ascii=False, default=str))

    def observed(self, step: Step, results: Sequence[str]) -> Sequence[Message]:
        """One message for all results."""
        return in_one_message(results)


def _own(text: str) -> str:
    start = len(text) - len(text.lstrip())
    whole = first_value(text, start) if text.startswith("{", start) else None
    if whole is None:
        return own_words(text).strip()
    value, end = whole
    invented = [key for key in value if key.casefold() in OBSERVATION_WORDS]
    if not invented:
        return own_words(text, end).strip()
    kept = {key: item for key, item in value.items() if key not in invented}
    return json.dumps(kept, ensure_ascii=False)


def _actions(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    actions = value.get("actions")
    return [action for action in actions if isinstance(action, dict)] if isinstance(actions, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: object) -> str:
    # Anything but a string would not grow: 1 becomes 1.5 becomes 1500.0.
    return value if isinstance(value, str) else ""
