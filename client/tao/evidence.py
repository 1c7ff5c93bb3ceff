"""Matches an answer to what was observed: which passages support it, and what nothing supports.

The match is literal. A fact is a number or an address of the answer; it is supported when it stands in an
observation (or in the question), after width, case, digit grouping and zeros behind the point are made equal.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tao.events import Citation
from tao.toolbox.tool import Passage

__all__ = ["Observed", "cite", "unsupported"]

# An address is ASCII, so that the Chinese text right behind it is not taken for a part of it.
_URL = re.compile(r"(?i:https?)://[^\s<>\"'`|)\]\\\x7f-\U0010ffff]+")
_URL_END = ".,;:!?*_"
_URL_GOES_ON = r"(?![\w/%=&~#+@$-]|[.:!?][\w/%=&])"
# Letters may precede a long number (USD9999); a short one behind letters is a name (iPhone15).
_NUMBER = re.compile(r"(?:(?<![\w.])[-+]?\d+|(?<=[a-z])\d{3,})(?:[.:/-]\d+)*", re.ASCII)
_MARK = re.compile(r"[\[［【]\s*(\d{1,3}(?:[\s,，、]+\d{1,3})*)\s*[\]］】]")
_LISTING = re.compile(r"^[ \t*#>-]*\d{1,2}[.)、](?!\d)(?=[ \t]*\S)|[①-⑳]", re.MULTILINE)
# Only the ASCII comma groups digits: a full-width one parts the items of a list.
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_ZEROS = re.compile(r"(?<=\d)\.0+(?![\d.])|(?<=\d)(?P<kept>\.\d*?[1-9])0+(?![\d.])")
_SENTENCE_END = re.compile(r"[。！？!?；;\n]|\.\s")
_WORDS = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_MAX_CITATIONS = 3
# Shares of words, tried out on answers that found something and on answers that did not.
_ENOUGH_OVERLAP = 0.25
_ENOUGH_NEWS = 0.3
_MOST = 0.6


@dataclass(frozen=True, slots=True)
class Observed:
    """One result that the answer may rest on."""

    id: str
    tool: str
    text: str
    passages: tuple[Passage, ...] = ()
    source: str = ""


def unsupported(answer: str, question: str, observed: Sequence[Observed]) -> tuple[str, ...]:
    """The facts of `answer` that stand in no observation and not in the question: addresses, then numbers."""
    # Not the whole result: the numbers of passages and lines are no facts.
    texts = (passage.text for one in observed for passage in _passages(one))
    known = _plain("\n".join([question, *texts]))
    return tuple(fact for fact in _facts(answer) if not _stands_in(fact, known))


def cite(answer: str, question: str, observed: Sequence[Observed]) -> tuple[Citation, ...]:
    """The passages that support `answer`, the best first, at most three.

    A passage that holds a fact of the answer is a candidate, and so is one that the answer marks (`[2]`),
    unless the words before the mark have facts and the passage none of them. Among those with the same facts
    the marked one is taken, else the one that shares the most words with question and answer. Without any
    fact the closest passage counts, when it has what the answer adds to the question.
    """
    wanted = _Wanted(answer, question)
    ranked = sorted(
        (_Candidate(one, passage, wanted) for one in observed for passage in _passages(one)),
        key=lambda candidate: candidate.rank,
        reverse=True,
    )
    chosen: list[_Candidate] = []
    missing, marks = set(wanted.facts), set(wanted.marks)
    for candidate in ranked:
        new = candidate.held & missing
        # A single digit stands nearly anywhere: it counts only while there is nothing better.
        telling = any(len(fact) > 1 for fact in new) or (new and not chosen)
        marked = candidate.marked and candidate.passage.id in marks
        if telling or marked or (candidate.close and not wanted.facts and not chosen):
            chosen.append(candidate)
            missing -= new
            marks.discard(candidate.passage.id)
    return tuple(candidate.citation() for candidate in chosen[:_MAX_CITATIONS])


class _Wanted:
    """What a passage is looked for with."""

    def __init__(self, answer: str, question: str) -> None:
        asked, found = set(_facts(question)), _facts(answer)
        self.facts = [fact for fact in found if fact not in asked]
        self.repeated = [fact for fact in found if fact in asked and len(fact) > 2]
        self.marks = _marks(answer, asked)
        said, known = _terms(_MARK.sub(" ", answer)), _terms(question)
        self.words = said | known
        self.news = said - known


class _Candidate:
    """A passage, and how well it fits."""

    def __init__(self, one: Observed, passage: Passage, wanted: _Wanted) -> None:
        self.one, self.passage = one, passage
        plain, words = _plain(passage.text), _terms(passage.text)
        self.held = {fact for fact in wanted.facts if _stands_in(fact, plain)}
        overlap = _share(words, wanted.words)
        near = overlap >= _ENOUGH_OVERLAP
        before = wanted.marks.get(passage.id)
        self.marked = before is not None and (bool(self.held.intersection(before)) if before else near)
        # What was asked and is so: `Is it 7999?` `Yes, 7999.`
        confirmed = overlap >= _MOST and any(_stands_in(fact, plain) for fact in wanted.repeated)
        self.close = confirmed or (near and _share(wanted.news, words) >= _ENOUGH_NEWS)
        # A long fact tells more than a short one.
        self.rank = (sum(map(len, self.held)), self.marked, overlap)

    def citation(self) -> Citation:
        return Citation(
            observation=self.one.id,
            tool=self.one.tool,
            passage=self.passage.id or None,
            source=self.passage.source,
            text=self.passage.text,
        )


def _passages(one: Observed) -> tuple[Passage, ...]:
    # A result without passages of its own is one passage, and its source is the call.
    return one.passages or (Passage(id="", text=one.text, source=one.source or one.tool),)


def _marks(answer: str, asked: Collection[str]) -> dict[str, set[str]]:
    """The passages that `answer` marks, each with the facts of the sentence up to its mark."""
    marks: dict[str, set[str]] = {}
    end = 0
    for match in _MARK.finditer(answer):
        sentence = _SENTENCE_END.split(answer[end : match.start()])[-1]
        facts = {fact for fact in _facts(sentence) if fact not in asked}
        for number in re.findall(r"\d+", match[1]):
            marks.setdefault(number, set()).update(facts)
        end = match.end()
    return marks


def _facts(text: str) -> list[str]:
    text = _MARK.sub(" ", _LISTING.sub(" ", text))
    urls = [url.rstrip(_URL_END) for url in _URL.findall(text)]
    numbers = _NUMBER.findall(_plain(_URL.sub(" ", text)))
    return list(dict.fromkeys(urls + numbers))


def _stands_in(fact: str, plain: str) -> bool:
    """Whether `fact` stands in a text that was made plain, and by itself: 99 is not in 7999."""
    if "://" in fact:
        address = re.escape(_plain(fact).rstrip("/"))
        return re.search(f"{address}/?{_URL_GOES_ON}", plain, re.ASCII) is not None
    return re.search(rf"(?<!\d)(?<!\d\.){re.escape(fact)}(?!\d|\.\d)", plain) is not None


def _share(part: Collection[str], whole: Collection[str]) -> float:
    return sum(word in whole for word in part) / len(part) if part else 0.0


def _terms(text: str) -> frozenset[str]:
    """Words, and of a Chinese text the pairs of neighbours."""
    return frozenset(term for word in _WORDS.findall(_plain(text)) for term in _pairs(word))


def _pairs(word: str) -> list[str]:
    return [word] if word.isascii() or len(word) == 1 else [word[i : i + 2] for i in range(len(word) - 1)]


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", _GROUPING.sub("", text)).casefold()
    return _ZEROS.sub(lambda match: match["kept"] or "", plain)
