"""Measures search as the settings have it, on a data set whose corpus was taken in."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TextIO

from tao.settings import KnowledgeSettings, Settings, StageName
from tao_servers.knowledge import opening
from tao_servers.knowledge.evaluating.ablation import Row, Variant, ablate, variants
from tao_servers.knowledge.evaluating.run import Question, Scores, Search, ask_all
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.retrieving import Match, Searcher
from tao_servers.serving.progress import progress_shown

__all__ = ["Measuring", "stages_in_use"]


@dataclass(frozen=True, slots=True)
class Measuring:
    """Asks `questions` of the collection at `place`; `top_k` documents are scored."""

    settings: Settings
    place: Place
    questions: Sequence[Question]
    top_k: int
    stream: TextIO = field(default_factory=lambda: sys.stderr)

    def rows(self, *, ablated: bool) -> list[Row]:
        """How search does with all stages that are in use, and `ablated` also without each.

        Raises:
            EmptyStoreError: no record of the corpus has any text.
            StoreError: the collection cannot be used.
            ConfigError, ModelError: a model is not there, or fails.
        """
        with opening.models(self.settings) as models:
            rewrites = models.rewrite is not None
            wanted = variants(stages_in_use(self.settings.knowledge, rewrites=rewrites))
            return ablate(wanted if ablated else wanted[:1], lambda variant: self._ask(variant, models))

    def _ask(self, variant: Variant, models: opening.Models) -> Scores:
        total, asked = len(self.questions), 0
        settings, stages = self.settings.knowledge, variant.stages
        with (
            opening.searcher(settings, self.place, models, stages=stages) as searcher,
            progress_shown(f"Queries, {variant.name}", self.stream) as progress,
        ):

            def done() -> None:
                nonlocal asked
                asked += 1
                progress(asked, total)

            # The first search loads what the others have, and fails for all of them.
            searcher.search(self.questions[0].text, self.top_k)
            return ask_all(_rewriting(searcher), self.questions, self.top_k, done=done)


def stages_in_use(settings: KnowledgeSettings, *, rewrites: bool) -> tuple[StageName, ...]:
    """The stages of the settings that do anything; `rewrites`: there is a model for rewriting."""
    idle: set[StageName] = set() if rewrites else {"rewrite"}
    if settings.reranker is None:
        idle.add("rerank")
    if not settings.rules:
        idle.add("boost")
    if not {"dense", "keyword"} <= set(settings.stages):
        # Whether anything is relevant is told by both together.
        idle.add("refuse")
    return tuple(stage for stage in settings.stages if stage not in idle)


def _rewriting(searcher: Searcher) -> Search:
    # Of the same query more passages may be asked for, and a model answers slowly.
    rewritten = lru_cache(maxsize=1)(searcher.rewritten)

    def search(query: str, top_k: int) -> Sequence[Match]:
        asked = rewritten(query)
        return searcher.search(
            asked.queries[0], top_k, also=asked.queries[1:], hypothetical=asked.hypothetical
        )

    return search
