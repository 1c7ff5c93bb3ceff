"""The forms that judgements are asked for in, and how they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tao.models.frames import framing

__all__ = [
    "STATEMENTS",
    "VERDICT",
    "Guess",
    "Verdict",
    "framed",
    "guess_schema",
    "numbered",
    "read_guess",
    "read_statements",
    "read_verdict",
    "read_verdicts",
    "verdicts_schema",
]

_MOST_STATEMENTS = 40
_STATEMENT_CHARS = 600
_REASON_CHARS = 300

framed = framing("question", "answer", "reference", "context", "statements")
"""What is judged, unable to leave its frame: it may have been written to be judged well."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something holds, and why."""

    holds: bool
    reason: str = ""

    def of(self, statement: str) -> dict[str, Any]:
        """The verdict on a statement, ready for JSON."""
        return {"statement": statement, "verdict": int(self.holds), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Guess:
    """The questions that an answer seems to answer, and whether it answers at all."""

    questions: tuple[str, ...]
    noncommittal: bool

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


STATEMENTS: Mapping[str, Any] = _object(
    {"statements": {"type": "array", "items": {"type": "string"}, "maxItems": _MOST_STATEMENTS}}
)
# The reason first: a model that has written it judges better.
VERDICT: Mapping[str, Any] = _object(
    {"reason": {"type": "string"}, "verdict": {"type": "integer", "enum": [0, 1]}}
)


def verdicts_schema(count: int) -> Mapping[str, Any]:
    """A verdict on each of so many statements, by their numbers from 1."""
    return _object({str(number): VERDICT for number in range(1, count + 1)})


def guess_schema(count: int) -> Mapping[str, Any]:
    """So many questions, and whether the answer is evasive."""
    questions = {"type": "array", "items": {"type": "string"}, "minItems": count, "maxItems": count}
    return _object({"noncommittal": {"type": "integer", "enum": [0, 1]}, "questions": questions})


def numbered(statements: Sequence[str]) -> str:
    """The statements as lines with their numbers from 1, framed."""
    return "\n".join(f"{number}. {framed(text)}" for number, text in enumerate(statements, start=1))


def read_statements(value: Mapping[str, Any]) -> list[str]:
    """The statements, each on one line and once; there may be none.

    Raises:
        ValueError: it is no list of texts.
    """
    found = value.get("statements")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError("it has no list of statements")
    lines = (_line(one)[:_STATEMENT_CHARS] for one in found)
    return list(dict.fromkeys(line for line in lines if line))[:_MOST_STATEMENTS]


def read_verdicts(value: Mapping[str, Any], count: int) -> list[Verdict]:
    """The verdict on each of `count` statements.

    Raises:
        ValueError: one is missing or is neither yes nor no; then none of them counts.
    """
    found = [value.get(str(number)) for number in range(1, count + 1)]
    return [_verdict(one, number) for number, one in enumerate(found, start=1)]


def read_verdict(value: Mapping[str, Any]) -> Verdict:
    """A single verdict, with the errors of `read_verdicts`."""
    return _verdict(value, 1)


def read_guess(value: Mapping[str, Any], count: int) -> Guess:
    """The questions, `count` at most.

    Raises:
        ValueError: there are none, although the answer is not evasive.
    """
    evasive = _truth(value.get("noncommittal"))
    if evasive is None:
        raise ValueError("it does not say whether the answer is noncommittal")
    found = value.get("questions")
    texts = [_line(one) for one in found if isinstance(one, str)] if isinstance(found, list) else []
    questions = tuple(text for text in texts if text)[:count]
    if not questions and not evasive:
        raise ValueError("it has no questions")
    return Guess(questions, evasive)


def _verdict(value: object, number: int) -> Verdict:
    # Without the schema, the bare number is what many models write.
    given = value.get("verdict") if isinstance(value, Mapping) else value
    holds = _truth(given)
    if holds is None:
        raise ValueError(f"the verdict on {number} is missing or neither 0 nor 1")
    reason = value.get("reason") if isinstance(value, Mapping) else ""
    return Verdict(holds, _line(reason)[:_REASON_CHARS] if isinstance(reason, str) else "")


def _truth(value: object) -> bool | None:
    """What was meant by 0, 1, true, "1"; None for whatever else."""
    known = {"0": False, "1": True, "false": False, "true": True}
    return known.get(str(value).strip().lower()) if isinstance(value, bool | int | str) else None


def _line(text: str) -> str:
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
