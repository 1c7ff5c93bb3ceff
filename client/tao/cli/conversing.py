"""An agent that lives in a thread of its own, so that servers and model stay warm while the user types."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from tao.agent import Agent
from tao.events import Answer, Event
from tao.toolbox import ToolSpec

__all__ = ["Conversing", "Doubt"]

# Bounded, since on Windows Ctrl-C does not end an endless wait.
_MOST_SECONDS = 0.5


@dataclass
class Doubt:
    """A call that the user has to be asked about."""

    tool: str
    arguments: Mapping[str, Any]
    allowed: bool = False
    settled: anyio.Event = field(default_factory=anyio.Event)


class Conversing:
    """Asks an agent from the main thread, which alone hears Ctrl-C and reads from the terminal.

    `consents` is called there for each call that needs approval, for which `approve` is given to the agent.
    """

    def __init__(self, consents: Callable[[Doubt], bool] = lambda doubt: False) -> None:
        self._consents = consents
        # What the run tells that goes on: its doubts, and None when it has ended.
        self._inbox: queue.SimpleQueue[Doubt | None] = queue.SimpleQueue()
        self._portal: BlockingPortal | None = None
        self._agent: Agent | None = None

    async def approve(self, tool: ToolSpec, arguments: Mapping[str, Any]) -> bool:
        """Wait, in the agent's thread, for what the user says."""
        doubt = Doubt(tool.name, arguments)
        self._inbox.put(doubt)
        await doubt.settled.wait()
        return doubt.allowed

    @contextmanager
    def opened(self, agent: Agent) -> Iterator[None]:
        """Open the agent, and close it at the end of the block."""
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(agent) as self._agent:
            self._portal = portal
            yield

    def ask(self, question: str, after: str | None, show: Callable[[Event], None]) -> Answer:
        """Answer one question, the one after the run `after`; `show` gets each event as it comes.

        Raises:
            KeyboardInterrupt: Ctrl-C; the run has been stopped by then.
            TaoError: as `Agent.ask` does.
        """
        assert self._portal is not None, "the agent is not open"
        inbox, ended = queue.SimpleQueue[Doubt | None](), threading.Event()
        self._inbox = inbox
        running: Future[Answer] = self._portal.start_task_soon(self._run, question, after, show, inbox, ended)
        try:
            while (doubt := _next(inbox)) is not None:
                doubt.allowed = self._consents(doubt)
                self._portal.call(doubt.settled.set)
            return running.result()
        except BaseException:
            running.cancel()
            while not ended.wait(_MOST_SECONDS):
                pass
            raise

    async def _run(
        self,
        question: str,
        after: str | None,
        show: Callable[[Event], None],
        inbox: "queue.SimpleQueue[Doubt | None]",
        ended: threading.Event,
    ) -> Answer:
        try:
            assert self._agent is not None, "the agent is not open"
            async with aclosing(self._agent.run(question, after=after)) as events:
                async for event in events:
                    show(event)
                    if isinstance(event, Answer):
                        return event
            raise RuntimeError("The agent was closed before it had answered.")
        finally:
            ended.set()
            inbox.put(None)


def _next(inbox: "queue.SimpleQueue[Doubt | None]") -> Doubt | None:
    while True:
        with suppress(queue.Empty):
            return inbox.get(timeout=_MOST_SECONDS)
