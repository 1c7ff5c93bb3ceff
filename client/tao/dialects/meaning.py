"""What a reading comes to, for every dialect."""

from collections.abc import Sequence

from tao.dialects.reading import Reading
from tao.dialects.step import ASK, Call, Step
from tao.models.chat import Message

__all__ = ["in_one_message", "step_of"]


def step_of(reading: Reading) -> Step:
    """The step of a reading without a fault. Asking the user beside other calls waits for their results."""
    if reading.calls and all(call.tool == ASK.name for call in reading.calls):
        return Step(reading.thought, answer=_question(reading.calls[0]), asks=True)
    return Step(reading.thought, reading.calls, reading.answer)


def in_one_message(results: Sequence[str]) -> list[Message]:
    """Results as one turn of the user, since some templates refuse two of them in a row."""
    return [Message("user", "\n".join(results))]


def _question(call: Call) -> str:
    values = call.arguments.values()
    return str(call.arguments.get("question") or next(iter(values), "") or call.written)
