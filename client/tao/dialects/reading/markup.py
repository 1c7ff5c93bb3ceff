"""Calls in the marks of chat templates, which a server did not take out of the text.

Qwen, Hermes, GLM, MiniMax and Llama use tags, Mistral `[TOOL_CALLS]`, DeepSeek and Kimi special tokens,
gpt-oss channels (the harmony form).
"""

import re
from collections.abc import Iterator

from tao.dialects.reading.arguments import load_call_arguments
from tao.dialects.reading.names import Names
from tao.dialects.reading.objects import MOST_CALLS, made_call, read_objects, reading_of_calls
from tao.dialects.reading.pairs import balanced_end, load_literal
from tao.dialects.reading.pythonic import calls_in
from tao.dialects.reading.result import Reading
from tao.dialects.step import Call

__all__ = ["read_markup", "without_tokens"]

_TAG = "tool_call|tools?|tool_use|tool_code|function_calls?|action"
_OPENED = re.compile(
    rf"<(?:{_TAG})>|<(?:function|invoke|tool_call|tool)(?==|\s+name=)|<[|｜]python_tag[|｜]>|\[TOOL_CALLS\]"
    r"|<[|｜]tool[_▁]calls?[_▁](?:section[_▁])?begin[|｜]>|<[|｜]channel[|｜]>",
    re.IGNORECASE,
)
_FUNCTION = re.compile(
    r"<(?:function|invoke|tool_call|tool)(?:=|\s++name=)\s*+[\"']?([^\s\"'>]{1,200}+)[\"']?\s*+>",
    re.IGNORECASE,
)
_FUNCTION_END = re.compile(r"</(?:function|invoke|tool_call|tool)>", re.IGNORECASE)
_PARAMETER = re.compile(
    r"<(?:parameter|param)(?:=|\s++name=)\s*+[\"']?([^\"'>]{1,200}+)[\"']?\s*+>", re.IGNORECASE
)
_PARAMETER_END = re.compile(r"\s*+</(?:parameter|param)>", re.IGNORECASE)
_ARGUMENT_KEY = re.compile(r"<arg_key>([^<]*+)</arg_key>\s*+<arg_value>", re.IGNORECASE)
_BLOCK = re.compile(rf"<(?:{_TAG})>|</(?:{_TAG})>", re.IGNORECASE)
_TOKEN_CALL = re.compile(r"<[|｜]tool[_▁]call[_▁]begin[|｜]>", re.IGNORECASE)
_TOKEN_HEAD = re.compile(
    r"\s*+(?:function<[|｜]tool[_▁]sep[|｜]>)?\s*+([\w.\-]++)(?::\d++)?\s*+"
    r"(?:<[|｜]tool[_▁](?:sep|call[_▁]argument[_▁]begin)[|｜]>)?",
    re.IGNORECASE,
)
_MISTRAL_HEAD = re.compile(r"\s*+([\w.\-]++)\s*+(?:\[CALL_ID\][\w\-]*+)?(?:\[ARGS\])?\s*+(?=\{)")
_CHANNEL = re.compile(
    r"<[|｜]channel[|｜]>\s*+(\w++)([^<]*+)(?:<[|｜]constrain[|｜]>\s*+\w*+\s*+)?<[|｜]message[|｜]>",
    re.IGNORECASE,
)
_RECIPIENT = re.compile(r"to=([\w.\-]++)")
_SPECIAL = re.compile(r"<[|｜][\w▁ ]{1,40}+[|｜]>|</s>|<s>")


def read_markup(text: str, names: Names) -> Reading | None:
    """The calls in the marks of any template; the text before them is thought."""
    opened = _OPENED.search(text)
    if opened is None:
        return None
    before, body = without_tokens(text[: opened.start()]).strip(), text[opened.start() :]
    mark = opened[0].casefold()
    if "channel" in mark:
        return _read_channels(body, before, names)
    if "tool" in mark and mark[:2] in {"<|", "<｜"}:
        return _reading(before, _token_calls(body, names))
    if mark.startswith("["):
        return _read_mistral(body[len(mark) :], before, names)
    if "python_tag" in mark:
        return _inside(without_tokens(body), before, names)
    return _read_tags(body, before, names)


def without_tokens(text: str) -> str:
    """A text without the special tokens of templates, which some servers leave in it."""
    return _SPECIAL.sub("", text)


