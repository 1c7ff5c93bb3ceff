"""From a question to the statement whose rows answer it."""

import datetime
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from anyio import CapacityLimiter, create_task_group, to_thread

from tao.errors import ModelError
from tao.models.chat import ChatModel, Message
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.choosing import chosen_first
from tao_servers.text2sql.answering.judging import objection
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.answering.outcome import Outcome, Reading
from tao_servers.text2sql.answering.preparing import prepared
from tao_servers.text2sql.answering.prompting import messages, messages_to_repair
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.answering.trying import tried
from tao_servers.text2sql.answering.voting import agree, readings
from tao_servers.text2sql.answering.writing import Writer
from tao_servers.text2sql.checking import Problem
from tao_servers.text2sql.errors import Text2sqlError
from tao_servers.text2sql.examples import ExampleStore
from tao_servers.text2sql.mending import asks_for_ratio
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.threads import in_place

__all__ = ["Answerer"]

_TEMPERATURE = 0.7
_PLACES = 5
# How sure a result is whose names had to be mended, or that has no value in it.
_MENDED, _EMPTY = 0.9, 0.5
_CUT_OFF = "It came to no end. Write one short statement."


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to ask for a statement."""

    hinted: bool
    temperature: float


class Answerer:
    """Answers questions about one database with a chat model. Any number of questions at a time.

    At most as many statements run at once as `places` has room for.
    """

    def __init__(
        self,
        source: Source,
        model: ChatModel,
        options: Options | None = None,
        *,
        examples: ExampleStore | None = None,
        places: CapacityLimiter | None = None,
    ) -> None:
        self._source = source
        self._model = model
        self._options = options or Options()
        self._examples = examples
        self._places = places or CapacityLimiter(_PLACES)

    async def answer(
        self,
        question: str,
        *,
        notes: str = "",
        as_of: datetime.date | None = None,
        notify: Callable[[str], Awaitable[None]] | None = None,
    ) -> Outcome:
        """Find the statement for a question; `notify` gets a line when another stage begins.

        `notes` say how terms of the question are meant; `as_of` is the day that 上个月 counts from.

        Raises:
            ModelError: the model does not answer.
            Text2sqlError: the database cannot be read.
        """
        told = notify or _silent
        await told("Looking at the schema…")
        task = await in_place(
            lambda stop: prepared(
                self._source,
                question,
                stop,
                options=self._options,
                notes=notes,
                as_of=as_of,
                examples=self._examples,
            ),
            self._places,
        )
        attempt = _Attempt(task, Writer(self._model), self._options, self._source, self._places)
        await told("Writing SQL…")
        await attempt.write()
        if self._options.repairs and attempt.is_poor:
            await told("Trying again…")
            await attempt.repair()
        if self._options.ties:
            await attempt.decide()
        if self._options.judge:
            await told("Checking the answer…")
            await attempt.judge(self._model)
        return attempt.outcome()


async def _silent(line: str) -> None:
    """Tell nobody."""


class _Attempt:
    """One question on its way; `tried` has its candidates in the order in which they were written."""

    def __init__(
        self, task: Task, writer: Writer, options: Options, source: Source, places: CapacityLimiter
    ) -> None:
        self._task = task
        self._writer = writer
        self._options = options
        self._source = source
        self._places = places
        self._readings: tuple[Reading, ...] = ()
        self.tried: list[Candidate] = []

    @property
    def is_poor(self) -> bool:
        """Whether nothing ran, or what ran gave what can hardly be meant."""
        return not self._readings or self._readings[0].candidate.is_implausible

    async def write(self) -> None:
        """Have candidates written: two side by side, and the others unless these two agree."""
        ways = self._ways()
        first = 2 if self._options.early else len(ways)
        await self._take(ways[:first])
        rest = ways[first:]
        if rest and (self.is_poor or len(self.tried) < 2 or self._readings[0].votes < len(self.tried)):
            await self._take(rest)

    async def repair(self) -> None:
        """Tell the model what was wrong with the best candidate, until something is found."""
        poor = self._readings[0].candidate if self._readings else self.tried[0]
        for number in range(self._options.repairs):
            asked = messages_to_repair(self._task, poor, hinted=self._options.hints)
            # The same words would be answered in the same way.
            again = await self._again(asked, _TEMPERATURE if number else 0.0)
            if again is None:
                return
            await self._add([again])
            if not self.is_poor:
                return
            poor = again

    async def decide(self) -> None:
        """Have the model choose where the votes do not."""
        self._readings = await chosen_first(
            self._task, self._readings, self._writer, hinted=self._options.hints
        )

    async def judge(self, model: ChatModel) -> None:
        """Have the chosen candidate judged; on an objection take a new one, if that finds anything."""
        if not self._readings:
            return
        chosen = self._readings[0].candidate
        reason = await objection(self._task, chosen, model, self._writer)
        if reason is None:
            return
        objected = replace(chosen, problem=Problem("judge", reason))
        asked = messages_to_repair(self._task, objected, hinted=self._options.hints)
        again = await self._again(asked, 0.0)
        if again is not None and again.ran and not again.is_empty:
            await self._add([again])
            # What was written in view of the objection goes first.
            self._readings = await to_thread.run_sync(_with_first, self._readings, again)

    def outcome(self) -> Outcome:
        """What has come of it so far."""
        return Outcome(
            task=self._task,
            readings=self._readings,
            tried=tuple(self.tried),
            confidence=self._confidence(),
            usage=self._writer.usage,
            requests=self._writer.requests,
        )

    def _ways(self) -> list[_Way]:
        hinted = self._options.hints
        ways = [_Way(hinted, 0.0)]
        while len(ways) < self._options.candidates:
            # Every other one does without hints, which may be wrong.
            ways.append(_Way(hinted and len(ways) % 2 == 1, _TEMPERATURE))
        return ways

    async def _take(self, ways: Sequence[_Way]) -> None:
        found: list[Candidate | None] = [None] * len(ways)
        failures: list[ModelError | Text2sqlError] = []

        async def one(place: int, way: _Way) -> None:
            try:
                asked = messages(self._task, hinted=way.hinted)
                found[place] = await self._one(asked, way.temperature)
            except (ModelError, Text2sqlError) as exc:
                failures.append(exc)

        async with create_task_group() as group:
            for place, way in enumerate(ways):
                group.start_soon(one, place, way)
        new = [candidate for candidate in found if candidate is not None]
        if failures and not new and not self.tried:
            raise failures[0]
        await self._add(new)

    async def _again(self, asked: Sequence[Message], temperature: float) -> Candidate | None:
        """Another candidate; None where that fails, after which those that are there still count."""
        try:
            return await self._one(asked, temperature)
        except (ModelError, Text2sqlError):
            return None

    async def _one(self, asked: Sequence[Message], temperature: float) -> Candidate:
        reply = await self._writer.write(asked, temperature)
        if reply.is_cut_off:
            return Candidate(reply.text, reply.text, problem=Problem("length", _CUT_OFF))
        return await in_place(
            lambda stop: tried(
                reply.text,
                self._source,
                self._task.schema,
                self._source.database.limits,
                stop,
                mends=self._options.mend,
                today=self._today,
                keeps_fractions=asks_for_ratio(self._task.question),
            ),
            self._places,
        )

    @property
    def _today(self) -> datetime.date | None:
        """The day to put for the clock's, where it is another."""
        day = self._task.as_of
        return day if day != datetime.date.today() else None

    async def _add(self, candidates: Sequence[Candidate]) -> None:
        self.tried += candidates
        # Large results take a while to compare.
        self._readings = await to_thread.run_sync(readings, tuple(self.tried))

    def _confidence(self) -> float:
        if not self._readings:
            return 0.0
        first = self._readings[0]
        sure = first.votes / len(self.tried)
        sure *= _MENDED if first.candidate.mends else 1.0
        return round(sure * (_EMPTY if first.candidate.is_empty else 1.0), 2)


def _with_first(found: Sequence[Reading], chosen: Candidate) -> tuple[Reading, ...]:
    return tuple(sorted(found, key=lambda one: not agree(one.candidate, chosen)))
