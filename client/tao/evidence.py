"""Matches an answer to what was observed: which passages support it, and what nothing supports.

The match is literal. A fact is a number or an address of the answer; it is supported when it stands in an
observation (or in the question), after width, case, digit grouping and a `.0` at the end are made equal.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from tao.events import Citation
from tao.toolbox.tool import Passage

__all__ = ["Observed", "cite", "unsupported"]

# An address is ASCII, so that the Chinese text right behind it is not taken for a part of it.
_URL = re.compile(r"https?://[^\s<>\"'`|)\]\x7f-\U0010ffff]+", re.IGNORECASE)
_URL_END = ".,;:!?*_"
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:[.:/-]\d+)*", re.ASCII)
_MARK = re.compile(r"[\[［【]\s*(\d{1,3}(?:[\s,，、]+\d{1,3})*)\s*[\]］】]")
_LISTING = re.compile(r"^[ \t*#>-]*\d{1,2}[.)、](?!\d)", re.MULTILINE)
# Only the ASCII comma groups digits: a full-width one parts the items of a list.
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_ZEROS = re.compile(r"(?<=\d)\.0+(?![\d.])")
_WORDS = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_MAX_CITATIONS = 3
# Shares of words, tried out on answers that found something and on answers that did not.
_ENOUGH_OVERLAP = 0.25
_ENOUGH_NEWS = 0.3


@dataclass(frozen=True, slots=True)
class Observed:
    """One result that the answer may rest on."""

    id: str
    tool: str
    text: str
    passages: tuple[Passage, ...] = ()
    source: str = ""


def unsupported(answer: str, question: str, observed: Sequence[Observed]) -> tuple[str, ...]:
    """The facts of `answer` that stand in no observation and not in the question, in their order."""
    known = _plain(question) + "\n" + "\n".join(_plain(one.text) for one in observed)
    return tuple(fact for fact in _facts(answer) if not _stands_in(fact, known))


def cite(answer: str, question: str, observed: Sequence[Observed]) -> tuple[Citation, ...]:
    """The passages that support `answer`, the best first, at most three.

    A passage that the answer marks (`[2]`) or that holds one of its facts is a candidate; among those with
    the same facts the ones that share the most words with question and answer are taken. Without any
    candidate the closest passage counts, when it is close.
    """
    candidates = [(one, passage) for one in observed for passage in _passages(one)]
    if not candidates:
        return ()
    asked = set(_facts(question))
    facts = [fact for fact in _facts(answer) if fact not in asked]
    marks = set(_MARK.findall(answer))
    wanted = _bigrams(f"{question} {_MARK.sub('', answer)}")
    ranked = sorted(
        (
            (_held(facts, passage), _overlap(wanted, passage.text), one, passage)
            for one, passage in candidates
        ),
        key=lambda rank: (len(rank[0]), rank[1]),
        reverse=True,
    )
    chosen: list[Citation] = []
    missing = set(facts)
    for held, overlap, one, passage in ranked:
        new = held & missing
        marked = passage.id in marks and (overlap >= _ENOUGH_OVERLAP or bool(held))
        if new or marked or (not facts and not chosen and overlap >= _ENOUGH_OVERLAP):
            chosen.append(_citation(one, passage))
            missing -= new
    return tuple(chosen[:_MAX_CITATIONS])


def _passages(one: Observed) -> tuple[Passage, ...]:
    # A result without passages of its own is one passage, and its source is the call.
    return one.passages or (Passage(id="", text=one.text, source=one.source or one.tool),)


def _citation(one: Observed, passage: Passage) -> Citation:
    return Citation(
        observation=one.id,
        tool=one.tool,
        passage=passage.id or None,
        source=passage.source,
        text=passage.text,
    )


def _facts(text: str) -> list[str]:
    plain = _plain(_MARK.sub("", text))
    urls = [url.rstrip(".,;:!?") for url in _URL.findall(plain)]
    numbers = _NUMBER.findall(_URL.sub(" ", plain))
    return list(dict.fromkeys(urls + numbers))


def _held(facts: Sequence[str], passage: Passage) -> frozenset[str]:
    plain = _plain(passage.text)
    return frozenset(fact for fact in facts if _stands_in(fact, plain))


def _stands_in(fact: str, text: str) -> bool:
    if not fact[-1].isdigit():
        return fact in text
    # A number must stand alone: 99 is not in 7999.
    return re.search(rf"(?<![\d.]){re.escape(fact)}(?!\d|\.\d)", text) is not None


def _overlap(wanted: frozenset[str], text: str) -> float:
    """The share of the passage's character pairs that question and answer have too."""
    own = _bigrams(text)
    return len(own & wanted) / len(own) if own else 0.0


def _bigrams(text: str) -> frozenset[str]:
    plain = re.sub(r"\W+", "", _plain(text))
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1))


def _plain(text: str) -> str:
    return _GROUPING.sub("", unicodedata.normalize("NFKC", text).casefold())
