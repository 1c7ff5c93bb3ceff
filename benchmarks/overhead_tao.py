"""Runs the task of `benchmarks.overhead` with Tao: `URL [--no-log] [--stream]`.

The loop, its dialect `tools` and its wrappers are put together as `tao.Agent` does it, round a toolbox whose
one tool is the same Python function that the peers have; no MCP server takes part.
"""

import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import anyio
from pydantic import BaseModel

from benchmarks.overhead_child import base_url, serve
from benchmarks.overhead_task import MODEL, QUESTION, shop__lookup
from tao.dialects import Dialect, dialects_for
from tao.events import Answer, Event
from tao.models.chat import ChatModel, ChatRequest, Completion
from tao.models.opening import open_model
from tao.runs import RunLog, new_run_id
from tao.settings import ModelSettings
from tao.strategies import Limits, React, Run
from tao.toolbox import Approval, Kept, ToolResult, ToolSpec

__all__ = ["Functions", "NoLog", "run_once"]

_OBSERVATION_CHARS = 8000
_LIMITS = Limits(max_steps=1000, max_tool_calls=1000)


class Functions:
    """A toolbox with the one tool of the task."""

    def __init__(self) -> None:
        schema = {
            "type": "object",
            "properties": {"item": {"type": "string", "description": "The name of the item."}},
            "required": ["item"],
        }
        description = "Look up what an item of the shop costs."
        self.tools: Sequence[ToolSpec] = [
            ToolSpec(shop__lookup.__name__, description, schema, read_only=True, idempotent=True)
        ]

    def expect(self, name: str) -> None:
        """Nothing has to be prepared."""

    async def current(self, name: str) -> ToolSpec | None:
        """The tool, if that is its name."""
        return self.tools[0] if name == self.tools[0].name else None

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call the function."""
        return ToolResult(shop__lookup(**arguments))


class NoLog(RunLog):
    """A log that keeps nothing, and makes no file."""

    async def __aenter__(self) -> Self:
        return self

    def started(self, **fields: Any) -> None:
        """Nothing."""

    def requested(self, request: ChatRequest) -> None:
        """Nothing."""

    def replied(self, completion: Completion) -> None:
        """Nothing."""

    def event(self, event: BaseModel) -> None:
        """Nothing."""

    def failed(self, error: BaseException) -> None:
        """Nothing."""


async def run_once(
    model: ChatModel,
    dialects: Sequence[Dialect],
    folder: Path,
    *,
    question: str = QUESTION,
    log: bool = True,
) -> Answer:
    """One run with its events sent to a listener, as `Agent.run` does it; the log goes to `folder`."""
    send, receive = anyio.create_memory_object_stream[Event](math.inf)
    run_id = new_run_id()
    toolbox = Kept(Approval(Functions(), _allow), _OBSERVATION_CHARS, folder / run_id)
    answers: list[Answer] = []

    async def drive() -> None:
        kind = RunLog if log else NoLog
        async with send, kind(folder, run_id) as opened:
            run = Run(
                id=run_id,
                question=question,
                model=model,
                log=opened,
                send=send.send_nowait,
                prompts=None,
                place=None,
                now=datetime.now().astimezone(),
            )
            names = [tool.name for tool in toolbox.tools]
            opened.started(
                run_id=run_id, question=question, model=model.name, strategy="react", tools=names, after=None
            )
            run.emit(await React(toolbox, dialects, _LIMITS).answer(run))

    async with anyio.create_task_group() as tasks, receive:
        tasks.start_soon(drive)
        async for event in receive:
            if isinstance(event, Answer):
                answers.append(event)
    return answers[0]


async def _allow(tool: ToolSpec, arguments: Mapping[str, Any]) -> bool:
    return True


async def _main(*, log: bool, stream: bool) -> None:
    extra_body = {} if stream else {"stream": False}
    settings = ModelSettings(name=MODEL, base_url=base_url(), dialect="tools", extra_body=extra_body)
    dialects = dialects_for("tools")[:1]
    with tempfile.TemporaryDirectory() as folder:
        async with open_model(settings) as model:

            async def run(task: Mapping[str, Any]) -> str:
                return (await run_once(model, dialects, Path(folder), log=log)).text

            await serve(run, ["httpx", "pydantic", "anyio"])


if __name__ == "__main__":
    anyio.run(lambda: _main(log="--no-log" not in sys.argv, stream="--stream" in sys.argv))
