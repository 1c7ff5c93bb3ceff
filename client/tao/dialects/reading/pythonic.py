"""Calls written as Python writes them, or as the ReAct paper does: `tool(a=1)`, `Search[x]`."""

import re
from collections.abc import Iterator

from tao.dialects.reading.arguments import load_call_arguments
from tao.dialects.reading.names import Names, is_none
from tao.dialects.reading.objects import MOST_CALLS, reading_of_calls
from tao.dialects.reading.pairs import balanced_end, load_literal
from tao.dialects.reading.result import Reading
from tao.dialects.step import FINISH, Call

__all__ = ["called", "calls_in", "read_calls"]

# At the start of a line, perhaps in a list, in `print(...)` or with a name for the result.
_LINE_CALL = re.compile(
    r"^[ \t>*`\-]*+(?:\d{1,2}[.)][ \t]++)?(?:\w{1,40}[ \t]*=[ \t]*(?:await[ \t]+)?)?"
    r"\[?[ \t]*(?:print\([ \t]*)?"
    r"([^\W\d][\w.\-]{0,100}+)[ \t]?(?=[(\[])",
    re.MULTILINE,
)
_NEXT_CALL = re.compile(r"\s*+[,;]?\s*+([^\W\d][\w.\-]{0,100}+)(?=[(\[])")
_MOST_ATTEMPTS = 24


def read_calls(text: str, names: Names) -> Reading | None:
    """Calls of tools on offer, each at the start of a line; the text before the first is thought."""
    first = next(_heads(text, names), None)
    if first is None:
        return None
    found = tuple(call for call, _ in zip(calls_in(text, names), range(MOST_CALLS), strict=False))
    before = (
        text[: first.start()].strip().removesuffix("```tool_code").removesuffix("```python").strip("`\n ")
    )
    return reading_of_calls(found, before) if found else None


def calls_in(text: str, names: Names, *, anyhow: bool = False) -> Iterator[Call]:
    """The calls of a text; `anyhow` also those of tools that are not on offer."""
    at = 0
    for head in _heads(text, names, anyhow=anyhow):
        match: re.Match[str] | None = head
        # `[a(x=1), b(y=2)]`: the others follow on the same line.
        while match and match.start() >= at and (anyhow or names.find(match[1])):
            call, at = called(match[1], text, match.end(), names)
            yield call
            match = _NEXT_CALL.match(text, at)


def called(name: str, text: str, start: int, names: Names) -> tuple[Call, int]:
    """The call of `name` whose bracket stands at `start`, and where it ends."""
    end = balanced_end(text, start)
    if end < 0:
        # An apostrophe may have hidden the bracket, which then ends the line.
        line = text.find("\n", start)
        end = text.rfind({"(": ")", "[": "]"}.get(text[start], "）"), start, line if line >= 0 else len(text))
        end = end if end >= 0 else (line if line >= 0 else len(text))
    inside = text[start + 1 : end].strip()
    resolved = names.resolve(name)
    if resolved == FINISH and not inside.startswith(("{", "answer")):
        return Call(FINISH, {"answer": load_literal(inside) if inside[:1] in {'"', "'"} else inside}), end + 1
    arguments = {} if is_none(inside) else load_call_arguments(inside, resolved, names)
    return Call(resolved, arguments, inside), end + 1


def _heads(text: str, names: Names, *, anyhow: bool = False) -> Iterator[re.Match[str]]:
    attempts = 0
    for match in _LINE_CALL.finditer(text):
        if anyhow or names.find(match[1]) is not None:
            attempts += 1
            if attempts > _MOST_ATTEMPTS:
                return
            yield match
