"""Whether anything that was found has to do with the question."""

from dataclasses import dataclass

from tao.models.embeddings import BundledEmbedder, CombinedEmbedder
from tao.models.embeddings.language import chinese_share
from tao_servers.knowledge.retrieving.legs import Retrieved

__all__ = ["is_relevant"]

# How deep the nearest passages are looked at: what is chance stands out little from the fiftieth.
_DEPTH = 50
# Across languages a score that 3 in 100 questions to another set reach by chance.
_PLAIN = 0.26


@dataclass(frozen=True, slots=True)
class _Threshold:
    """Least values: within a language of the score with a share of the gap, across two of the gap alone.

    Among fewer passages than `_DEPTH` chance brings none far, and the score alone tells.
    """

    within: float
    gap_share: float
    across: float
    few_within: float
    few_across: float


# Set on questions to cmrc2018, dureader_search, hotpotqa, scifact and xquad (both ways across), and on others
# that belong to another of these sets. Refused within a language: with bundled-large .00 to .01 of the first
# and .95 of the second (each pair of sets counting the same), with bundled .00 to .03 and .83; across
# languages .01 and .54, with bundled .01 and .30. Among 1 to 45 of their passages 95 in 100 of the second
# score less than .17 within and .20 across, and 4 in 100 of the first less than .26 and .13; with bundled .16
# and .21, .18 and .10.
_THRESHOLDS = {
    CombinedEmbedder.name: _Threshold(0.29, 0.5, 0.125, few_within=0.18, few_across=0.14),
    BundledEmbedder.name: _Threshold(0.21, 0.25, 0.107, few_within=0.16, few_across=0.12),
}


def is_relevant(query: str, found: Retrieved, embedder: str) -> bool:
    """Whether the best passage may answer the question.

    What tells is its fused score, and how far the nearest passage stands out from those that are there by
    chance. Other embedders than the bundled ones have cosines of another range, and nothing is refused.
    """
    threshold = _THRESHOLDS.get(embedder)
    if threshold is None or not found.candidates:
        return bool(found.candidates)
    best = max(found.candidates, key=lambda candidate: candidate.score)
    within = abs(chinese_share(query) - chinese_share(best.passage.chunk.text)) <= 0.5
    if len(found.cosines) < _DEPTH:
        return best.score >= (threshold.few_within if within else threshold.few_across)
    # Copies of the best are no reason to doubt it.
    cosines = list(dict.fromkeys(round(cosine, 4) for cosine in found.cosines))[:_DEPTH]
    gap = cosines[0] - cosines[-1]
    if within:
        return best.score + threshold.gap_share * gap >= threshold.within
    return gap >= threshold.across or best.score >= _PLAIN
