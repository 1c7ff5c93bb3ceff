"""Ways to keep names right: ASCII ones instead of Chinese ones, a grammar, mending, and these together.

Every way writes one statement, at temperature 0, with the product's own prompt; nothing is repaired by the
model.
"""

import datetime
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.model_cache import CachedModel, Replies
from benchmarks.text2sql.aliasing import AliasedSource, Aliases
from benchmarks.text2sql.bench import Bench, Trials, by_set
from benchmarks.text2sql.figures import way_figures
from benchmarks.text2sql.grammar import grammar
from tao.models.chat import ChatModel, ChatRequest, Completion, Delta
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.answering.preparing import prepared
from tao_servers.text2sql.answering.prompting import messages
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.answering.trying import tried
from tao_servers.text2sql.answering.voting import readings
from tao_servers.text2sql.answering.writing import Writer
from tao_servers.text2sql.evaluating.dataset import Item
from tao_servers.text2sql.evaluating.run import in_thread
from tao_servers.text2sql.evaluating.trial import Trial
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop

__all__ = ["WAYS", "Bound", "Way", "measure_identifiers"]

Bound = Callable[[str], Awaitable[tuple[ChatModel, Replies]]]
"""Gives the model whose replies a grammar bounds, and where they are kept."""


@dataclass(frozen=True, slots=True)
class Way:
    """How names are kept right."""

    aliases: bool = False
    grammar: bool = False
    mend: bool = False

    @property
    def name(self) -> str:
        """What the figures call it."""
        parts = [part for part in ("aliases", "grammar", "mend") if getattr(self, part)]
        return "+".join(parts) or "none"


# Those that differ in mending alone come after each other: their replies are the same.
WAYS = tuple(
    Way(aliases, bound, mend)
    for aliases, bound in ((False, False), (True, False), (False, True), (True, True))
    for mend in (False, True)
)


async def measure_identifiers(items: Sequence[Item], bench: Bench[Options], bound: Bound) -> dict[str, Any]:
    """The figures of every way; everything is asked in one way before it is asked in the next.

    `ms_per_token` is how long a token took after the first one. An endpoint that keeps more prompts than
    there are questions reads those of `grammar` faster, which are the same as without.

    Raises:
        ModelError: the model does not answer any more, or takes no grammar.
        SetupError: a database or a library is not there.
    """
    trials: Trials = {way.name: [] for way in WAYS}
    paces = {way.name: _Pace() for way in WAYS}
    for way in WAYS:
        asking = _Asking(way, bench, bound, paces[way.name])
        for some in by_set(items):
            trials[way.name] += await bench.ask(way.name, some, asking.one)
    found = way_figures(trials, beside=("none", "mend"))
    return {name: one | {"ms_per_token": paces[name].milliseconds} for name, one in found.items()}


@dataclass(slots=True)
class _Pace:
    """The time that tokens took, the first of each reply left out."""

    seconds: float = 0.0
    tokens: int = 0

    @property
    def milliseconds(self) -> float:
        return round(1000 * self.seconds / max(1, self.tokens), 1)

    def count(self, completion: Completion) -> None:
        self.seconds += completion.seconds - completion.first_token_seconds
        self.tokens += max(0, completion.usage.completion_tokens - 1)


@dataclass(frozen=True, slots=True)
class _Paced:
    """A model whose pace is measured."""

    model: ChatModel
    pace: _Pace

    @property
    def name(self) -> str:
        return self.model.name

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        async with aclosing(self.model.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    self.pace.count(piece)
                yield piece


@dataclass(slots=True)
class _Asking:
    """Asks one question after another in one way."""

    way: Way
    bench: Bench[Options]
    bound: Bound
    pace: _Pace

    async def one(self, item: Item) -> Trial:
        source = self.bench.sources.of(item.database)
        schema = await in_thread(source.schema)
        aliases = await in_thread(lambda stop: Aliases.of(schema)) if self.way.aliases else None
        model, replies = self.bench.model, self.bench.replies
        if self.way.grammar:
            model, replies = await self.bound(grammar(aliases.renamed if aliases else schema))
        cached = CachedModel(model, replies)
        answering = _Answering(source, aliases, _Paced(cached, self.pace), self.way.mend)
        return await self.bench.timed(item, answering, cached)


@dataclass(frozen=True, slots=True)
class _Answering:
    """Answers as `Answerer` does with one candidate and no repairs, in other names with `aliases`."""

    source: Source
    aliases: Aliases | None
    model: ChatModel
    mend: bool

    async def answer(self, question: str, *, notes: str = "", as_of: datetime.date | None = None) -> Outcome:
        task = await in_thread(lambda stop: self._task(question, notes, as_of, stop))
        writer = Writer(self.model)
        written = (await writer.write(messages(task), 0.0)).text
        real = self.aliases.read(written) if self.aliases else written
        schema = self.aliases.schema if self.aliases else task.schema
        limits = self.source.database.limits
        candidate = await in_thread(
            lambda stop: tried(real, self.source, schema, limits, stop, mends=self.mend)
        )
        candidate = replace(candidate, written=written)
        found = readings([candidate])
        return Outcome(task, found, (candidate,), float(bool(found)), writer.usage, writer.requests)

    def _task(self, question: str, notes: str, as_of: datetime.date | None, stop: Stop) -> Task:
        options = Options(candidates=1, repairs=0, mend=self.mend)
        task = prepared(self.source, question, stop, options=options, notes=notes, as_of=as_of)
        if self.aliases is None or not self.aliases.to_real:
            return task
        bare = replace(options, illustrations=False)
        renamed = AliasedSource(self.source, self.aliases)
        shown = prepared(renamed, question, stop, options=bare, as_of=as_of).shown
        return self.aliases.told(task, shown)
