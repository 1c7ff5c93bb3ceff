"""The acting half of a step: calls are made, and what comes of them is told."""

from collections.abc import Callable, Sequence

import anyio

from tao.dialects import ASK, Call
from tao.dialects.frames import defused
from tao.events import Action, Observation
from tao.evidence import Observed
from tao.strategies.run import Run
from tao.strategies.side_by_side import side_by_side
from tao.toolbox.checked import Checked
from tao.toolbox.repeats import NoRepeats
from tao.toolbox.tool import Toolbox, ToolResult, said_by

__all__ = ["Acting", "framed"]

_SHORTENED = " [... shortened]"
_LONGEST_NAME = 200
_BROKEN_OFF = ToolResult("The time was up before this call gave a result.", is_error=True)
_NOT_ASKED = ToolResult(
    "The user was not asked, since other calls were made in the same step. Look at their results; then ask, "
    "in a step of its own, or answer.",
    is_error=True,
)


class Acting:
    """The tools of one run, and what they gave: `observed` are the results that an answer may rest on."""

    def __init__(self, toolbox: Toolbox, run: Run) -> None:
        self._repeats = NoRepeats(toolbox)
        self._toolbox = Checked(self._repeats)
        self._run = run
        self._seen: set[str] = set()
        self.observed: list[Observed] = []

    @property
    def stuck(self) -> bool:
        """Whether the model keeps repeating itself."""
        return self._repeats.stuck

    def expect(self, name: str) -> None:
        """Let the toolbox prepare for a call of `name`."""
        self._toolbox.expect(name)

    async def act(
        self, step: int, calls: Sequence[Call], most: int, told: Callable[[tuple[str, ...], bool], None]
    ) -> None:
        """Make the first `most` calls of a step: side by side when all of them read, else in order.

        `told` gets the text of each call's result, and whether any of them is new; also when the time is up
        in the middle, so that what came until then is known.
        """
        actions = [self._action(step, number, call) for number, call in enumerate(calls, start=1)]
        results: dict[str, ToolResult] = {}
        begun = anyio.current_time()
        self._repeats.next_step()
        try:
            await self._make(actions[:most], results)
            for action in actions[most:]:
                self._run.emit(action)
                self._tell(action, ToolResult("No more calls can be made.", is_error=True), results)
        finally:
            self._run.spend(tool_seconds=anyio.current_time() - begun)
            gave = [results.get(action.id, _BROKEN_OFF) for action in actions]
            told(tuple(result.text for result in gave), self._news(gave, actions))

    async def _make(self, actions: Sequence[Action], results: dict[str, ToolResult]) -> None:
        if not all(self._reads(action.tool) for action in actions):
            for action in actions:
                await self._call(action, results)
            return
        async with side_by_side() as tasks:
            for action in actions:
                tasks.start_soon(self._call, action, results)

    def _action(self, step: int, number: int, call: Call) -> Action:
        arguments = dict(call.arguments)
        bare = "" if call.written.lstrip().startswith(("{", "[")) else call.written
        if not arguments and bare and all(tool.name != call.tool for tool in self._toolbox.tools):
            # The bare text of a call whose tool is not known: it goes to the one parameter that is needed.
            arguments = {"": bare}
        return Action(step=step, id=f"{step}.{number}", tool=call.tool, arguments=arguments)

    def _reads(self, name: str) -> bool:
        return any(tool.read_only for tool in self._toolbox.tools if tool.name == name)

    async def _call(self, action: Action, results: dict[str, ToolResult]) -> None:
        self._run.emit(action)
        begun = anyio.current_time()
        # Alone it would have ended the run; here the model asked before it had seen the other results.
        asks = action.tool == ASK.name
        result = _NOT_ASKED if asks else await self._toolbox.call(action.tool, action.arguments)
        self._tell(action, result, results, seconds=anyio.current_time() - begun)

    def _tell(
        self, action: Action, result: ToolResult, results: dict[str, ToolResult], *, seconds: float = 0.0
    ) -> None:
        results[action.id] = result
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

    def _news(self, results: Sequence[ToolResult], actions: Sequence[Action]) -> bool:
        news = False
        for result, action in zip(results, actions, strict=True):
            if result.is_error:
                continue
            news = news or result.evidence not in self._seen
            self._seen.add(result.evidence)
            source = said_by(action.tool, action.arguments)
            self.observed.append(Observed(action.id, action.tool, result.evidence, result.passages, source))
        return news


def framed(run: Run, call: Call, text: str, limit: int) -> str:
    """A result as the model is shown it: within a frame that it cannot close, at most `limit` characters."""
    shown = text if len(text) <= limit else text[:limit] + _SHORTENED
    # A name that no tool has is whatever the model wrote.
    tool = defused(" ".join(call.tool[:_LONGEST_NAME].split()))
    return run.prompt("observation", tool=tool, text=defused(shown))
