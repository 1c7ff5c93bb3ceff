"""Which parts of a search are left out to see what each is worth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tao.settings import StageName
from tao_servers.knowledge.evaluating.run import Interval, Scores, as_json

__all__ = ["Row", "Variant", "ablate", "variants"]

_LEGS: tuple[StageName, ...] = ("dense", "keyword")


@dataclass(frozen=True, slots=True)
class Variant:
    """A search with these stages."""

    name: str
    stages: tuple[StageName, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """How a variant did; `differences` is how much more than with all stages, and empty there."""

    variant: Variant
    scores: Scores
    differences: dict[str, Interval]

    def as_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        return {
            "name": self.variant.name,
            "stages": list(self.variant.stages),
            **self.scores.as_json(),
            "differences": {name: as_json(value) for name, value in self.differences.items()},
        }


def variants(stages: Sequence[StageName]) -> list[Variant]:
    """All of `stages`, then each of them left out, then each way of finding alone; nothing twice.

    What would find nothing, having neither `dense` nor `keyword`, is left out.
    """
    everything = tuple(stages)
    wanted = [Variant("all stages", everything)]
    wanted += [
        Variant(f"without {left}", tuple(stage for stage in everything if stage != left))
        for left in everything
    ]
    wanted += [Variant(f"{leg} alone", (leg,)) for leg in reversed(_LEGS) if leg in everything]
    first: dict[tuple[StageName, ...], Variant] = {}
    for variant in wanted:
        if any(leg in variant.stages for leg in _LEGS):
            first.setdefault(variant.stages, variant)
    return list(first.values())


def ablate(wanted: Sequence[Variant], ask: Callable[[Variant], Scores]) -> list[Row]:
    """Ask with each variant, and compare it with the first."""
    rows: list[Row] = []
    for variant in wanted:
        scores = ask(variant)
        differences = {name: scores.above(rows[0].scores, name) for name in scores.values} if rows else {}
        rows.append(Row(variant, scores, differences))
    return rows
