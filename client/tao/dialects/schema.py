"""The `schema` dialect: a step is one JSON object, held to its form by the endpoint's grammar engine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic_core

from tao.dialects.examples import examples
from tao.dialects.grammar import step_schema
from tao.dialects.lenient import loads
from tao.dialects.signatures import signatures
from tao.dialects.step import FINISH, Call, Glimpse, Step, UnreadableStep
from tao.models.chat import ChatRequest, Message
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language, render

__all__ = ["SchemaDialect"]


class SchemaDialect:
    """`{"thought": "...", "actions": [{"tool": "...", "arguments": {...}}]}` under `response_format`."""

    name = "schema"

    def __init__(self, *, prompts: Path | None = None) -> None:
        self._prompts = prompts

    def opening(self, tools: Sequence[ToolSpec], language: Language, now: str) -> list[Message]:
        """Role, tools, output rules and date as the system prompt, then the examples that fit the tools."""
        names = [tool.name for tool in tools]
        values = {"tools": signatures(tools), "now": now}
        system = render("agent/schema", language, values, folder=self._prompts)
        shown = examples("agent/schema.examples", language, names, folder=self._prompts)
        return [Message("system", system), *shown]

    def request(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> ChatRequest:
        """A request whose reply must match the schema of the tools."""
        schema = {"name": "step", "strict": True, "schema": step_schema(tools)}
        return ChatRequest(messages, response_format={"type": "json_schema", "json_schema": schema})

    def glimpse(self, text: str) -> Glimpse:
        """Read the unfinished object."""
        try:
            partial = pydantic_core.from_json(text, allow_partial="trailing-strings")
        except ValueError:
            return Glimpse()
        if not isinstance(partial, dict):
            return Glimpse()
        actions = [action for action in _list(partial.get("actions")) if isinstance(action, dict)]
        # A name counts only once something follows it: before that it may still grow.
        named = tuple(str(action["tool"]) for action in actions if "arguments" in action)
        answers = [_answer(action.get("arguments")) for action in actions if action.get("tool") == FINISH]
        return Glimpse(_text(partial.get("thought")), named, answers[0] if answers else "")

    def read(self, text: str, tools: Sequence[ToolSpec]) -> Step:
        """Read the object, repaired where an endpoint did not hold it to the schema."""
        value = _parsed(text)
        actions = [action for action in _list(value.get("actions")) if isinstance(action, dict)]
        calls = tuple(
            Call(str(action["tool"]), _mapping(action.get("arguments")))
            for action in actions
            if action.get("tool")
        )
        thought = _text(value.get("thought"))
        for call in calls:
            if call.tool == FINISH and len(calls) == 1:
                return Step(thought, answer=_answer(call.arguments))
        # An answer beside other calls was written before their results were known: the calls come first.
        calls = tuple(call for call in calls if call.tool != FINISH)
        if not calls:
            raise UnreadableStep("`actions` was empty. Name a tool with its arguments, or `finish`.")
        return Step(thought, calls)

    def recorded(self, text: str) -> str:
        """The reply as it was: a tool's words cannot stand in this form."""
        return text.strip()


def _parsed(text: str) -> dict[str, Any]:
    start = text.find("{")
    if start < 0:
        raise UnreadableStep('The reply was no JSON object {"thought": ..., "actions": [...]}.')
    value = loads(text[start:])
    if not isinstance(value, dict):
        raise UnreadableStep('The reply was no JSON object {"thought": ..., "actions": [...]}.')
    return value


def _answer(arguments: object) -> str:
    return _text(_mapping(arguments).get("answer"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
