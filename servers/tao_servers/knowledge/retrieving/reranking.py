"""The stage in which a model reads query and passage together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tao.models.rerank import Reranker
from tao_servers.knowledge.retrieving.candidates import Candidate

if TYPE_CHECKING:
    from tao_servers.knowledge.index import Collection

__all__ = ["Reranking"]


class Reranking:
    """Ranks the candidates by a cross-encoder's score (Nogueira and Cho 2019); see `Stage`."""

    name = "rerank"

    def __init__(self, reranker: Reranker) -> None:
        self._reranker = reranker

    def __call__(
        self, query: str, candidates: Sequence[Candidate], top_k: int, collection: "Collection"
    ) -> list[Candidate]:
        """See `Stage`."""
        scores = self._reranker.score(query, [candidate.passage.indexed_text for candidate in candidates])
        rescored = (
            candidate.rescored(self.name, score) for candidate, score in zip(candidates, scores, strict=True)
        )
        return sorted(rescored, key=lambda candidate: -candidate.score)
