"""The ReAct loop: think, act, observe, until the model finishes (arXiv 2210.03629)."""

from collections.abc import Sequence
from dataclasses import replace

import anyio

from tao.dialects import Dialect, Step, UnreadableStep
from tao.dialects.reading import read_reply
from tao.dialects.reading.inventions import own_words
from tao.errors import ModelError, PromptTooLongError
from tao.events import Answer, Notice, StopReason
from tao.evidence import cite, unsupported
from tao.models.chat import ChatRequest, Completion, Message
from tao.strategies.acting import Acting, framed
from tao.strategies.earlier import retold
from tao.strategies.history import History
from tao.strategies.limits import Limits, Spent
from tao.strategies.run import Run
from tao.strategies.teller import Teller
from tao.toolbox.tool import Toolbox

__all__ = ["React"]

_REFUSED = (400, 422)
_UNREADABLE = 2


class React:
    """Works in steps until the model finishes, asks the user, or a limit is reached.

    At a limit the model is asked once more for the best answer from what is known. The first dialect is
    used; the next one when the endpoint refuses the very first request, or when two replies in a row could
    not be read.
    """

    def __init__(self, toolbox: Toolbox, dialects: Sequence[Dialect], limits: Limits) -> None:
        self._toolbox = toolbox
        self._dialects = dialects
        self._limits = limits

    async def answer(self, run: Run) -> Answer:
        """Loop until there is an answer."""
        work = _Work(self._toolbox, self._dialects, self._limits, run)
        text, reason = await work.until_limit()
        if text is None:
            text = await work.best_answer()
        return work.answer(text, reason)

    async def attempt(self, run: Run) -> Answer | None:
        """Loop until there is an answer; None when a limit is reached first."""
        work = _Work(self._toolbox, self._dialects, self._limits, run)
        text, reason = await work.until_limit()
        return None if text is None else work.answer(text, reason)


