"""What came of a question asked in one way, and the figures over many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from benchmarks.answers import interval
from benchmarks.when_to_retrieve.matching import overlap, says_not_found, stands_in
from benchmarks.when_to_retrieve.questions import Question

__all__ = ["Attempt", "Outcome", "Retrieval", "figures", "judged", "report"]

Verdict = Literal["right", "not_found", "wrong"]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """One search: what it looked for, and whether a right answer stood in what it gave."""

    query: str
    evidence: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an answer says, how it came about, and what it cost; seconds are the model's alone."""

    text: str
    stop_reason: str
    retrievals: tuple[Retrieval, ...] = ()
    other_calls: tuple[str, ...] = ()
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt at a question, and what it is worth."""

    question: Question
    attempt: Attempt
    verdict: Verdict

    @property
    def well(self) -> bool:
        """Whether the user was served: a right answer, or none where there is none."""
        return self.verdict == "right" or (self.question.kind == "absent" and self.verdict == "not_found")


def judged(question: Question, attempt: Attempt) -> Outcome:
    """Tell right answers from honest and from wrong ones.

    Where there is no answer to be found, saying so counts for more than a word that happens to be right.
    """
    text = attempt.text
    if attempt.stop_reason == "error":
        return Outcome(question, attempt, "wrong")
    silent = says_not_found(text)
    if question.kind == "absent" and silent:
        return Outcome(question, attempt, "not_found")
    if question.check is not None:
        right = question.check.is_right(text, attempt.stop_reason)
    else:
        right = stands_in(question.gold, text)
    return Outcome(question, attempt, "right" if right else "not_found" if silent else "wrong")


def report(outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, Any]:
    """For each mode: how many were served `well` of all, and the figures of each kind and language."""
    return {mode: _of_mode(found) for mode, found in outcomes.items() if found}


def _of_mode(found: Sequence[Outcome]) -> dict[str, Any]:
    well = [float(one.well) for one in found]
    of_kinds = {}
    for kind in dict.fromkeys(one.question.kind for one in found):
        own = [one for one in found if one.question.kind == kind]
        languages = dict.fromkeys(one.question.language for one in own)
        of_kinds[kind] = figures(own) | {
            language: figures([one for one in own if one.question.language == language])
            for language in languages
        }
    return {
        "n": len(found),
        "well": round(fmean(well), 4),
        "well_interval": [round(bound, 4) for bound in interval(well)],
        "tokens": round(fmean(one.attempt.tokens for one in found), 1),
        "seconds": round(fmean(one.attempt.seconds for one in found), 2),
        "kinds": of_kinds,
    }


def figures(found: Sequence[Outcome]) -> dict[str, Any]:
    """Shares and means over outcomes of one kind.

    `evidence` is the share in which a right answer stood in what was retrieved, `read` how many of those
    were answered right. `again` is the share with a second query, `after_evidence` the mean of searches
    made after that.
    """
    attempts = [one.attempt for one in found]
    seen = [one for one in found if any(one.evidence for one in one.attempt.retrievals)]
    f1 = [overlap(one.question.gold, one.attempt.text) for one in found if one.question.gold]
    return {
        "n": len(found),
        "right": _share([one.verdict == "right" for one in found]),
        "not_found": _share([one.verdict == "not_found" for one in found]),
        "wrong": _share([one.verdict == "wrong" for one in found]),
        "f1": round(fmean(f1), 4) if f1 else None,
        "retrieved": _share([bool(one.retrievals) for one in attempts]),
        "retrievals": round(fmean(len(one.retrievals) for one in attempts), 3),
        "again": _share([len({one.query for one in attempt.retrievals}) > 1 for attempt in attempts]),
        "evidence": _share([one in seen for one in found]),
        "read": _share([one.verdict == "right" for one in seen]) if seen else None,
        "after_evidence": round(fmean(_after_evidence(one) for one in attempts), 3),
        "other_calls": round(fmean(len(one.other_calls) for one in attempts), 3),
        "tokens": round(fmean(one.tokens for one in attempts), 1),
        "seconds": round(fmean(one.seconds for one in attempts), 2),
    }


def _after_evidence(attempt: Attempt) -> int:
    first = next((n for n, one in enumerate(attempt.retrievals) if one.evidence), None)
    return 0 if first is None else len(attempt.retrievals) - first - 1


def _share(told: Sequence[bool]) -> float:
    return round(fmean(told), 4)
