"""Asks the questions of data sets, some at a time, and judges the answers."""

import datetime
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import anyio
from anyio import to_thread

from tao.errors import ModelError
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.errors import SetupError, Text2sqlError
from tao_servers.text2sql.evaluating.dataset import Item
from tao_servers.text2sql.evaluating.referee import Referee, Verdict
from tao_servers.text2sql.evaluating.trial import Trial, lost, trial_of
from tao_servers.text2sql.stopping import Stop

__all__ = ["Answering", "attempt", "in_thread", "measure"]

_Value = TypeVar("_Value")

# So many questions one after another for which the model fails are no accident.
_MOST_LOST = 3


class Answering(Protocol):
    """Answers questions about one database, as `Answerer` does."""

    async def answer(self, question: str, *, notes: str = "", as_of: datetime.date | None = None) -> Outcome:
        """Find the statement for a question.

        Raises:
            ModelError: the model failed.
            Text2sqlError: the database did.
        """
        ...


async def attempt(item: Item, answering: Answering, referee: Referee) -> Trial:
    """Ask one question and compare the rows of the chosen statement.

    Raises:
        ModelError: the model failed.
        SetupError: the database or a library is not there.
    """
    begun = time.perf_counter()
    try:
        outcome = await answering.answer(item.question, notes=item.notes, as_of=item.as_of)
    except SetupError:
        raise
    except Text2sqlError as exc:
        return Trial(item, Verdict("database error", str(exc)), seconds=time.perf_counter() - begun)
    seconds = time.perf_counter() - begun
    chosen = outcome.chosen
    if chosen is None:
        return trial_of(item, outcome, None, seconds)
    sql = chosen.checked.sql if chosen.checked else chosen.sql
    verdict = await in_thread(lambda stop: referee.judge(item, sql, stop))
    return trial_of(item, outcome, verdict, seconds)


async def measure(
    items: Iterable[Item],
    answering: Callable[[Path], Answering],
    referee: Referee,
    *,
    parallel: int = 1,
    done: Callable[[Trial], None],
) -> None:
    """Ask every question, `parallel` of them at a time, in their order; `done` is told of each.

    A question for which the model fails is a trial lost; three in a row end it, or the lack of others.

    Raises:
        ModelError: the model does not answer any more; the last questions are not told.
        SetupError: a database or a library is not there.
    """
    asking = _Asking(iter(items), answering, referee, done)
    async with anyio.create_task_group() as group:
        asking.stop = group.cancel_scope.cancel
        for _ in range(parallel):
            group.start_soon(asking.work)
    asking.finish()


async def in_thread(work: Callable[[Stop], _Value]) -> _Value:
    """What `work` gives, in a thread; a cancelled call stops it without waiting."""
    stop = Stop()
    try:
        return await to_thread.run_sync(work, stop, abandon_on_cancel=True)
    except anyio.get_cancelled_exc_class():
        stop.set()
        raise


class _Asking:
    """What those who ask at the same time share."""

    def __init__(
        self,
        items: Iterator[Item],
        answering: Callable[[Path], Answering],
        referee: Referee,
        done: Callable[[Trial], None],
    ) -> None:
        self._items = items
        self._answering = answering
        self._referee = referee
        self._done = done
        self._lost: list[Trial] = []
        self._loss: ModelError | None = None
        self._answered = False
        self._failure: ModelError | SetupError | None = None
        self.stop: Callable[[], None] = lambda: None

    async def work(self) -> None:
        while self._failure is None and (item := next(self._items, None)) is not None:
            begun = time.perf_counter()
            try:
                trial = await attempt(item, self._answering(item.database), self._referee)
            except ModelError as exc:
                self._lose(lost(item, str(exc), time.perf_counter() - begun), exc)
            except SetupError as exc:
                self._fail(exc)
            else:
                self._answered = True
                self._tell_lost()
                self._done(trial)

    def finish(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._loss is not None and not self._answered:
            raise self._loss
        self._tell_lost()

    def _lose(self, trial: Trial, exc: ModelError) -> None:
        self._lost.append(trial)
        self._loss = exc
        if len(self._lost) >= _MOST_LOST:
            self._fail(exc)

    def _fail(self, exc: ModelError | SetupError) -> None:
        self._failure = self._failure or exc
        self.stop()

    def _tell_lost(self) -> None:
        for trial in self._lost:
            self._done(trial)
        self._lost.clear()
