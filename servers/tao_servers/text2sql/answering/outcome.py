"""What came of a question: the statement that was chosen, and the other readings."""

from dataclasses import dataclass

from tao.models.chat import Usage
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.task import Task

__all__ = ["Outcome", "Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A result that one or more candidates gave; `candidate` is the simplest of them."""

    candidate: Candidate
    votes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The readings of a question, the one that was chosen first; none when no statement ran.

    `tried` has every candidate in the order in which they were written. `confidence` is from 0 to 1: the
    share of candidates behind the chosen result, less where names had to be mended or nothing was found.
    """

    task: Task
    readings: tuple[Reading, ...]
    tried: tuple[Candidate, ...]
    confidence: float
    usage: Usage
    requests: int

    @property
    def chosen(self) -> Candidate | None:
        """The candidate whose result answers the question."""
        return self.readings[0].candidate if self.readings else None
