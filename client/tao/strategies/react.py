"""The ReAct loop: think, act, observe, until the model finishes (arXiv 2210.03629)."""

from collections.abc import Sequence

import anyio

from tao.dialects import FINISH, Dialect, Glimpse, Step, UnreadableStep
from tao.dialects.frames import defused
from tao.errors import ModelError
from tao.events import Action, Answer, AnswerDelta, Notice, Observation, StopReason, ThoughtDelta
from tao.evidence import Observed, cite, unsupported
from tao.models.chat import ChatRequest, Message
from tao.strategies.run import Run
from tao.toolbox.repeats import NoRepeats
from tao.toolbox.tool import Toolbox, ToolResult

__all__ = ["React"]

_REFUSED = (400, 422)


class React:
    """Works in steps, at most `max_steps` of them and for `timeout` seconds.

    At a limit the model is asked once more, for at most `last_word` seconds, for the best answer from what
    is known. The first dialect is
    used; the next one when the endpoint refuses that dialect's very first request.
    """

    def __init__(
        self,
        toolbox: Toolbox,
        dialects: Sequence[Dialect],
        *,
        max_steps: int,
        timeout: float,
        last_word: float,
    ) -> None:
        self._toolbox = toolbox
        self._dialects = dialects
        self._max_steps = max_steps
        self._timeout = timeout
        self._last_word = last_word

    async def answer(self, run: Run) -> Answer:
        """Loop until `finish` or a limit."""
        toolbox = NoRepeats(self._toolbox)
        *preferred, last = self._dialects
        for dialect in preferred:
            history = _History(toolbox, dialect, run)
            try:
                return await self._work(history)
            except ModelError as exc:
                if exc.status not in _REFUSED or history.steps > 1:
                    raise
                run.emit(Notice(text=f"The endpoint refuses the {dialect.name!r} dialect: {exc}"))
        return await self._work(_History(toolbox, last, run))

    async def _work(self, history: "_History") -> Answer:
        reason: StopReason = "timeout"
        with anyio.move_on_after(self._timeout):
            while history.steps < self._max_steps:
                text = await history.step()
                if text is not None:
                    return history.answer(text, "finish")
            reason = "max_steps"
        return history.answer(await history.best_answer(self._last_word), reason)


class _History:
    """The messages of one run, which only grow, and what was observed."""

    def __init__(self, toolbox: Toolbox, dialect: Dialect, run: Run) -> None:
        self._toolbox = toolbox
        self._dialect = dialect
        self._run = run
        self._tools = tuple(toolbox.tools)
        self._observed: list[Observed] = []
        self.steps = 0
        asked = Message("user", run.prompt("question", question=run.question))
        self._messages = [*dialect.opening(self._tools, run.language, run.circumstances()), asked]

    async def step(self) -> str | None:
        """One step; the answer's text when the model finished."""
        self.steps += 1
        request = self._dialect.request(tuple(self._messages), self._tools)
        completion = await self._run.complete(
            request, _Teller(self._run, self._dialect, self._toolbox, self.steps)
        )
        self._messages.append(Message("assistant", self._dialect.recorded(completion.text)))
        try:
            if completion.finish_reason == "length":
                # Half a call could be repaired into a whole one that nobody meant.
                raise UnreadableStep("It was cut off because it was too long. Be brief.")
            step = self._dialect.read(completion.text, self._tools)
        except UnreadableStep as exc:
            if exc.prose and self._observed:
                return exc.prose.strip()
            self._messages.append(Message("user", self._run.prompt("unreadable", reason=str(exc))))
            return None
        if step.answer is not None:
            return step.answer.strip()
        self._messages.append(Message("user", await self._act(step)))
        return None

    async def best_answer(self, seconds: float) -> str:
        """Ask for an answer in plain words from what is known."""
        # Into the last message of the user, since some templates refuse two of them in a row.
        *before, last = self._messages
        ask = self._run.prompt("best_answer", question=self._run.question)
        request = ChatRequest((*before, Message("user", f"{last.content}\n\n{ask}")))
        return await self._run.write(request, seconds=seconds)

    def answer(self, text: str, reason: StopReason) -> Answer:
        """The answer, matched with what was observed."""
        known = f"{self._run.question}\n{self._run.circumstances()}"
        return self._run.answer(
            text,
            stop_reason=reason,
            steps=self.steps,
            dialect=self._dialect.name,
            citations=cite(text, self._run.question, self._observed),
            unsupported=unsupported(text, known, self._observed),
        )

    async def _act(self, step: Step) -> str:
        actions = [
            Action(step=self.steps, id=f"{self.steps}.{n}", tool=call.tool, arguments=dict(call.arguments))
            for n, call in enumerate(step.calls, start=1)
        ]
        results: dict[str, tuple[ToolResult, float]] = {}
        begun = anyio.current_time()
        if all(self._reads(action.tool) for action in actions):
            async with anyio.create_task_group() as tasks:
                for action in actions:
                    tasks.start_soon(self._call, action, results)
        else:
            for action in actions:
                await self._call(action, results)
        self._run.spend(tool_seconds=anyio.current_time() - begun)
        return "\n".join(self._observe(action, *results[action.id]) for action in actions)

    def _reads(self, name: str) -> bool:
        return any(tool.read_only for tool in self._tools if tool.name == name)

    async def _call(self, action: Action, results: dict[str, tuple[ToolResult, float]]) -> None:
        self._run.emit(action)
        begun = anyio.current_time()
        result = await self._toolbox.call(action.tool, action.arguments)
        results[action.id] = (result, anyio.current_time() - begun)

    def _observe(self, action: Action, result: ToolResult, seconds: float) -> str:
        self._run.emit(
            Observation(
                step=action.step,
                id=action.id,
                tool=action.tool,
                text=result.text,
                is_error=result.is_error,
                seconds=round(seconds, 3),
            )
        )
        if not result.is_error:
            self._observed.append(
                Observed(action.id, action.tool, result.text, result.passages, _label(action))
            )
        return self._run.prompt("observation", tool=action.tool, text=defused(result.text))


def _label(action: Action) -> str:
    """What to call a result that has no sources of its own: the call that gave it."""
    values = "; ".join(str(value) for value in action.arguments.values())
    return f"{action.tool}({values})"


class _Teller:
    """Tells a reply while it is being written, and lets the toolbox prepare what it names."""

    def __init__(self, run: Run, dialect: Dialect, toolbox: Toolbox, step: int) -> None:
        self._run = run
        self._dialect = dialect
        self._toolbox = toolbox
        self._step = step
        self._seen = Glimpse()

    def __call__(self, text: str) -> None:
        seen, now = self._seen, self._dialect.glimpse(text)
        if len(now.thought) > len(seen.thought):
            self._run.emit(ThoughtDelta(step=self._step, text=now.thought[len(seen.thought) :]))
        for name in now.tools[len(seen.tools) :]:
            if name != FINISH:
                self._toolbox.expect(name)
        if len(now.answer) > len(seen.answer):
            self._run.emit(AnswerDelta(text=now.answer[len(seen.answer) :]))
        self._seen = now
