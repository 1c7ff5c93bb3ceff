"""One evaluation: what was asked so far, and how it ended."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tao_servers.serving.tables import show
from tao_servers.text2sql.evaluating.dataset import Item
from tao_servers.text2sql.evaluating.referee import Unplayable
from tao_servers.text2sql.evaluating.report import failure_table, figures, grouped, main_table
from tao_servers.text2sql.evaluating.trial import Trial

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["Evaluation"]


@dataclass
class Evaluation:
    """What is asked, and what came of it so far; `failure` says why it ended early."""

    items: list[Item]
    left_out: list[Unplayable]
    plain: bool = False
    model: str = ""
    trials: list[Trial] = field(default_factory=list)
    failure: str = ""
    interrupted: bool = False

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "model": self.model,
            "options": "plain" if self.plain else "default",
            "questions": len(self.items),
            "sets": {name: figures(some).as_json() for name, some in grouped(self.trials).items()},
            "pooled": figures(self.trials).as_json(),
            "left_out": [{"set": o.item.set, "id": o.item.id, "reason": o.reason} for o in self.left_out],
            "interrupted": self.interrupted,
            "failure": self.failure or None,
        }

    def write(self, stream: "TextIO") -> None:
        """Write the tables."""
        pooled = figures(self.trials)
        show(main_table({name: figures(some) for name, some in grouped(self.trials).items()}, pooled), stream)
        if failures := failure_table(pooled):
            stream.write("\n")
            show(failures, stream)
