"""What was measured, as JSON, as text, and as a plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tao_servers.knowledge.evaluating.ablation import Row
from tao_servers.knowledge.evaluating.plot import Bar, draw
from tao_servers.knowledge.evaluating.table import ablation_table, measures_table
from tao_servers.knowledge.index import Place
from tao_servers.serving.tables import show

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["Report"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """How the `rows` did, the first of which has all stages.

    `missing` documents were judged relevant and are not in the corpus.
    """

    dataset: str
    documents: int
    missing: int
    queries: int
    place: Place
    embedder: str
    reranker: str | None
    top_k: int
    rows: Sequence[Row]

    @property
    def _main(self) -> str:
        return f"ndcg@{self.top_k}"

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "dataset": self.dataset,
            "documents": self.documents,
            "missing_documents": self.missing,
            "queries": self.queries,
            "store": str(self.place.store),
            "collection": self.place.name,
            "embedder": self.embedder,
            "reranker": self.reranker,
            "stages": list(self.rows[0].variant.stages),
            "top_k": self.top_k,
            **self.rows[0].scores.as_json(),
            "ablation": [row.as_json() for row in self.rows[1:]],
        }

    def write(self, stream: "TextIO") -> None:
        """Write tables, and a line on the whole."""
        scores = self.rows[0].scores
        show(measures_table(scores), stream)
        refused = f"; refused {scores.refused} of {scores.unanswerable} without an answer"
        stream.write(
            f"\n{self.dataset}: {self.queries} queries, {self.documents} documents; "
            f"p50 {scores.p50:.1f} ms, p95 {scores.p95:.1f} ms; nothing found for {scores.nothing}"
            f"{refused if scores.unanswerable else ''}\n"
        )
        if len(self.rows) > 1:
            stream.write("\n")
            others = (f"recall@{self.top_k}", f"mrr@{self.top_k}", "hit@1")
            show(ablation_table(self.rows, self._main, others), stream)

    def draw(self, file: Path) -> str | None:
        """Draw each row, or each measure of a single one, with the errors of `draw`; returns its note."""
        scores = self.rows[0].scores
        if len(self.rows) > 1:
            axis = self._main
            bars = [Bar(row.variant.name, row.scores.interval(self._main)) for row in self.rows]
        else:
            axis, bars = "mean", [Bar(name, scores.interval(name)) for name in scores.values]
        title = f"{self.dataset} ({self.queries} queries)"
        return draw(bars, file, title=title, axis=f"{axis}, 95 % interval")
