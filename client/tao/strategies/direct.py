"""One request and no tools: what the model alone would say."""

import anyio

from tao.events import Answer
from tao.models.chat import ChatRequest, Message
from tao.strategies.run import Run

__all__ = ["Direct"]


class Direct:
    """Asks the model for at most `timeout` seconds and takes its word; nothing is looked up or cited."""

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout

    async def answer(self, run: Run) -> Answer:
        """Ask once."""
        text = await run.fitting(lambda: run.write(_request(run), seconds=self._timeout))
        in_time = anyio.current_time() - run.started < self._timeout
        return run.answer(text, stop_reason="finish" if in_time else "timeout", steps=1, dialect=None)


def _request(run: Run) -> ChatRequest:
    system = Message("system", run.prompt("direct", now=run.circumstances()))
    earlier = [
        message
        for turn in run.earlier
        for message in (Message("user", turn.question), Message("assistant", turn.text))
    ]
    return ChatRequest([system, *earlier, Message("user", run.reminded(run.question))])
