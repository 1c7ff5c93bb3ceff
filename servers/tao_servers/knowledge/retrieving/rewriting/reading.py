"""What a model is asked about a query, and how its replies are read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tao.models.frames import framing
from tao_prompts import language_of, render

__all__ = [
    "HYPOTHESIS_SCHEMA",
    "PROPOSAL_SCHEMA",
    "Proposal",
    "hypothesis_prompt",
    "proposal_prompt",
    "read_hypothesis",
    "read_proposal",
]

_PARTS = 3
_OTHERS = 2
_PASSAGE_CHARS = 800
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")
_framed = framing("query", "turn")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the model makes of a query.

    `query` is the corrected one, `parts` are the questions that it is made of, `others` say it in other
    words. `refers`: it could not be understood without what was said before.
    """

    query: str
    parts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    refers: bool = False


def _object(**properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


PROPOSAL_SCHEMA = _object(
    refers={"type": "boolean"},
    query={"type": "string"},
    parts={"type": "array", "items": {"type": "string"}, "maxItems": _PARTS},
    others={"type": "array", "items": {"type": "string"}, "maxItems": _OTHERS},
)
HYPOTHESIS_SCHEMA = _object(passage={"type": "string"})


def proposal_prompt(query: str, earlier: Sequence[str], languages: Sequence[str]) -> str:
    """Ask for a `Proposal`; `languages` are those of the documents, where they are known."""
    language = language_of(query)
    turns = "\n".join(f"<turn>{_framed(_line(turn))}</turn>" for turn in earlier)
    values = {
        "earlier": turns or "-",
        "languages": ", ".join(languages) or language,
        "query": _framed(_line(query)),
    }
    return render("knowledge/rewrite", language, values)


def hypothesis_prompt(query: str, languages: Sequence[str]) -> str:
    """Ask for a passage that would answer the query (HyDE: Gao et al. 2022, arXiv 2212.10496)."""
    language = language_of(query)
    values = {"languages": ", ".join(languages) or language, "query": _framed(_line(query))}
    return render("knowledge/hyde", language, values)


def read_proposal(value: Mapping[str, Any]) -> Proposal:
    """The proposal of a reply; what else is in it is left out, and what is too much is cut.

    Raises:
        ValueError: there is no query.
    """
    query = value.get("query")
    if not isinstance(query, str) or not (line := _line(query)):
        raise ValueError("its reply has no query")
    parts, others = _lines(value.get("parts"), _PARTS), _lines(value.get("others"), _OTHERS)
    # One part alone is the query itself, said in a worse way.
    return Proposal(line, parts if len(parts) > 1 else (), others, value.get("refers") is True)


def read_hypothesis(value: Mapping[str, Any]) -> str:
    """The passage.

    Raises:
        ValueError: there is none.
    """
    passage = value.get("passage")
    if not isinstance(passage, str) or not (line := _line(passage)):
        raise ValueError("its reply has no passage")
    return line[:_PASSAGE_CHARS]


def _lines(values: object, most: int) -> tuple[str, ...]:
    texts = values if isinstance(values, list) else []
    lines = [_line(text) for text in texts if isinstance(text, str)]
    return tuple(dict.fromkeys(filter(None, lines)))[:most]


def _line(text: str) -> str:
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return _SPACE.sub(" ", sound).strip()
