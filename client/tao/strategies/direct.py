"""One request and no tools: what the model alone would say."""

from tao.events import Answer
from tao.models.chat import ChatRequest, Message
from tao.strategies.run import Run

__all__ = ["Direct"]


class Direct:
    """Asks the model and takes its word; nothing is looked up, so nothing is cited."""

    async def answer(self, run: Run) -> Answer:
        """Ask once."""
        system = Message("system", run.prompt("direct", now=run.circumstances()))
        text = await run.write(ChatRequest([system, Message("user", run.question)]))
        return run.answer(text, stop_reason="finish", steps=1, dialect=None)
