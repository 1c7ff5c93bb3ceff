"""Thinking without tools: once, or several times and the majority's answer.

Chain of thought with self-consistency: arXiv 2203.11171.
"""

import anyio

from tao.dialects import Glimpse, Step, TextDialect, UnreadableStep
from tao.errors import ModelError
from tao.events import Answer, AnswerDelta, Notice, StopReason, ThoughtDelta
from tao.models.chat import ChatRequest, Completion, Delta, Message
from tao.strategies.run import Run
from tao.strategies.side_by_side import side_by_side
from tao.strategies.voting import Vote, majority, merged

__all__ = ["Cot", "CotSc"]

_STOP = ("\nQuestion:", "\n问题：")


class Cot:
    """Asks once for a thought and an answer, for at most `timeout` seconds."""

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout

    async def answer(self, run: Run) -> Answer:
        """Ask once."""
        text = ""
        with anyio.move_on_after(self._timeout) as scope:
            _, text = _read(await run.fitting(lambda: run.complete(_request(run, None), _Teller(run))))
        reason: StopReason = "timeout" if scope.cancelled_caught else "finish"
        return run.answer(text, stop_reason=reason, steps=1, dialect=None)


class CotSc:
    """Asks `samples` times at `temperature` and answers what most of them say."""

    def __init__(self, *, timeout: float, samples: int = 5, temperature: float = 0.7) -> None:
        self._timeout = timeout
        self._samples = samples
        self._temperature = temperature

    async def answer(self, run: Run, *, at_least: float = 0.0) -> Answer:
        """Vote, for `at_least` so many seconds if the run's are used up; the first answer wins a tie."""
        vote = await self.vote(run, at_least=at_least)
        run.emit(AnswerDelta(step=1, text=vote.text))
        reason: StopReason = "finish" if vote.samples else "timeout"
        return run.answer(vote.text, stop_reason=reason, steps=1, dialect=None)

    async def vote(self, run: Run, *, at_least: float = 0.0) -> Vote:
        """The samples' vote; of no samples when not one came in time.

        Raises:
            ModelError: not one came, and one failed so.
        """
        answers: list[str] = []
        failures: list[ModelError] = []

        async def sample() -> None:
            try:
                _, text = _read(
                    await run.fitting(lambda: run.complete(_request(run, self._temperature), _unheard))
                )
            except ModelError as exc:
                # The others can vote without it.
                failures.append(exc)
                return
            if text:
                answers.append(text)

        deadline = max(run.started + self._timeout, anyio.current_time() + at_least)
        with anyio.CancelScope(deadline=deadline):
            async with side_by_side() as tasks:
                for _ in range(self._samples):
                    tasks.start_soon(sample)
        if failures and not answers:
            raise failures[0]
        with anyio.CancelScope(deadline=deadline):
            answers = await merged(run, answers)
        vote = majority(answers)
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
