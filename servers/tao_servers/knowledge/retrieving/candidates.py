"""A passage on its way through the stages of a search."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tao_servers.knowledge.index import Passage

if TYPE_CHECKING:
    from tao_servers.knowledge.index import Collection

__all__ = ["Candidate", "Stage"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage, the score that it is ranked by now (more is better), and what each stage gave it."""

    passage: Passage
    score: float
    steps: dict[str, float] = field(default_factory=dict)

    def rescored(self, stage: str, score: float) -> "Candidate":
        """The same passage, ranked by what `stage` gave it."""
        return Candidate(self.passage, score, {**self.steps, stage: score})


class Stage(Protocol):
    """A step after the fusion: takes candidates, the best first, and gives them back in its own order."""

    @property
    def name(self) -> str:
        """What its scores are noted under."""
        ...

    def __call__(
        self, query: str, candidates: Sequence[Candidate], top_k: int, collection: "Collection"
    ) -> list[Candidate]:
        """Rank anew, or leave some out; `top_k` are wanted in the end.

        Blocks. Raises what its model raises.
        """
        ...
