"""The `tools` dialect: native function calling, with what arrives as text instead salvaged."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tao.dialects.frames import defused
from tao.dialects.meaning import in_one_message, step_of
from tao.dialects.reading import load_object, read_reply
from tao.dialects.reading.arguments import load_arguments
from tao.dialects.reading.inventions import own_words
from tao.dialects.reading.names import Names
from tao.dialects.reading.objects import answer_in
from tao.dialects.reading.result import Reading
from tao.dialects.step import ASK, FINISH, Call, Glimpse, Step, UnreadableStep
from tao.models.chat import ChatRequest, Completion, Message, ToolCall
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language, render

__all__ = ["ToolsDialect"]

# What the chat completions API takes as a function's name.
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64
# A reply that begins so may be a call that the endpoint did not recognise as one.
_MAY_BE_CALL = re.compile(r"\s*+(?:[{\[<`]|$)")


class ToolsDialect:
    """Calls come in `tool_calls`; a reply without any is the answer."""

    name = "tools"

    def __init__(self, *, prompts: Path | None = None) -> None:
        self._prompts = prompts

    def opening(self, tools: Sequence[ToolSpec], language: Language, now: str) -> list[Message]:
        """The system prompt; the tools go beside the messages."""
        return [Message("system", render("agent/tools", language, {"now": now}, folder=self._prompts))]

    def request(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> ChatRequest:
        """A request that offers the tools, and asking the user."""
        known = (*tools, ASK)
        sent = [_function(name, tool) for name, tool in zip(_sent_names(known), known, strict=True)]
        return ChatRequest(messages, tools=sent)

    def glimpse(self, text: str) -> Glimpse:
        """What is written beside calls: the answer, unless it looks like a call."""
        return Glimpse() if _MAY_BE_CALL.match(text) else Glimpse(answer=own_words(text))

    def read(self, completion: Completion, tools: Sequence[ToolSpec]) -> Step:
        """Read the native calls; without any, whatever call the text holds; without that, the answer."""
        known = (*tools, ASK)
        if completion.tool_calls:
            sent = _sent_names(known)
            calls = tuple(_call(call, sent, Names(known)) for call in completion.tool_calls)
            if all(call.tool == FINISH for call in calls):
                return _finished(completion.text.strip(), calls[0])
            return step_of(Reading(completion.text.strip(), calls))
        found = read_reply(completion.text, known, first="calls")
        if found.fault is None and (found.calls or found.answer is not None):
            return step_of(found)
        answer = own_words(completion.text).strip()
        if not answer:
            raise UnreadableStep("The reply was empty. Call a tool, or answer.")
        return Step("", answer=answer)

    def recorded(self, completion: Completion) -> Message:
        """The reply with its calls, in a form that every endpoint takes back."""
        calls = tuple(_sendable(call) for call in completion.tool_calls)
        return Message("assistant", own_words(completion.text).strip(), tool_calls=calls)

    def written(self, step: Step) -> Message:
        """The step in words, since calls of another dialect have no ids."""
        if step.answer is not None:
            return Message("assistant", step.answer)
        called = [f"{call.tool}({_json(call.arguments)})" for call in step.calls]
        return Message("assistant", "\n".join(part for part in (step.thought, *called) if part))

    def observed(self, step: Step, results: Sequence[str]) -> Sequence[Message]:
        """Each result as the message of its call."""
        if not all(call.id for call in step.calls):
            return in_one_message(results)
        return [
            Message("tool", text, tool_call_id=call.id)
            for call, text in zip(step.calls, results, strict=True)
        ]


def _function(name: str, tool: ToolSpec) -> dict[str, Any]:
    function = {
        "name": name,
        # A server's words stand in the prompt: without the marks of a role.
        "description": defused(tool.description),
        "parameters": _described(dict(tool.input_schema)) or {"type": "object", "properties": {}},
    }
    return {"type": "function", "function": function}


def _described(schema: Any) -> Any:
    """The schema with its descriptions without such marks; all else is what the server checks."""
    if isinstance(schema, list):
        return [_described(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: defused(part) if key == "description" and isinstance(part, str) else _described(part)
        for key, part in schema.items()
    }


def _sent_names(tools: Sequence[ToolSpec]) -> dict[str, str]:
    """The tools' names by those that are sent: in their order, and no two alike."""
    sent: dict[str, str] = {}
    for tool in tools:
        plain = name = _NOT_IN_NAMES.sub("_", tool.name)[:_LONGEST_NAME]
        number = 1
        while name in sent:
            number += 1
            name = f"{plain[: _LONGEST_NAME - 4]}_{number}"
        sent[name] = tool.name
    return sent


def _call(call: ToolCall, sent: Mapping[str, str], names: Names) -> Call:
    name = sent.get(call.name) or names.resolve(call.name)
    return Call(name, load_arguments(call.arguments, name, names), call.arguments, call.id)


def _finished(thought: str, call: Call) -> Step:
    """The end of a run by a call, which other forms have and this one needs not."""
    answer = answer_in(call.arguments).strip() or thought
    if not answer:
        raise UnreadableStep("The answer was empty. Answer in words, without a call.")
    return Step("", answer=answer)


def _sendable(call: ToolCall) -> ToolCall:
    """The call as it may be sent: many endpoints fail on arguments that are no JSON object."""
    name = _NOT_IN_NAMES.sub("_", call.name)[:_LONGEST_NAME]
    try:
        whole = isinstance(json.loads(call.arguments), dict)
    except (ValueError, RecursionError):
        whole = False
    arguments = call.arguments if whole else _json(load_object(call.arguments) or {})
    return ToolCall(call.id, name, arguments)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
