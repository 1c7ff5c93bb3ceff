"""Judges answers, one or many."""

from collections.abc import Awaitable, Callable, Sequence

import anyio
import anyio.to_thread

from tao.errors import ModelError
from tao.models.chat import ChatModel
from tao.models.embeddings import Embedder
from tao.models.json_replies import JsonModel
from tao_prompts import language_of
from tao_servers.knowledge.evaluating.answers.asking import Asker, Line
from tao_servers.knowledge.evaluating.answers.case import Case
from tao_servers.knowledge.evaluating.answers.metrics import EMBEDDED, METRICS
from tao_servers.knowledge.evaluating.answers.records import Record
from tao_servers.knowledge.evaluating.answers.scores import ALL, Metric, Score, Scores, UnjudgedError

__all__ = ["Judge", "judge_all"]

_REPLY_CHARS = 40_000


class Judge:
    """A chat model that reads answers, and an embedder that compares them."""

    def __init__(self, model: ChatModel, embedder: Embedder) -> None:
        self._embedder = embedder
        self._line = Line(JsonModel(model, most_chars=_REPLY_CHARS))

    async def warm(self, metrics: Sequence[Metric] = ALL) -> None:
        """Load the embedder, if one of these metrics takes it.

        Raises:
            ConfigError, ModelError: it is not there, or does not answer.
        """
        if EMBEDDED.intersection(metrics):
            await anyio.to_thread.run_sync(lambda: self._embedder.embed(["warm"], kind="query"))

    async def score(self, record: Record, metrics: Sequence[Metric] = ALL) -> Scores:
        """Judge one answer, in calls one after another, in the language of the question.

        A metric that cannot be judged has the value None and a reason: what the record lacks, or how the
        judge failed. A reply that cannot be read is asked for once more.

        Raises:
            ConfigError: the embedder is not there.
        """
        asker = Asker(self._line, language_of(record.question))
        case = Case(record, asker, self._embedder)
        found = {metric: await _scored(METRICS[metric], case) for metric in metrics}
        return Scores(found, asker.usage)

    def require_answers(self) -> None:
        """Make sure that the model was still answering at the end.

        Raises:
            ModelError: it did not answer several times in a row, and is not asked any more.
        """
        if self._line.dead:
            raise ModelError(self._line.last_failure)


async def _scored(metric: Callable[[Case], Awaitable[Score]], case: Case) -> Score:
    try:
        return await metric(case)
    except UnjudgedError as exc:
        return Score(None, str(exc), exc.failed)


async def judge_all(
    judge: Judge,
    records: Sequence[Record],
    metrics: Sequence[Metric] = ALL,
    *,
    parallel: int = 4,
    done: Callable[[int, Scores], None],
) -> None:
    """Judge records, `parallel` at a time; `done` gets the place of each and its scores, as they come.

    Raises:
        ConfigError, ModelError: the embedder is not there, or the model stopped answering.
    """
    await judge.warm(metrics)
    waiting = enumerate(records)

    async def work() -> None:
        for place, record in waiting:
            done(place, await judge.score(record, metrics))

    async with anyio.create_task_group() as tasks:
        for _ in range(min(parallel, len(records))):
            tasks.start_soon(work)
    judge.require_answers()
