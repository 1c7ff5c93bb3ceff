"""Labelled lines: `Thought:`, `Action:`, `Action Input:`, `Final Answer:`, and their Chinese names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from tao.dialects.reading.inventions import INVENTED_TAGS, OBSERVATION_WORDS
from tao.dialects.reading.names import Names, clean_name, is_no_action, is_sentence
from tao.dialects.reading.objects import answer_in, made_call, read_objects
from tao.dialects.reading.pythonic import called
from tao.dialects.reading.result import Reading
from tao.dialects.reading.values import without_fence
from tao.dialects.step import FINISH, Call

__all__ = ["Part", "first_part", "may_become_label", "parts_of", "read_inline_labels", "read_labels"]

_LABELS = {
    "thought": ("thought", "thoughts", "思考", "想法"),
    "action": ("action", "行动", "动作", "✿function✿"),
    "input": ("action input", "action arguments", "行动输入", "动作输入", "行动参数", "动作参数", "✿args✿"),
    "answer": ("final answer", "最终答案", "最终回答", "✿return✿"),
    # Weak: a word that an answer may use itself, so that it begins nothing inside one.
    "weak": ("answer", "答案", "回答"),
}
_KIND = {word.replace(" ", ""): kind for kind, words in _LABELS.items() for word in words}
_MARKUP = " \t>*#_"
_NAMES = "|".join(
    sorted((w.replace(" ", "[ _]?") for ws in _LABELS.values() for w in ws), key=len, reverse=True)
)
# Possessive, since a model may write spaces without end; ASCII, since a dotless i is no i.
_ITEM = r"((?:\d{1,3}+[.)、]|-)[ \t]*+[*_]*+)?"
_NUMBER = r"[ \t]*+[\d０-９]*+[ \t*_]*+"
_LABEL_NAME = rf"^[{_MARKUP}]*+{_ITEM}({_NAMES}){_NUMBER}"
_HEADING = rf"^[ \t>]*+(?:#++[ \t]*+[*_]*+|\*\*[ \t]*+){_ITEM}({_NAMES}){_NUMBER}$"
_LABEL = re.compile(
    rf"(?:{_LABEL_NAME}[:：][*_]*+[ \t]*+)|(?:{_HEADING})", re.ASCII | re.IGNORECASE | re.MULTILINE
)
_NO_COLON_YET = re.compile(rf"{_LABEL_NAME}\Z", re.ASCII | re.IGNORECASE)
_ITEM_BEGUN = re.compile(rf"[{_MARKUP}]*+(?:\d{{1,3}}+(?:[.)、]|\Z)|-)[ \t]*+")
_INLINE_INPUT = re.compile(
    r"[ \t,，;；|]{0,8}+[*_`]{0,4}+(?:action[ _]?input|行动输入|动作输入)[ \t*_]*+[:：]", re.IGNORECASE
)
_INLINE_LABEL = re.compile(
    r"(?<=[.!?。！？;；\s*])(?:(Action|行动|动作)|(Final Answer|最终答案))[ \t*]*+[:：][ \t*]*+"
)
_HEAD = re.compile(r"[`*'\"\[]*+([^\W\d][\w.\-]{0,100}+)[`*'\"\]]*+([ \t]*+)", re.ASCII)
_CHINESE_HEAD = re.compile(r"[`*'\"]*+([^\W\d][\w.\-]{0,100}+)[`*'\"]*+([ \t]*+)")
_AGAIN = re.compile(r"^(?:Action|行动|动作)[ \t*]{0,4}[:：][ \t*]*+", re.IGNORECASE)
_MOST_INLINE = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A labelled part of a reply."""

    kind: str
    text: str


def parts_of(text: str) -> list[Part]:
    """The labelled parts in order; what precedes the first label is thought, and empty ones are left out."""
    parts: list[Part] = []
    kind, start = "thought", 0
    for match in _LABEL.finditer(text):
        number, word = (match[1], match[2]) if match[2] else (match[3], match[4])
        found = _KIND[re.sub(r"[ _]", "", word.casefold())]
        if kind in {"answer", "weak"} and text[start : match.start()].strip() and (found == "weak" or number):
            continue
        parts.append(Part(kind, text[start : match.start()].strip()))
        kind, start = found, match.end()
    parts.append(Part(kind, text[start:].strip()))
    return [part for part in parts if part.text]


def first_part(parts: Sequence[Part], kind: str) -> str:
    """The text of the first part of a kind, or nothing."""
    return next((part.text for part in parts if part.kind == kind), "")


