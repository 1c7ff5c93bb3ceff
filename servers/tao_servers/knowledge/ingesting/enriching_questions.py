"""What a model is asked of a document, and how its replies are read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tao_prompts import Language, render
from tao_servers.knowledge.document import Chunk
from tao_servers.knowledge.index import Entry
from tao_servers.knowledge.ingesting.framing import framed

__all__ = [
    "SUMMARY_SCHEMA",
    "groups",
    "questions_prompt",
    "questions_schema",
    "read_questions",
    "read_summary",
    "summary_prompt",
]

_TITLE_CHARS = 200
_BEGINNING_CHARS = 4000
_SUMMARY_CHARS = 600
_PASSAGE_CHARS = 1500
_QUESTION_CHARS = 200
_QUESTIONS = 3
# Neighbours that are asked about in one call.
_GROUP = 6
_GROUP_CHARS = 3000
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")

SUMMARY_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"summary": {"type": "string"}},
    "required": ["summary"],
    "additionalProperties": False,
}


def summary_prompt(entry: Entry, language: Language) -> str:
    """Ask what the document is about, by its beginning."""
    text = framed(entry.document.text[:_BEGINNING_CHARS])
    return render("knowledge/summary", language, {"title": _title(entry), "text": text})


def groups(entry: Entry) -> Iterator[list[int]]:
    """The places of the indexed chunks, in groups of neighbours that fit into one call."""
    group: list[int] = []
    chars = 0
    for place, (chunk, twin) in enumerate(zip(entry.chunks, entry.twins, strict=True)):
        if twin != place:
            continue
        size = len(_passage(chunk))
        if group and (len(group) == _GROUP or chars + size > _GROUP_CHARS):
            yield group
            group, chars = [], 0
        group.append(place)
        chars += size
    if group:
        yield group


def questions_prompt(entry: Entry, group: Sequence[int], language: Language) -> str:
    """Ask for the questions that these chunks answer."""
    passages = "\n".join(
        f'<passage number="{number}">\n{framed(_passage(entry.chunks[place]))}\n</passage>'
        for number, place in enumerate(group, start=1)
    )
    return render("knowledge/questions", language, {"title": _title(entry), "passages": passages})


def questions_schema(count: int) -> Mapping[str, Any]:
    """A list of questions for each of so many passages, by their numbers from 1."""
    numbers = [str(number) for number in range(1, count + 1)]
    questions = {"type": "array", "items": {"type": "string"}, "maxItems": _QUESTIONS}
    return {
        "type": "object",
        "properties": dict.fromkeys(numbers, questions),
        "required": numbers,
        "additionalProperties": False,
    }


def read_summary(value: Mapping[str, Any]) -> str:
    """The summary.

    Raises:
        ValueError: there is none.
    """
    summary = value.get("summary")
    if not isinstance(summary, str) or not (line := _line(summary)):
        raise ValueError("its reply has no summary")
    return line[:_SUMMARY_CHARS]


def read_questions(value: Mapping[str, Any], count: int) -> list[list[str]]:
    """The questions of each passage; whatever else is in the reply is left out.

    Raises:
        ValueError: no passage is answered for.
    """
    found = [value.get(str(number)) for number in range(1, count + 1)]
    if not any(isinstance(questions, list) for questions in found):
        raise ValueError("its reply has no questions")
    return [_questions(questions) if isinstance(questions, list) else [] for questions in found]


def _questions(values: Sequence[object]) -> list[str]:
    lines = [_line(value) for value in values if isinstance(value, str)]
    good = [line for line in lines if line and len(line) <= _QUESTION_CHARS]
    return list(dict.fromkeys(good))[:_QUESTIONS]


def _passage(chunk: Chunk) -> str:
    """The text with what it is read by, cut to a bearable length."""
    whole = "\n".join(part for part in (chunk.heading, chunk.context, chunk.text) if part)
    return whole[:_PASSAGE_CHARS]


def _title(entry: Entry) -> str:
    return framed(_line(entry.document.title or "")[:_TITLE_CHARS]) or "-"


def _line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