class _Work:
    """One run: what was said and done so far, told in one dialect."""

    def __init__(self, toolbox: Toolbox, dialects: Sequence[Dialect], limits: Limits, run: Run) -> None:
        self._dialect, *self._further = dialects
        self._limits = limits
        self._run = run
        # From the run's beginning: another strategy may have worked at it before.
        self._deadline = run.started + limits.timeout
        self._tools = tuple(toolbox.tools)
        self._acting = Acting(toolbox, run)
        self._spent = Spent()
        self._unreadable = 0
        self._told: list[tuple[Step, tuple[str, ...]]] = []
        self._history = self._retold()

    async def until_limit(self) -> tuple[str | None, StopReason]:
        """Work step by step; the answer's text, None at a limit, and why the work ended."""
        reason: StopReason | None = None
        with anyio.CancelScope(deadline=self._deadline):
            while (reason := self._over()) is None:
                ended = await self._step()
                if ended is not None:
                    return ended
        return None, reason or "timeout"

    def answer(self, text: str, reason: StopReason) -> Answer:
        """The answer, matched with what was observed."""
        run = self._run
        known = "\n".join([run.question, run.circumstances(), *(turn.text for turn in run.earlier)])
        asks = reason == "needs_input"
        return run.answer(
            text,
            stop_reason=reason,
            steps=self._spent.steps,
            dialect=self._dialect.name,
            citations=() if asks else cite(text, run.question, self._acting.observed),
            unsupported=() if asks else unsupported(text, known, self._acting.observed),
        )

    def _over(self) -> StopReason | None:
        if self._acting.stuck:
            return "no_progress"
        if anyio.current_time() >= self._deadline:
            return "timeout"
        usage = self._run.usage
        return self._spent.over(self._limits, tokens=usage.prompt_tokens + usage.completion_tokens)

    async def _step(self) -> tuple[str, StopReason] | None:
        self._spent.steps += 1
        self._spent.barren += 1
        completion = await self._complete()
        try:
            if completion.finish_reason == "length":
                # Half a call could be repaired into a whole one that nobody meant.
                raise UnreadableStep("It was cut off because it was too long. Be brief.")
            step = self._dialect.read(completion, self._tools)
        except UnreadableStep as exc:
            if exc.prose and self._acting.observed:
                return exc.prose.strip(), "finish"
            self._send_back(completion, exc)
            return None
        self._unreadable = 0
        if step.answer is not None:
            return step.answer.strip(), "needs_input" if step.asks else "finish"
        await self._act(completion, step)
        return None

    async def _act(self, completion: Completion, step: Step) -> None:
        left = self._limits.max_tool_calls - self._spent.tool_calls
        self._spent.tool_calls += len(step.calls[:left])

        def told(texts: tuple[str, ...], news: bool) -> None:
            if news:
                self._spent.barren = 0
            self._told.append((step, texts))
            self._history.add(self._dialect.recorded(completion))
            self._observe(self._history, self._dialect, step, texts)

        await self._acting.act(self._spent.steps, step.calls, left, told)

    async def _complete(self) -> Completion:
        while True:
            request = self._dialect.request(self._history.messages, self._tools)
            if self._run.overflows(request) and self._shortened():
                # Some endpoints cut a prompt that is too long without a word.
                continue
            try:
                return await self._run.complete(
                    request, Teller(self._run, self._dialect, self._acting, self._spent.steps)
                )
            except PromptTooLongError as exc:
                self._run.window = exc.window or self._run.window
                if not self._shortened():
                    raise
            except ModelError as exc:
                if exc.status not in _REFUSED or self._spent.steps > 1 or not self._further:
                    raise
                self._next_dialect(f"the endpoint refuses it: {exc}")

    async def best_answer(self) -> str:
        """Ask for an answer in plain words from what is known."""
        ask = self._run.prompt("best_answer", question=self._run.question)
        while True:
            *before, last = self._history.messages
            if last.role == "user":
                # Into the last message of the user, since some templates refuse two of them in a row.
                messages = [*before, Message("user", f"{last.content}\n\n{ask}")]
            else:
                messages = [*before, last, Message("user", ask)]
            try:
                text = await self._run.write(
                    ChatRequest(messages), seconds=self._limits.last_word, step=self._spent.steps + 1
                )
                return self._said(text)
            except PromptTooLongError:
                if not self._shortened():
                    raise

    def _said(self, text: str) -> str:
        """The answer in a reply that was to be plain words: small models often keep to the form of a step."""
        found = read_reply(text, self._tools, first="labels")
        return own_words(text).strip() if found.answer is None else found.answer.strip()

    def _send_back(self, completion: Completion, exc: UnreadableStep) -> None:
        self._unreadable += 1
        if self._unreadable == _UNREADABLE and self._further:
            self._next_dialect("two replies in a row could not be read")
            return
        # Without its calls, which were not made: no endpoint takes a call without a result.
        said = self._dialect.recorded(replace(completion, tool_calls=()))
        # Nor do all of them take a turn without a word.
        self._history.add(said if said.content else replace(said, content="..."))
        self._history.add(Message("user", self._run.prompt("unreadable", reason=str(exc))))

    def _next_dialect(self, why: str) -> None:
        left, self._dialect = self._dialect, self._further.pop(0)
        self._run.emit(
            Notice(text=f"Going on in the {self._dialect.name!r} dialect instead of {left.name!r}: {why}.")
        )
        self._unreadable = 0
        self._history = self._retold()

    def _retold(self) -> History:
        """The run so far, told in the dialect that is used now."""
        run, dialect = self._run, self._dialect
        history = History(
            dialect.opening(self._tools, run.language, run.circumstances()),
            [retold(run, dialect, turn) for turn in run.earlier],
            Message("user", run.reminded(run.prompt("question", question=run.question))),
        )
        for step, texts in self._told:
            history.add(dialect.written(step))
            self._observe(history, dialect, step, texts)
        return history

    def _observe(self, history: History, dialect: Dialect, step: Step, texts: tuple[str, ...]) -> None:
        run = self._run

        def render(limit: int) -> Sequence[Message]:
            shown = [framed(run, call, text, limit) for call, text in zip(step.calls, texts, strict=True)]
            return dialect.observed(step, shown)

        history.observe(render, max(map(len, texts), default=0))

    def _shortened(self) -> bool:
        """Take something out of a prompt that is too long; False when nothing is left to take."""
        if not self._history.shorten():
            return False
        self._run.emit(Notice(text="The prompt was too long: what was observed before has been shortened."))
        return True
