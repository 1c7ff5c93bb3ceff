"""Acting and thinking combined, each where the other fails (arXiv 2210.03629, section 3.2)."""

from tao.events import Answer, AnswerDelta, Notice
from tao.strategies.cot import CotSc
from tao.strategies.react import React
from tao.strategies.run import Run

__all__ = ["CotScThenReact", "ReactThenCotSc"]


class ReactThenCotSc:
    """Acts; when a limit is reached before there is an answer, the majority of samples answers.

    They have what is left of the run's time, and at least the `last_word` seconds.
    """

    def __init__(self, react: React, cot_sc: CotSc, *, last_word: float) -> None:
        self._react = react
        self._cot_sc = cot_sc
        self._last_word = last_word

    async def answer(self, run: Run) -> Answer:
        """Act, then vote where acting came to nothing."""
        answer = await self._react.attempt(run)
        if answer is not None:
            return answer
        run.emit(Notice(text="Acting came to no answer: several samples of thinking vote."))
        return await self._cot_sc.answer(run, at_least=self._last_word)


class CotScThenReact:
    """Votes; where fewer than half of the samples agree, it acts."""

    def __init__(self, cot_sc: CotSc, react: React) -> None:
        self._cot_sc = cot_sc
        self._react = react

    async def answer(self, run: Run) -> Answer:
        """Vote, then act where the vote is not clear."""
        vote = await self._cot_sc.vote(run)
        if not vote.is_majority or not vote.samples:
            return await self._react.answer(run)
        run.emit(AnswerDelta(step=1, text=vote.text))
        return run.answer(vote.text, stop_reason="finish", steps=1, dialect=None)
