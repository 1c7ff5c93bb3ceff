"""Tells what was asked and answered before, in the form of the dialect that is used now."""

from collections.abc import Sequence

from tao.dialects import Call, Dialect, Step
from tao.dialects.frames import defused
from tao.models.chat import Message
from tao.runs import Turn
from tao.strategies.acting import framed
from tao.strategies.run import Run

__all__ = ["retold"]

_SEEN_CHARS = 300


def retold(run: Run, dialect: Dialect, turn: Turn) -> Sequence[Message]:
    """An earlier turn as messages: the question, the call that its answer rests on, and the answer.

    With the call, since a model that is shown answers alone stops looking things up.
    """
    messages = [Message("user", run.prompt("question", question=turn.question))]
    if turn.lookup is not None:
        call = Call(turn.lookup.tool, turn.lookup.arguments)
        step = Step("", (call,))
        seen = framed(run, call, turn.lookup.seen, _SEEN_CHARS)
        messages += [dialect.written(step), *dialect.observed(step, [seen])]
    # An answer may quote what a tool said, marks of roles included.
    return [*messages, dialect.written(Step("", answer=defused(turn.text)))]
