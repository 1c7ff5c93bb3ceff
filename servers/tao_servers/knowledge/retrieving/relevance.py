"""Whether anything that was found has to do with the question."""

from dataclasses import dataclass

from tao.models.embeddings import BundledEmbedder, CombinedEmbedder
from tao.models.embeddings.language import chinese_share
from tao_servers.knowledge.retrieving.legs import Retrieved

__all__ = ["is_relevant"]

_TENTH = 10
# With fewer passages none can stand out, and chance brings none far: among 1, 3 or 6 passages of the sets
# below the best score is less than .13 for 95 in 100 questions that belong to another set, and less than .18
# for 4 in 100 of the right ones; across languages both are about .08.
_FEW_WITHIN, _FEW_ACROSS = 0.13, 0.08


@dataclass(frozen=True, slots=True)
class _Threshold:
    """The least sum of score and gap, and how often the gap counts: within a language, and across two."""

    within: float
    across: float
    gaps_within: float = 0.5
    gaps_across: float = 1.0


# Set on questions to cmrc2018, dureader_search, hotpotqa, scifact and xquad (both ways across), and on others
# that belong to another of these sets. Refused within a language: with bundled-large .00 to .02 of the first
# and .95 of the second (each pair of sets counting the same), with bundled .00 to .03 and .85; across: .03 to
# .05 and .54, with bundled .00 to .02 and .19, where the cosines of both kinds lie close together.
_THRESHOLDS = {
    CombinedEmbedder.name: _Threshold(within=0.25, across=0.235),
    BundledEmbedder.name: _Threshold(within=0.22, across=0.2),
}


def is_relevant(query: str, found: Retrieved, embedder: str) -> bool:
    """Whether the best passage may answer the question.

    What tells is its fused score, and how far the nearest passage stands out from the tenth nearest by its
    cosine. Other embedders than the bundled ones have cosines of another range, and nothing is refused.
    """
    if not found.candidates:
        return False
    threshold = _THRESHOLDS.get(embedder)
    if threshold is None:
        return True
    best = max(found.candidates, key=lambda candidate: candidate.score)
    alike = 1 - abs(chinese_share(query) - chinese_share(best.passage.chunk.text))
    if len(found.cosines) < _TENTH:
        return best.score >= _FEW_ACROSS + (_FEW_WITHIN - _FEW_ACROSS) * alike
    gap = found.cosines[0] - found.cosines[_TENTH - 1]
    gaps = threshold.gaps_across + (threshold.gaps_within - threshold.gaps_across) * alike
    least = threshold.across + (threshold.within - threshold.across) * alike
    return best.score + gaps * gap >= least
