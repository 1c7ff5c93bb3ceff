"""Asks the questions of a set in one way after another."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from benchmarks.model_cache import CachedModel, Replies
from benchmarks.text2sql.plain import plain_attempt
from tao.errors import ModelError
from tao.models.chat import ChatModel
from tao_servers.text2sql.evaluating.dataset import Item
from tao_servers.text2sql.evaluating.referee import Referee
from tao_servers.text2sql.evaluating.run import Answering, attempt
from tao_servers.text2sql.evaluating.sources import Sources
from tao_servers.text2sql.evaluating.trial import Trial, lost
from tao_servers.text2sql.source import Source

__all__ = ["Bench", "Trials", "by_set"]

Trials = dict[str, list[Trial]]
"""What came of each way of answering, by its name."""

_Options = TypeVar("_Options")

# So many in a row are an endpoint that is gone, and not a prompt that is too long for it.
_MOST_LOST = 5


@dataclass
class Bench(Generic[_Options]):
    """What all questions are asked with; `make` makes Tao's answerer, `tell` is told of every trial.

    The databases of `sources` stay open from one way of answering to the next, as a server keeps them.
    """

    model: ChatModel
    replies: Replies
    sources: Sources
    make: Callable[[Source, ChatModel, _Options], Answering]
    tell: Callable[[str, Trial], None]
    say: Callable[[str], None]
    referee: Referee = field(default_factory=Referee)

    async def plain(self, items: Sequence[Item]) -> list[Trial]:
        """Answer with the plain prompt."""
        return await self.ask(
            "plain", items, lambda item: plain_attempt(item, self.model, self.replies, self.referee)
        )

    async def tao(self, items: Sequence[Item], options: _Options, name: str = "tao") -> list[Trial]:
        """Answer as the server does."""

        async def one(item: Item) -> Trial:
            model = CachedModel(self.model, self.replies)
            answering = self.make(self.sources.of(item.database), model, options)
            return await self.timed(item, answering, model)

        return await self.ask(name, items, one)

    async def timed(self, item: Item, answering: Answering, model: CachedModel) -> Trial:
        """Answer one question with the model, which took what it took when its replies were made."""
        trial = await attempt(item, answering, self.referee)
        return replace(trial, seconds=trial.seconds - model.waited + model.elapsed)

    async def ask(
        self, name: str, items: Sequence[Item], one: Callable[[Item], Awaitable[Trial]]
    ) -> list[Trial]:
        """Answer all questions, one after another, and tell of each.

        Raises:
            ModelError: the model does not answer any more.
        """
        trials: list[Trial] = []
        failed = 0
        for number, item in enumerate(items, start=1):
            try:
                trial = await one(item)
                failed = 0
            except ModelError as exc:
                failed += 1
                if failed == _MOST_LOST:
                    raise
                trial = lost(item, str(exc), 0.0)
            trials.append(trial)
            self.report(name, trial, number, len(items))
        return trials

    def report(self, name: str, trial: Trial, number: int, count: int) -> None:
        """Tell of a trial."""
        verdict = trial.verdict.failure or "right"
        self.say(
            f"{trial.item.set} {name} {number}/{count} {trial.item.database.stem}: {verdict},"
            f" {trial.seconds:.1f} s, {trial.tokens} tokens"
        )
        self.tell(name, trial)


def by_set(items: Sequence[Item]) -> list[list[Item]]:
    """The questions of each set and language, for what Tao's prompt begins with differs between languages.

    The plain one begins alike, so that the second language finds it in the endpoint's cache.
    """
    sets: dict[str, list[Item]] = {}
    for item in items:
        sets.setdefault(item.group, []).append(item)
    return list(sets.values())
