"""Questions with their answers, as they stand in a file: a JSON object a line."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Record", "RecordError", "read_records"]


class RecordError(ValueError):
    """A file of records cannot be used; the text names the line and says what is expected."""


@dataclass(frozen=True, slots=True)
class Record:
    """A question, what was answered, the contexts given for that, and the answer that is right.

    `cited` is true where the contexts are only those passages that an agent's answer was matched with, and
    not all that it had before it.
    """

    question: str
    answer: str
    contexts: tuple[str, ...] = ()
    reference: str | None = None
    cited: bool = False


def read_records(lines: Iterable[bytes], name: str) -> list[Record]:
    """The records of a file called `name`: `{"question", "answer", "contexts"?, "reference"?}` a line.

    What `agent ask --json` prints is such a line too (docs/schemas/answer.schema.json): its citations are
    the contexts.

    Raises:
        RecordError: a line is no record, or there is none.
    """
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            text = line.decode("utf-8-sig").strip()
            if text:
                records.append(_record(json.loads(text)))
        except RecordError as exc:
            raise RecordError(f"{name}:{number}: {exc}") from exc
        except UnicodeDecodeError as exc:
            raise RecordError(f"{name}:{number}: it is not UTF-8. Save the file as UTF-8.") from exc
        except (ValueError, RecursionError) as exc:
            raise RecordError(
                f"{name}:{number}: it is no JSON ({exc}). Each line is one JSON object with question, "
                "answer, contexts and, where it is known, reference."
            ) from exc
    if not records:
        raise RecordError(f"{name} has no records. Each line is a JSON object with question and answer.")
    return records


def _record(value: object) -> Record:
    if not isinstance(value, dict):
        raise RecordError(f"it is {_seen(value)}, not a JSON object with question and answer.")
    if value.get("type") == "answer" and "text" in value:
        return Record(_text(value, "question"), _text(value, "text"), _cited(value), cited=True)
    reference = None if value.get("reference") is None else _text(value, "reference")
    return Record(_text(value, "question"), _text(value, "answer"), _contexts(value), reference)


def _text(value: dict[str, Any], key: str) -> str:
    if key not in value:
        raise RecordError(f"it has no {key!r}, only {sorted(value)}.")
    if not isinstance(value[key], str):
        raise RecordError(f"its {key!r} is {_seen(value[key])}, not a text.")
    # Half of a pair, which JSON can hold, is nothing that a model takes.
    text: str = value[key].encode("utf-8", "replace").decode("utf-8").strip()
    if key == "question" and not text:
        raise RecordError("its 'question' is empty.")
    return text


def _contexts(value: dict[str, Any]) -> tuple[str, ...]:
    contexts = value.get("contexts")
    if contexts is None:
        return ()
    if not isinstance(contexts, list):
        raise RecordError(f"its 'contexts' is {_seen(contexts)}, not a list of texts.")
    texts = (_text({"contexts": context}, "contexts") for context in contexts)
    return tuple(text for text in texts if text)


def _cited(value: dict[str, Any]) -> tuple[str, ...]:
    citations = value.get("citations", [])
    if not isinstance(citations, list) or not all(isinstance(one, dict) for one in citations):
        raise RecordError("its 'citations' are not a list of objects.")
    return tuple(dict.fromkeys(text for one in citations if (text := _text(one, "text"))))


def _seen(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
