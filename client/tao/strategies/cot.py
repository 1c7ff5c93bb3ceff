"""Thinking without tools: once, or several times and the majority's answer.

Chain of thought with self-consistency: arXiv 2203.11171.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from tao.dialects import Glimpse, Step, TextDialect, UnreadableStep
from tao.events import Answer, AnswerDelta, Notice, StopReason, ThoughtDelta
from tao.models.chat import ChatRequest, Completion, Delta, Message
from tao.strategies.run import Run

__all__ = ["Cot", "CotSc", "Vote"]

_STOP = ("\nQuestion:", "\n问题：")
_ARTICLE = re.compile(r"\b(a|an|the)\b")
_SIGNS = re.compile(r"[\W_]+")
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}\b)")


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


class Cot:
    """Asks once for a thought and an answer, for at most `timeout` seconds."""

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout

    async def answer(self, run: Run) -> Answer:
        """Ask once."""
        text = ""
        with anyio.move_on_after(self._timeout) as scope:
            _, text = _read(await run.complete(_request(run, None), _Teller(run)))
        reason: StopReason = "timeout" if scope.cancelled_caught else "finish"
        return run.answer(text, stop_reason=reason, steps=1, dialect=None)


class CotSc:
    """Asks `samples` times at `temperature` and answers what most of them say."""

    def __init__(self, *, timeout: float, samples: int = 5, temperature: float = 0.7) -> None:
        self._timeout = timeout
        self._samples = samples
        self._temperature = temperature

    async def answer(self, run: Run) -> Answer:
        """Vote; the first answer that came wins a tie."""
        vote = await self.vote(run)
        run.emit(AnswerDelta(step=1, text=vote.text))
        reason: StopReason = "finish" if vote.samples else "timeout"
        return run.answer(vote.text, stop_reason=reason, steps=1, dialect=None)

    async def vote(self, run: Run) -> Vote:
        """The samples' vote; of no samples when not one came in time."""
        answers: list[str] = []

        async def sample() -> None:
            _, text = _read(await run.complete(_request(run, self._temperature), _unheard))
            if text:
                answers.append(text)

        with anyio.move_on_after(self._timeout):
            async with anyio.create_task_group() as tasks:
                for _ in range(self._samples):
                    tasks.start_soon(sample)
        vote = _majority(answers)
        run.emit(Notice(text=f"{vote.votes} of {vote.samples} samples agree."))
        return vote


class _Teller:
    """Tells thought and answer while they are written."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._text = ""
        self._seen = Glimpse()

    def __call__(self, delta: Delta) -> None:
        self._text += delta.text
        seen, now = self._seen, TextDialect().glimpse(self._text)
        if len(now.thought) > len(seen.thought):
            self._run.emit(ThoughtDelta(step=1, text=now.thought[len(seen.thought) :]))
        if len(now.answer) > len(seen.answer):
            self._run.emit(AnswerDelta(step=1, text=now.answer[len(seen.answer) :]))
        self._seen = now


def _unheard(delta: Delta) -> None:
    return None


def _request(run: Run, temperature: float | None) -> ChatRequest:
    system = Message("system", run.prompt("cot", now=run.circumstances()))
    earlier = [
        message
        for turn in run.earlier
        for message in (
            Message("user", run.prompt("question", question=turn.question)),
            TextDialect().written(Step("", answer=turn.text)),
        )
    ]
    question = Message("user", run.reminded(run.prompt("question", question=run.question)))
    return ChatRequest([system, *earlier, question], stop=_STOP, temperature=temperature)


def _read(completion: Completion) -> tuple[str, str]:
    """The thought and the answer; words without a label are the answer."""
    try:
        step = TextDialect().read(completion, ())
    except UnreadableStep as exc:
        return "", exc.prose.strip()
    return step.thought, (step.answer or step.thought).strip()


def _majority(answers: Sequence[str]) -> Vote:
    if not answers:
        return Vote("", 0, 0)
    counted = Counter(_plain(answer) for answer in answers)
    plain, votes = counted.most_common(1)[0]
    return Vote(next(answer for answer in answers if _plain(answer) == plain), votes, len(answers))


def _plain(answer: str) -> str:
    """An answer without what makes no difference: case, width, articles, signs, digit grouping."""
    text = _GROUPING.sub("", unicodedata.normalize("NFKC", answer).casefold())
    return " ".join(_SIGNS.sub(" ", _ARTICLE.sub(" ", text)).split())
