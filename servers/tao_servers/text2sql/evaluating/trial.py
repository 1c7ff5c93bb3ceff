"""What came of asking one question."""

from dataclasses import dataclass, field
from typing import Any

from tao.models.chat import Usage
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.evaluating.dataset import Item
from tao_servers.text2sql.evaluating.referee import Verdict, refused

__all__ = ["Trial", "lost", "trial_of"]


@dataclass(frozen=True, slots=True)
class Trial:
    """A question with the statement that was chosen, as `written` and as sent (`sql`), and its verdict.

    `seconds` is how long the answer took.
    """

    item: Item
    verdict: Verdict
    written: str = ""
    sql: str = ""
    mends: tuple[str, ...] = ()
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    requests: int = 0

    @property
    def right(self) -> bool:
        """Whether the rows are those of a right statement."""
        return not self.verdict.failure

    @property
    def answered(self) -> bool:
        """Whether it came to an answer, right or wrong, whose cost is known."""
        return self.requests > 0

    @property
    def tokens(self) -> int:
        """Tokens that the model read and wrote."""
        return self.usage.prompt_tokens + self.usage.completion_tokens

    def as_json(self) -> dict[str, Any]:
        """The trial as one line to be read."""
        return {
            "set": self.item.set,
            "id": self.item.id,
            "language": self.item.language,
            "database": self.item.database.stem,
            "question": self.item.question,
            "notes": self.item.notes,
            "gold": list(self.item.gold),
            "written": self.written,
            "sql": self.sql,
            "mends": list(self.mends),
            "failure": self.verdict.failure,
            "problem": self.verdict.problem,
        }


def trial_of(item: Item, outcome: Outcome, verdict: Verdict | None, seconds: float) -> Trial:
    """The trial of an outcome; without a `verdict` no statement ran, and the last one tells why."""
    candidate = outcome.chosen or (outcome.tried[-1] if outcome.tried else None)
    return Trial(
        item,
        verdict or _why_nothing_ran(candidate),
        written=candidate.written if candidate else "",
        sql=candidate.sql if candidate else "",
        mends=candidate.mends if candidate else (),
        seconds=seconds,
        usage=outcome.usage,
        requests=outcome.requests,
    )


def lost(item: Item, reason: str, seconds: float) -> Trial:
    """The trial in which the model failed."""
    return Trial(item, Verdict("model error", reason), seconds=seconds)


def _why_nothing_ran(last: Candidate | None) -> Verdict:
    if last is None:
        return Verdict("nothing written", "The model wrote no statement.")
    if last.problem is None:
        return Verdict("nothing ran", "No statement was chosen.")
    return Verdict(refused(last.problem.rule), last.problem.text)
