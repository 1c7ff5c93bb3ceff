"""Calls and answers that were written as JSON, whichever names their fields were given."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tao.dialects.reading.arguments import load_arguments
from tao.dialects.reading.names import Names, is_no_action
from tao.dialects.reading.result import Fault, Reading
from tao.dialects.reading.values import values_in, without_fence
from tao.dialects.step import FINISH, Call

__all__ = ["answer_in", "made_call", "read_objects", "read_value", "reading_of", "reading_of_calls"]

_NAME = (
    "tool",
    "tool_name",
    "action",
    "name",
    "function",
    "function_name",
    "recipient_name",
    "工具",
    "行动",
    "动作",
)
_ARGUMENTS = (
    *("arguments", "args", "parameters", "params", "action_input", "tool_input", "input", "kwargs"),
    *("action_arguments", "action_args", "参数", "输入", "行动输入", "动作输入"),
)
_THOUGHT = ("thought", "thoughts", "reasoning", "思考", "想法")
_ANSWER = ("final_answer", "answer", "最终答案", "最终回答", "答案")
_ANSWER_ARGUMENT = (
    *_ANSWER,
    "output",
    "result",
    "response",
    "text",
    "content",
    "message",
    "input",
    "return",
    "回答",
)
_SEVERAL = ("actions", "tool_calls", "calls", "tool_uses")
_OBSERVATION = ("observation", "tool_output", "tool_result", "观察")
_LEADING = re.compile(r"[*#>_ ]{0,8}(?:thoughts?|思考|想法)[*_ ]{0,4}[:：][*_ ]{0,4}", re.IGNORECASE)
_TRAILING = re.compile(
    r"(?:^|\n)[*#>_ ]{0,8}(?:action|行动|动作)[*_ ]{0,4}[:：]?[*_ ]{0,4}\Z|```\w{0,12}\Z|\s\Z", re.IGNORECASE
)
_TAIL = 40
_BETWEEN = " \t\r\n,;，；"
_DEPTH = 4
MOST_CALLS = 16


@dataclass(frozen=True, slots=True)
class _Found:
    thought: str = ""
    calls: tuple[Call, ...] = ()
    step: bool = False
    answer: str | None = None
    invented: str = ""


def read_objects(text: str, names: Names) -> Reading | None:
    """The first object that is a call or a step, and the calls that stand right beside it."""
    before, found, end = "", None, 0
    for value, start, stop in values_in(text):
        one = read_value(value, names)
        if found is None:
            found, before, end = one, text[:start], stop
        # One step is one object; calls alone may stand one after another.
        elif found.step or one is None or one.step or text[end:start].strip(_BETWEEN):
            break
        else:
            found, end = _joined(found, one), stop
        if found is not None and (found.answer is not None or found.invented):
            break
    return reading_of(found, before) if found else None


def read_value(value: Any, names: Names, depth: int = _DEPTH) -> _Found | None:
    """What a JSON value says; None when it is no call, step or answer."""
    if isinstance(value, list):
        return _read_list(value, names, depth)
    if not isinstance(value, dict) or depth == 0:
        return None
    fields = {_field(key): item for key, item in value.items()}
    thought = _text(_get(fields, _THOUGHT))
    invented = _text(_get(fields, _OBSERVATION))
    several = _get(fields, _SEVERAL)
    if isinstance(several, list) or "actions" in fields:
        parts = [_action(item, names) for item in several or () if isinstance(item, dict)] if several else []
        calls = tuple(call for call in parts if call is not None)[:MOST_CALLS]
        return _Found(
            thought, calls, step=True, answer=None if calls else _answer(fields, invented), invented=invented
        )
    call = _call(fields, names, depth)
    if call is not None:
        return _Found(thought or call.thought, call.calls, step=bool(thought), invented=invented)
    answer = _answer(fields, invented)
    if answer is None and not (thought and len(fields) == 1):
        return None
    return _Found(thought, step=True, answer=answer, invented=invented)


def reading_of(found: _Found, before: str = "") -> Reading:
    """What was found as a reading: calls come before an answer that was written beside them."""
    thought = found.thought or _prose(before)
    acting = tuple(call for call in found.calls if call.tool != FINISH)
    if acting:
        return Reading(thought, acting[:MOST_CALLS], invented=found.invented)
    if found.calls:
        answer: str | None = answer_in(found.calls[0].arguments)
    else:
        answer = found.answer
    if answer is not None and answer.strip():
        return Reading(thought, answer=answer, invented=found.invented)
    fault: Fault = "no_answer" if found.calls or answer is not None else "no_call"
    return Reading(thought, invented=found.invented, fault=fault)


def reading_of_calls(calls: tuple[Call, ...], before: str) -> Reading:
    """Calls that were found one by one, and the words before them, as a reading."""
    return reading_of(_Found(calls=calls), before)


def answer_in(arguments: Mapping[str, Any]) -> str:
    """The answer among the arguments of `finish`; an object without one is itself the answer."""
    found = _get({_field(key): item for key, item in arguments.items()}, _ANSWER_ARGUMENT)
    if found is None and any(item not in (None, "") for item in arguments.values()):
        found = dict(arguments)
    return _text(found)


def made_call(name: str, value: Any, names: Names) -> Call:
    """The call of a tool by the name that was written, with whatever was written for its arguments."""
    resolved = names.resolve(name)
    if resolved == FINISH and isinstance(value, str) and not value.lstrip().startswith("{"):
        return Call(FINISH, {"answer": without_fence(value)})
    written = (
        value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    )
    return Call(resolved, load_arguments(value, resolved, names), written)


def _read_list(values: list[Any], names: Names, depth: int) -> _Found | None:
    found: _Found | None = None
    for value in values[: 4 * MOST_CALLS]:
        one = read_value(value, names, depth - 1) if isinstance(value, dict) else None
        if one is None:
            continue
        # A second step in a list was written before the first one's result was known.
        if found is not None and (found.step or one.step):
            break
        found = _joined(found, one) if found else one
        if found.invented:
            break
    return found


def _joined(first: _Found, second: _Found) -> _Found:
    return _Found(
        first.thought or second.thought,
        first.calls + second.calls,
        answer=first.answer if first.answer is not None else second.answer,
        invented=first.invented or second.invented,
    )


def _action(item: Mapping[str, Any], names: Names) -> Call | None:
    """One entry of `actions`: whatever it names is meant as a tool."""
    fields = {_field(key): value for key, value in item.items()}
    inner = fields.get("function")
    if isinstance(inner, dict):
        fields = {_field(key): value for key, value in inner.items()}
    name = _text(_get(fields, _NAME))
    return (
        made_call(name, _get(fields, _ARGUMENTS), names) if name.strip() and not is_no_action(name) else None
    )


def _call(fields: Mapping[str, Any], names: Names, depth: int) -> _Found | None:
    for key in _NAME:
        name = fields.get(key)
        if isinstance(name, dict):
            inner = read_value(name, names, depth - 1)
            if inner is not None and inner.calls:
                return inner
        if not isinstance(name, str) or is_no_action(name):
            continue
        given = next((field for field in _ARGUMENTS if field in fields and field != key), None)
        if given is not None and _telling(fields, given, name, names):
            return _Found(calls=(made_call(name, fields[given], names),))
        if given is None and names.find(name) not in (None, FINISH):
            rest = {
                k: v for k, v in fields.items() if k in names.parameters(names.resolve(name)) and k != key
            }
            return _Found(calls=(made_call(name, rest, names),))
    return _keyed(fields, names)


def _telling(fields: Mapping[str, Any], given: str, name: str, names: Names) -> bool:
    """Whether two fields make a call even of a tool that is not on offer."""
    if names.find(name) is not None:
        return True
    # With a description it is a tool's definition, not a call of it.
    return given != "input" and "description" not in fields and len(name.split()) == 1


def _keyed(fields: Mapping[str, Any], names: Names) -> _Found | None:
    """`{"server__tool": {...}}`: the tool's own name as the key."""
    calls = tuple(
        made_call(key, value, names)
        for key, value in fields.items()
        if isinstance(value, dict) and names.find(key) is not None
    )
    return _Found(calls=calls) if calls else None


def _answer(fields: Mapping[str, Any], invented: str) -> str | None:
    # What is said after an observation of one's own rests on it.
    found = None if invented else _get(fields, _ANSWER)
    return None if found is None else _text(found)


def _get(fields: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((fields[key] for key in keys if fields.get(key) is not None), None)


def _field(key: object) -> str:
    return "_".join(str(key).strip().casefold().replace("-", " ").split())


def _text(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _prose(text: str) -> str:
    """The words before a call, without the label, the tag or the fence that belongs to it."""
    bare = _LEADING.sub("", text.strip(), count=1)
    while (shorter := _TRAILING.sub("", bare[-_TAIL:])) != bare[-_TAIL:]:
        bare = bare[:-_TAIL] + shorter
    return bare.strip()