def _reading(before: str, calls: Iterator[Call]) -> Reading | None:
    found = tuple(call for call, _ in zip(calls, range(MOST_CALLS), strict=False))
    return reading_of_calls(found, before) if found else None


def _inside(body: str, before: str, names: Names) -> Reading | None:
    """JSON or a Python call, with nothing round it."""
    found = read_objects(body, names)
    if found is None:
        return _reading(before, calls_in(body, names, anyhow=True))
    return Reading(found.thought or before, found.calls, found.answer, found.invented, found.fault)


def _read_tags(body: str, before: str, names: Names) -> Reading | None:
    functions = _reading(before, _function_calls(body, names))
    if functions is not None:
        return functions
    calls: list[Call] = []
    for block in _BLOCK.split(body)[: 4 * MOST_CALLS]:
        keyed = _ARGUMENT_KEY.search(block)
        if keyed is not None:
            calls.append(_keyed_call(block, keyed.start(), names))
        elif block.strip():
            found = _inside(block, before, names)
            if found is None:
                continue
            if found.answer is not None and not calls:
                return found
            calls += found.calls
    return _reading(before, iter(calls))


def _function_calls(body: str, names: Names) -> Iterator[Call]:
    """`<function=name>` and `<invoke name="...">`, with parameters as tags or as JSON."""
    heads = list(_FUNCTION.finditer(body))
    for head, following in zip(heads, [*heads, None][1:], strict=True):
        inside = body[head.end() : following.start() if following else len(body)]
        ended = _FUNCTION_END.search(inside)
        inside = inside[: ended.start()] if ended else inside
        parameters = _PARAMETER.split(inside)[1:]
        values = {
            key.strip(): _tag_value(_PARAMETER_END.split(text, 1)[0])
            for key, text in zip(parameters[::2], parameters[1::2], strict=True)
        }
        yield made_call(head[1], values or inside.strip(), names)


def _keyed_call(block: str, start: int, names: Names) -> Call:
    """GLM's `name <arg_key>k</arg_key><arg_value>v</arg_value>`."""
    parts = _ARGUMENT_KEY.split(block[start:])[1:]
    values = {
        key.strip(): _tag_value(text.partition("</arg_value>")[0])
        for key, text in zip(parts[::2], parts[1::2], strict=True)
    }
    return made_call(block[:start].strip(), values, names)


def _tag_value(text: str) -> object:
    # A value in tags stands without quotes: only what can be nothing else than JSON is read as such.
    bare = text.strip("\r\n")
    return load_literal(bare) if bare.strip()[:1] in {"{", "["} else bare.strip()


def _token_calls(body: str, names: Names) -> Iterator[Call]:
    for piece in _TOKEN_CALL.split(body)[1:]:
        head = _TOKEN_HEAD.match(piece)
        if head is not None:
            yield made_call(
                head[1], without_tokens(piece[head.end() :].partition("<｜tool▁call▁end｜>")[0]), names
            )


def _read_mistral(body: str, before: str, names: Names) -> Reading | None:
    heads = (_MISTRAL_HEAD.match(piece) for piece in body.split("[TOOL_CALLS]"))
    calls = [
        Call(
            names.resolve(head[1]),
            load_call_arguments(_braced(head.string, head.end()), names.resolve(head[1]), names),
        )
        for head in heads
        if head is not None
    ]
    return _reading(before, iter(calls)) if calls else _inside(without_tokens(body), before, names)


def _braced(text: str, start: int) -> str:
    end = balanced_end(text, start)
    return text[start : end + 1] if end >= 0 else text[start:]


def _read_channels(body: str, before: str, names: Names) -> Reading | None:
    """gpt-oss: what is said in `final` is the answer, `to=functions.x` is a call, the rest is thought."""
    thoughts, calls, answer = [before], [], ""
    heads = list(_CHANNEL.finditer(body))
    for head, following in zip(heads, [*heads, None][1:], strict=True):
        said = body[head.end() : following.start() if following else len(body)]
        said = re.split(r"<[|｜](?:end|call|return|start)[|｜]>", said, maxsplit=1)[0].strip()
        recipient = _RECIPIENT.search(head[2])
        if recipient is not None:
            calls.append(made_call(recipient[1], said, names))
        elif head[1].casefold() == "final":
            answer = answer or said
        else:
            thoughts.append(said)
    thought = "\n".join(part for part in thoughts if part)
    if calls or not answer:
        return reading_of_calls(tuple(calls[:MOST_CALLS]), thought) if calls else None
    return Reading(thought, answer=answer)
