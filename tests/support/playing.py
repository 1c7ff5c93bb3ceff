"""Plays a strategy with a scripted model."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio

from tao.events import Answer, Event
from tao.runs import RunLog, Turn
from tao.strategies import Run, Strategy
from tests.support.scripted import ScriptedModel

__all__ = ["act", "finish", "play"]


def act(name: str, /, thought: str = "查一下", **arguments: object) -> str:
    """A step in the `schema` dialect that calls one tool."""
    action = {"tool": name, "arguments": arguments}
    return json.dumps({"thought": thought, "actions": [action]}, ensure_ascii=False)


def finish(answer: str, thought: str = "知道了") -> str:
    """A step in the `schema` dialect that answers."""
    return act("finish", thought, answer=answer)


async def play(
    question: str,
    model: ScriptedModel,
    strategy: Strategy,
    log: RunLog | None = None,
    *,
    earlier: Sequence[Turn] = (),
    small: ScriptedModel | None = None,
    window: int | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> tuple[Answer, list[Event]]:
    """The answer and the events of one run, in at most five seconds."""
    events: list[Event] = []

    def send(event: Event) -> None:
        events.append(event)
        if on_event is not None:
            on_event(event)

    run = Run(
        id="test",
        question=question,
        model=model,
        log=log or RunLog(Path("unopened"), "test"),
        send=send,
        prompts=None,
        place=None,
        now=datetime(2026, 11, 22, tzinfo=UTC),
        earlier=earlier,
        small=small,
        window=window,
    )
    with anyio.fail_after(5):
        return await strategy.answer(run), events
