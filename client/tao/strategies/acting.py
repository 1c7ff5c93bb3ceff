"""The acting half of a step: calls are made, and what comes of them is told."""

from collections.abc import Sequence

import anyio

from tao.dialects import Call
from tao.dialects.frames import defused
from tao.events import Action, Observation
from tao.evidence import Observed
from tao.strategies.run import Run
from tao.toolbox.checked import Checked
from tao.toolbox.repeats import NoRepeats
from tao.toolbox.tool import Toolbox, ToolResult

__all__ = ["Acting", "framed"]

_SHORTENED = " [... shortened]"


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

    async def act(self, step: int, calls: Sequence[Call], most: int) -> tuple[tuple[str, ...], bool]:
        """Make the first `most` calls of a step: side by side when all of them read, else in order.

        Returns the text of each call's result, and whether any of them is new.
        """
        actions = [self._action(step, number, call) for number, call in enumerate(calls, start=1)]
        results: dict[str, ToolResult] = {}
        begun = anyio.current_time()
        made, left = actions[:most], actions[most:]
        if all(self._reads(action.tool) for action in made):
            async with anyio.create_task_group() as tasks:
                for action in made:
                    tasks.start_soon(self._call, action, results)
        else:
            for action in made:
                await self._call(action, results)
        for action in left:
            self._run.emit(action)
            self._tell(action, ToolResult("No more calls can be made.", is_error=True), results)
        self._run.spend(tool_seconds=anyio.current_time() - begun)
        texts = tuple(results[action.id].text for action in actions)
        return texts, self._news([results[action.id] for action in actions], actions)

    def _action(self, step: int, number: int, call: Call) -> Action:
        arguments = dict(call.arguments)
        if not arguments and call.written and all(tool.name != call.tool for tool in self._toolbox.tools):
            # The bare text of a call whose tool is not known: it goes to the one parameter that is needed.
            arguments = {"": call.written}
        return Action(step=step, id=f"{step}.{number}", tool=call.tool, arguments=arguments)

    def _reads(self, name: str) -> bool:
        return any(tool.read_only for tool in self._toolbox.tools if tool.name == name)

    async def _call(self, action: Action, results: dict[str, ToolResult]) -> None:
        self._run.emit(action)
        begun = anyio.current_time()
        result = await self._toolbox.call(action.tool, action.arguments)
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
            news = news or result.text not in self._seen
            self._seen.add(result.text)
            self.observed.append(
                Observed(action.id, action.tool, result.text, result.passages, _label(action))
            )
        return news


def framed(run: Run, call: Call, text: str, limit: int) -> str:
    """A result as the model is shown it: within a frame that it cannot close, at most `limit` characters."""
    shown = text if len(text) <= limit else text[:limit] + _SHORTENED
    return run.prompt("observation", tool=call.tool, text=defused(shown))


def _label(action: Action) -> str:
    """What to call a result that has no sources of its own: the call that gave it."""
    values = "; ".join(str(value) for value in action.arguments.values())
    return f"{action.tool}({values})"
