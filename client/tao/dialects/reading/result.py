"""What was made out of a reply."""

from dataclasses import dataclass
from typing import Literal

from tao.dialects.step import Call

__all__ = ["Fault", "Reading"]

Fault = Literal["nothing", "no_call", "no_answer"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A thought and either calls or the answer; with neither, `fault` says what was missing.

    `invented` is what the model wrote for a tool, and what followed it: it is nowhere else in the reading.
    The faults: no form was met at all, the form named no call, or `finish` came without its answer.
    """

    thought: str = ""
    calls: tuple[Call, ...] = ()
    answer: str | None = None
    invented: str = ""
    fault: Fault | None = None
