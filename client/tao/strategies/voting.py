"""Counts the answers of several samples; where there is a small model, it judges which say the same."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tao.errors import ModelError
from tao.models.chat import ChatRequest, Delta, Message
from tao.strategies.run import Run

__all__ = ["Vote", "majority", "merged"]

_ARTICLE = re.compile(r"\b(a|an|the)\b")
_SIGNS = re.compile(r"[\W_]+")
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}\b)")
_YES = re.compile(r"\W*(?:yes|是|相同)", re.IGNORECASE)
_MOST_JUDGEMENTS = 10
_LONGEST_JUDGEMENT = 8


@dataclass(frozen=True, slots=True)
class Vote:
    """The majority's answer, and how many of the samples gave it."""

    text: str
    votes: int
    samples: int

    @property
    def is_majority(self) -> bool:
        """Whether at least half agree: the paper's rule for trusting it (arXiv 2210.03629, section 3.2)."""
        return self.votes * 2 >= self.samples


def majority(answers: Sequence[str]) -> Vote:
    """The answer that most give, but for case, width, articles and signs; the first wins a tie."""
    if not answers:
        return Vote("", 0, 0)
    counted = Counter(_plain(answer) for answer in answers)
    plain, votes = counted.most_common(1)[0]
    return Vote(next(answer for answer in answers if _plain(answer) == plain), votes, len(answers))


async def merged(run: Run, answers: Sequence[str]) -> list[str]:
    """The answers, those that say the same in other words put into the words of the first of them.

    That is a simple step: only a small model is asked, at most ten times. Where it fails, answers stay apart.
    """
    known: list[str] = []
    same: dict[str, str] = {}
    left = _MOST_JUDGEMENTS
    for answer in answers:
        plain = _plain(answer)
        if run.small is None or plain in same:
            continue
        for other in known:
            left -= 1
            if left >= 0 and await _says_the_same(run, other, answer):
                same[plain] = other
                break
        else:
            known.append(answer)
            same[plain] = answer
    return [same.get(_plain(answer), answer) for answer in answers]


async def _says_the_same(run: Run, first: str, second: str) -> bool:
    ask = run.prompt("same", question=run.question, first=first, second=second)
    request = ChatRequest([Message("user", ask)], max_tokens=_LONGEST_JUDGEMENT)
    try:
        completion = await run.complete(request, _unheard, simple=True)
    except ModelError:
        return False
    return _YES.match(completion.text) is not None


def _unheard(delta: Delta) -> None:
    return None


def _plain(answer: str) -> str:
    """An answer without what makes no difference: case, width, articles, signs, digit grouping."""
    text = _GROUPING.sub("", unicodedata.normalize("NFKC", answer).casefold())
    return " ".join(_SIGNS.sub(" ", _ARTICLE.sub(" ", text)).split())
