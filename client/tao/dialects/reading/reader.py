"""Reads any reply of a model, whatever form was asked for. The rules are in docs/reading-rules.md."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from tao.dialects.reading.inventions import answers_first, own_words, parted_thinking
from tao.dialects.reading.labels import first_part, parts_of, read_inline_labels, read_labels
from tao.dialects.reading.markup import read_markup, without_tokens
from tao.dialects.reading.names import Names
from tao.dialects.reading.objects import read_objects, read_value, reading_of
from tao.dialects.reading.pythonic import read_calls
from tao.dialects.reading.result import Reading
from tao.dialects.reading.values import first_value
from tao.toolbox.tool import ToolSpec

__all__ = ["Form", "read_reply"]

Form = Literal["labels", "object", "calls"]
_Reader = Callable[[str, Names], Reading | None]


def _plain(reader: _Reader) -> _Reader:
    """A reader of text without the special tokens of chat templates."""
    return lambda text, names: reader(without_tokens(text), names)


_LABELS, _OBJECTS = _plain(read_labels), _plain(read_objects)
_LAST: tuple[_Reader, ...] = (_plain(read_calls), _plain(read_inline_labels))
_ORDER: Mapping[Form, tuple[_Reader, ...]] = {
    "labels": (_LABELS, read_markup, _OBJECTS, *_LAST),
    "object": (read_markup, _OBJECTS, _LABELS, *_LAST),
    "calls": (read_markup, _OBJECTS, _LABELS, *_LAST),
}


def read_reply(reply: str, tools: Sequence[ToolSpec], *, first: Form) -> Reading:
    """What a reply says: a thought and either calls or the answer. Pure, never raises, linear in its length.

    `first` is the form that was asked for; the others are tried after it. A reading with neither calls nor
    answer has a `fault`, and as its thought whatever the model did say.
    """
    names = Names(tools)
    whole = _whole_object(reply, names) if first == "object" else None
    if whole is not None:
        return whole
    thinking, spoken = parted_thinking(reply)
    own = own_words(spoken)
    found = _first(own, names, first)
    if found.fault == "no_call":
        # It said that there was nothing to do, and so nothing to observe: what follows rests on neither.
        later = own_words(spoken, void=True)
        found = next((one for one in [_first(later, names, first)] if one.fault is None), found)
    thought = "\n".join(part for part in (thinking, found.thought) if part)
    invented = found.invented or (spoken[len(own) :] if spoken.startswith(own) else "")
    return replace(found, thought=thought, invented=invented)


def _first(text: str, names: Names, first: Form) -> Reading:
    faulty: Reading | None = None
    # What an answer quotes, perhaps from a document, is no call.
    for reader in _ORDER["labels" if answers_first(text) else first]:
        found = reader(text, names)
        if found is not None and found.answer is not None and not found.answer.strip():
            found = replace(found, answer=None, fault="no_answer")
        if found is not None and found.fault is None:
            return found
        faulty = faulty or found
    return faulty or Reading(first_part(parts_of(without_tokens(text)), "thought"), fault="nothing")


def _whole_object(reply: str, names: Names) -> Reading | None:
    """The object that the reply begins with, unbroken: no words inside its strings are an observation."""
    start = len(reply) - len(reply.lstrip())
    found = first_value(reply, start) if reply.startswith("{", start) else None
    one = read_value(found[0], names) if found else None
    return reading_of(one) if one and one.step else None
