"""What the reading rules say of each case of the sets, worked out without the reader.

The unit cases carry what the parser expected that they were written for. Where docs/reading-rules.md decides
otherwise, a predicate below says so by the rule's number; none names a case. The raw outputs carry no
expected value: there a simple reading of line beginnings says what must be found.
"""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Expected", "Said", "believes", "expected_of_output", "expected_of_unit", "meets"]

Kind = Literal["action", "final", "nothing", "no_call", "no_tool_call", "words", "json"]
_ENDINGS = {"terminate", "finish"}
_INPUT = re.compile(r"^\W*action[ _]?input\W", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(
    r"^[^\w\n]*action\s*\d*[ *]*(?::\**[ \t]*(?!\n)(.*)|:?\**[ ]*$\n+(.*))", re.IGNORECASE | re.MULTILINE
)
_BLOB = re.compile(r"[\"'](?:action|tool)[\"']\s*:\s*[\"'](\w+)[\"']")
_FINAL = re.compile(r"^[^\w\n]*final[ _]answer\W*?[:：](.*)", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_OBSERVED = re.compile(
    r"^[^\w\n]*(?:observation|观察)[^\w\n]*(?:\d+)?[^\w\n]*?[:：](.*)", re.IGNORECASE | re.MULTILINE
)
_ANY_LABEL = re.compile(
    r"^\W*(?:thought|action|(?:final )?answer)\b.{0,6}[:：]", re.IGNORECASE | re.MULTILINE
)
_NO_ACTION = re.compile(r"^\W*(?:none|no action|no tool|not needed|n/a)\b|^\s*\(|^\W*$", re.IGNORECASE)
_LONG = 12


@dataclass(frozen=True)
class Expected:
    """What is to be read; `rule` where it is a rule of ours and not the source that says so."""

    kind: Kind
    tool: str = ""
    arguments: Any = None
    answer: str = ""
    rule: int | None = None


@dataclass(frozen=True)
class Said:
    """What a reader made of a case."""

    tool: str | None = None
    arguments: Any = None
    answer: str | None = None
    value: Any = None
    thought: str = ""
    crash: str | None = None


def expected_of_unit(text: str, expect: Mapping[str, Any]) -> Expected:
    """The source's expectation of a unit case, or ours by the number of its rule."""
    if "asserts" in expect:
        return _of_asserts(list(expect["asserts"]))
    kind = expect["kind"]
    if kind == "json":
        return Expected("json", arguments=expect["value"])
    if kind == "arguments":
        return Expected("json", arguments=expect["action_input"])
    ours = _ours(text, kind)
    if ours is not None:
        return ours
    if kind == "action":
        return Expected("action", expect["action"], expect["action_input"])
    if kind == "final":
        return Expected("final", answer=expect["answer"])
    return Expected("no_call" if kind in {"no_tool", "error_or_final"} else "nothing")


def _ours(text: str, kind: str) -> Expected | None:
    """Where sources disagree: an action without an input, and an action and an answer in one reply."""
    observed = _OBSERVED.search(text)
    head = text[: observed.start()] if observed else text
    action, final, given = _ACTION.search(head), _FINAL.search(head), _INPUT.search(head)
    name = (action[1] or action[2] or "").strip() if action else ""
    if kind == "final" and not _ANY_LABEL.search(text) and "{" not in text:
        return Expected("words", answer=text.strip(), rule=38)
    if action is None or _NO_ACTION.match(name) or len(name.split()) != 1 or name.startswith("```"):
        return None
    if final is not None and final.start() < action.start():
        answer = re.split(r"\n\s*Action\s*:", final[1])[0].strip()
        return Expected("final", answer=answer, rule=11) if kind == "error" else None
    if given is not None and kind in {"error", "final"} and (final is not None or observed is not None):
        said = head[given.end() : final.start() if final else len(head)].strip(" :\n")
        return Expected("action", name, said, rule=11 if final else 3)
    if given is None and kind == "error":
        return Expected("action", name, {}, rule=13)
    return None


def _of_asserts(asserts: Sequence[str]) -> Expected:
    """DB-GPT's assertions: its first step is ours, since the others rest on observations not made yet."""
    if any(re.fullmatch(r"len\(steps\) == 0", line) for line in asserts):
        return Expected("nothing")
    found: dict[str, Any] = {}
    for line in asserts:
        match = re.fullmatch(r"steps\[0\]\.(action|action_input) == (.*)", line, re.DOTALL)
        if match is not None:
            found[match[1]] = ast.literal_eval(match[2])
    ends = any("is_terminal" in line and "False" not in line for line in asserts if "steps[0]" in line)
    if ends or found.get("action") in _ENDINGS or ("action" not in found and "result" in str(found)):
        given = found.get("action_input")
        answer = next(iter(given.values())) if isinstance(given, dict) and given else given
        return Expected("final", answer=str(answer or ""), rule=17)
    if "action" not in found:
        return Expected("no_call")
    return Expected("action", found["action"], found.get("action_input"))


def expected_of_output(text: str, tools: Sequence[str]) -> Expected:
    """What a raw output holds by its line beginnings, up to an observation of its own.

    A tool on offer in the first action that is one, or in a field `"action"`: that call. No such action but a
    final answer: that answer. Else no call of any tool on offer.
    """
    head = _head(text)
    final = _FINAL.search(head)
    for action in _ACTION.finditer(head, 0, final.start() if final else len(head)):
        said = (action[1] or action[2] or "").strip()
        if _NO_ACTION.match(said) or re.match(r"\W*(?:final )?answer\b", said, re.IGNORECASE):
            continue
        named = [tool for tool in tools if re.search(rf"\b{re.escape(tool)}\b", said)]
        if len(named) == 1 and len(said.split()) <= 2:
            return Expected("action", named[0])
        if len(said.split()) <= 4:
            # Some other tool, which nobody offers: to be refused, not to be guessed at here.
            return Expected("no_tool_call")
    if final is not None and final[1].strip():
        return Expected("final", answer=final[1].strip()[:40])
    blob = _BLOB.search(head)
    if blob is not None and blob[1] in tools:
        return Expected("action", blob[1])
    return Expected("no_tool_call")


def _head(text: str) -> str:
    """Up to the first observation; after an action that is none it may say that it is none (rule 5)."""
    at = 0
    while match := _OBSERVED.search(text, at):
        actions = [(m[1] or m[2] or "").strip() for m in _ACTION.finditer(text, 0, match.start())]
        nothing = re.match(r"\s*(?:\(?(?:none|no)\b|$)", match[1], re.IGNORECASE)
        if not (nothing and actions and all(_NO_ACTION.match(name) for name in actions)):
            return text[: match.start()]
        at = match.end()
    return text


def invention(text: str) -> str:
    """What follows the first observation that a reply made up, the observation included."""
    return text[len(_head(text)) :]


def believes(said: Said, text: str) -> bool:
    """Whether words that stand only in the invented part got into what was read."""
    tail = invention(text)
    head = text[: len(text) - len(tail)]
    pieces = [said.answer or "", said.thought, *_strings(said.arguments)]
    lines = [line.strip() for piece in pieces for line in piece.splitlines()]
    return any(len(line) >= _LONG and line in tail and line not in head for line in lines)


def meets(expected: Expected, said: Said, tools: Sequence[str] = ()) -> bool:
    """Whether what was read is what was expected; arguments count only where they are known."""
    if said.crash is not None:
        return False
    match expected.kind:
        case "json":
            return bool(said.value == expected.arguments) and type(said.value) is type(expected.arguments)
        case "action":
            same = (said.tool or "").casefold() == expected.tool.casefold()
            return same and (expected.arguments is None or _same(expected.arguments, said.arguments))
        case "final":
            return said.tool is None and _squeezed(said.answer or "").startswith(_squeezed(expected.answer))
        case "words":
            # No step, but kept: the loop takes them for the answer once something was observed.
            return said.tool is None and _squeezed(expected.answer) in _squeezed(said.answer or said.thought)
        case "nothing":
            return said.tool is None and said.answer is None
        case "no_call":
            return said.tool is None
        case "no_tool_call":
            return said.tool not in tools


def _same(expected: Any, said: Any) -> bool:
    return bool(_plain(expected) == _plain(said))


def _plain(value: Any) -> Any:
    """A value without the ways of writing it: JSON text as its value, a bare text without its parameter."""
    if isinstance(value, Mapping) and set(value) == {"input"}:
        value = value["input"]
    if isinstance(value, str):
        for load in (json.loads, ast.literal_eval):
            try:
                loaded = load(value.strip())
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
            return loaded if isinstance(loaded, dict | list | str) else value.strip()
        return value.strip()
    return {} if value is None or value == {} else value


def _squeezed(text: str) -> str:
    return " ".join(text.replace("*", " ").replace('"', " ").split())


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [piece for item in value.values() for piece in _strings(item)]
    return [piece for item in value for piece in _strings(item)] if isinstance(value, list) else []