def may_become_label(line: str, *, answering: bool) -> bool:
    """Whether an unfinished line may still turn out to be a label; in an answer no item of a list is one."""
    item = _ITEM_BEGUN.match(line)
    if item is not None and answering:
        return False
    begun = (line[item.end() :] if item else line).lstrip(_MARKUP).casefold().replace("_", " ")
    words = (*(word for words in _LABELS.values() for word in words), *OBSERVATION_WORDS)
    tags = tuple(f"<{tag}" for tag in INVENTED_TAGS)
    return any(word.startswith(begun) for word in (*words, *tags)) or _NO_COLON_YET.match(line) is not None


def read_labels(text: str, names: Names) -> Reading | None:
    """The first action or final answer, whichever comes first; None without any label of either."""
    parts = parts_of(text)
    thought = first_part(parts, "thought")
    finished = named_none = False
    for number, part in enumerate(parts):
        if part.kind == "answer":
            return Reading(thought, answer=part.text)
        if part.kind != "action":
            continue
        found = _action(part.text, _input_of(parts, number), names)
        if found is None:
            named_none = True
        elif found.calls:
            return Reading(thought or found.thought, found.calls)
        elif found.answer is not None:
            return Reading(thought or found.thought, answer=found.answer)
        else:
            finished = True
    weak = first_part(parts, "weak")
    if weak:
        return Reading(thought, answer=weak)
    if finished or named_none:
        return Reading(thought, fault="no_answer" if finished else "no_call")
    return None


def read_inline_labels(text: str, names: Names) -> Reading | None:
    """Labels in the middle of a line, as a last resort: `... Action: tool[x]`, `... Final Answer: 7`."""
    for match in islice(_INLINE_LABEL.finditer(text), _MOST_INLINE):
        before, after = text[: match.start()].strip(), text[match.end() :]
        if match[2] is not None:
            return Reading(before, answer=after.strip()) if after.strip() else None
        found = _action(after.strip(), "", names)
        if found is not None and found.calls and names.tool(found.calls[0].tool) is not None:
            return Reading(before, found.calls)
    return None


def _input_of(parts: Sequence[Part], action: int) -> str:
    for part in parts[action + 1 :]:
        if part.kind in {"input", "action", "answer"}:
            return part.text if part.kind == "input" else ""
    return ""


def _action(text: str, given: str, names: Names) -> Reading | None:
    """What an action part says: a call, an answer, a fault; None when it says that there is no action."""
    text = _AGAIN.sub("", text)
    if text.startswith(("{", "[{", "```")):
        found = read_objects(without_fence(text), names)
        if found is not None:
            return found
    inline = _inline_call(text, names)
    if inline is None:
        return None
    if given and (
        not inline.written or inline.tool == FINISH or text.partition("\n")[0].strip() == inline.tool
    ):
        inline = made_call(inline.tool, given, names)
    if inline.tool != FINISH:
        return Reading(calls=(inline,))
    answer = answer_in(inline.arguments)
    return Reading(answer=answer) if answer.strip() else Reading(fault="no_answer")


def _inline_call(text: str, names: Names) -> Call | None:
    line, _, rest = text.partition("\n")
    below = rest.strip() if rest.lstrip().startswith(("{", "```")) else ""
    split = _INLINE_INPUT.search(line)
    if split is not None:
        return made_call(line[: split.start()], f"{line[split.end() :]}\n{rest}".strip(), names)
    if names.find(line) is not None:
        return made_call(line, below, names)
    if is_no_action(line):
        return None
    head = _HEAD.match(text) or _CHINESE_HEAD.match(text)
    found = _bracketed(head, text, names) if head else None
    if found is None:
        name, colon, after = line.replace("：", ":").partition(":")
        if colon and names.find(name) is not None:
            found = made_call(name, f"{after}\n{rest}".strip(), names)
        elif not is_sentence(clean_name(line)):
            found = made_call(line, below, names)
    return found


def _bracketed(head: re.Match[str], text: str, names: Names) -> Call | None:
    """`tool(...)`, `Tool[...]`, `tool {...}`, `tool words`: of a known tool, or where the form is plain."""
    name, at = head[1], head.end()
    sign, known = text[at : at + 1], names.find(name) is not None
    if sign and sign in "([（" and (known or not head[2] or text[at + 1 : at + 2] == "{"):
        return called(name, text, at, names)[0]
    if sign == "{" and (known or head[2]):
        return made_call(name, text[at:], names)
    if known and sign and (head[2] or sign in ",，") and names.find(text.partition("\n")[0]) is None:
        return made_call(name, text[at:].lstrip(" ,，-"), names)
    return None
