"""Tells a reply while it is being written."""

from tao.dialects import OWN_ACTIONS, Dialect, Glimpse
from tao.events import AnswerDelta, ThoughtDelta
from tao.models.chat import Delta
from tao.strategies.acting import Acting
from tao.strategies.run import Run

__all__ = ["Teller"]


class Teller:
    """Sends what a reply adds as deltas, and lets the toolbox prepare for the tools that it names."""

    def __init__(self, run: Run, dialect: Dialect, acting: Acting, step: int) -> None:
        self._run = run
        self._dialect = dialect
        self._acting = acting
        self._step = step
        self._text = ""
        self._seen = Glimpse()

    def __call__(self, delta: Delta) -> None:
        if delta.tool:
            self._acting.expect(delta.tool)
        if not delta.text:
            return
        self._text += delta.text
        seen, now = self._seen, self._dialect.glimpse(self._text)
        if len(now.thought) > len(seen.thought):
            self._run.emit(ThoughtDelta(step=self._step, text=now.thought[len(seen.thought) :]))
        for name in now.tools[len(seen.tools) :]:
            if name not in OWN_ACTIONS:
                self._acting.expect(name)
        if len(now.answer) > len(seen.answer):
            self._run.emit(AnswerDelta(step=self._step, text=now.answer[len(seen.answer) :]))
        self._seen = now
