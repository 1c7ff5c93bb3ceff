"""The `schema` dialect: a step is one JSON object, held to its form by the endpoint's grammar engine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic_core

from tao.dialects.grammar import step_schema
from tao.dialects.lenient import load_arguments, load_object
from tao.dialects.opening import opening
from tao.dialects.step import FINISH, Call, Glimpse, Step, UnreadableStep
from tao.models.chat import ChatRequest, Message
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language

__all__ = ["SchemaDialect"]


class SchemaDialect:
    """`{"thought": "...", "actions": [{"tool": "...", "arguments": {...}}]}` under `response_format`."""

    name = "schema"

    def __init__(self, *, prompts: Path | None = None) -> None:
        self._prompts = prompts

    def opening(self, tools: Sequence[ToolSpec], language: Language, now: str) -> list[Message]:
        """The system prompt and the examples of this form."""
        return opening("agent/schema", tools, language, now, folder=self._prompts)

    def request(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> ChatRequest:
        """A request whose reply must match the schema of the tools."""
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
        answer = _mapping(named[0].get("arguments")).get("answer") if tools[:1] == (FINISH,) else None
        return Glimpse(_string(partial.get("thought")), tools, _string(answer))

    def read(self, text: str, tools: Sequence[ToolSpec]) -> Step:
        """Read the object, repaired where an endpoint did not hold it to the schema."""
        value = _parsed(text)
        parameters = {tool.name: list(tool.input_schema.get("properties") or ()) for tool in tools}
        parameters[FINISH] = ["answer"]
        calls = [
            Call(name, load_arguments(action.get("arguments"), parameters.get(name, ())))
            for action in _actions(value)
            if (name := _text(action.get("tool")))
        ]
        thought = _text(value.get("thought"))
        # An answer beside other calls was written before their results were known: the calls come first.
        acting = tuple(call for call in calls if call.tool != FINISH)
        if acting:
            return Step(thought, acting)
        if not calls:
            raise UnreadableStep("`actions` was empty. Name a tool with its arguments, or `finish`.")
        answer = _text(calls[0].arguments.get("answer"))
        if not answer.strip():
            raise UnreadableStep("`finish` came without its `answer`.")
        return Step(thought, answer=answer)

    def recorded(self, text: str) -> str:
        """The reply as it was: a tool's words cannot stand in this form."""
        return text.strip()


def _parsed(text: str) -> dict[str, Any]:
    start = text.find("{")
    value = load_object(text[start:]) if start >= 0 else None
    if value is None:
        raise UnreadableStep('The reply was no JSON object {"thought": ..., "actions": [...]}.')
    return value


def _actions(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    actions = value.get("actions")
    return [action for action in actions if isinstance(action, dict)] if isinstance(actions, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: object) -> str:
    # Anything but a string would not grow: 1 becomes 1.5 becomes 1500.0.
    return value if isinstance(value, str) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
