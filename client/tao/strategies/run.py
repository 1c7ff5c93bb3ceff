"""What every strategy works with: the question, the model, the time, the events and the log."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import anyio

from tao.events import Answer, AnswerDelta, Citation, Event, RunUsage, StopReason
from tao.models.chat import ChatModel, ChatRequest, Completion, Delta
from tao.runs import RunLog
from tao_prompts import Language, language_of, render

__all__ = ["Run", "Strategy"]

_WEEKDAYS: dict[Language, str] = {
    "zh": "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
}


@dataclass
class Run:
    """One question on its way to an answer."""

    id: str
    question: str
    model: ChatModel
    log: RunLog
    send: Callable[[Event], None]
    prompts: Path | None
    place: str | None
    now: datetime
    started: float = field(default_factory=anyio.current_time)
    usage: RunUsage = field(default_factory=RunUsage)

    @property
    def language(self) -> Language:
        """The language to answer in: the question's."""
        return language_of(self.question)

    def emit(self, event: Event) -> None:
        """Send an event to whoever listens and, unless it is a delta, to the log."""
        if not event.type.endswith("_delta"):
            self.log.event(event)
        self.send(event)

    def prompt(self, name: str, **values: str) -> str:
        """A prompt in the run's language, the user's own one first."""
        return render(f"agent/{name}", self.language, values, folder=self.prompts)

    def circumstances(self) -> str:
        """What every run knows: the date, the time zone, the place."""
        day = _WEEKDAYS[self.language].split()[self.now.weekday()]
        place = self.prompt("place", place=self.place) if self.place else ""
        date = f"{self.now:%Y-%m-%d} {day}"
        return self.prompt("now", date=date, zone=self.now.tzname() or "UTC", place=place)

    async def complete(self, request: ChatRequest, on_text: Callable[[str], None]) -> Completion:
        """Ask the model; `on_text` gets the text so far each time that it grows."""
        self.log.requested(request)
        begun = anyio.current_time()
        so_far = ""
        completion: Completion | None = None
        try:
            async with aclosing(self.model.stream(request)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Delta):
                        so_far += _unicode(piece.text)
                        on_text(so_far)
                    else:
                        completion = replace(piece, text=_unicode(piece.text))
        finally:
            self.spend(requests=1, model_seconds=anyio.current_time() - begun)
        assert completion is not None, "a model's stream ends with its completion"
        self._count(completion)
        return completion

    async def write(self, request: ChatRequest, *, seconds: float) -> str:
        """Ask for an answer in plain words, streamed as it comes; what there is when the time is up."""
        shown = ""

        def show(text: str) -> None:
            nonlocal shown
            if len(text) > len(shown):
                self.emit(AnswerDelta(text=text[len(shown) :]))
                shown = text

        with anyio.move_on_after(seconds):
            shown = (await self.complete(request, show)).text
        return shown.strip()

    def answer(
        self,
        text: str,
        *,
        stop_reason: StopReason,
        steps: int,
        dialect: str | None,
        citations: tuple[Citation, ...] = (),
        unsupported: tuple[str, ...] = (),
    ) -> Answer:
        """The answer with what it cost."""
        total = anyio.current_time() - self.started
        return Answer(
            run_id=self.id,
            question=self.question,
            text=text,
            citations=citations,
            unsupported=unsupported,
            stop_reason=stop_reason,
            steps=steps,
            model=self.model.name,
            dialect=dialect,
            usage=self.usage.model_copy(update={"total_seconds": round(total, 3)}),
        )

    def spend(self, **added: float) -> None:
        """Add to what the run has cost."""
        sums = {name: round(getattr(self.usage, name) + value, 3) for name, value in added.items()}
        self.usage = self.usage.model_copy(update=sums)

    def _count(self, completion: Completion) -> None:
        self.log.replied(completion)
        usage = completion.usage
        self.spend(
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
            first_token_seconds=completion.first_token_seconds if self.usage.requests == 1 else 0.0,
        )


def _unicode(text: str) -> str:
    # A lone surrogate can be written in JSON, but no endpoint, file or terminal takes it.
    return text.encode("utf-8", "replace").decode("utf-8")


class Strategy(Protocol):
    """A way to work at a question."""

    async def answer(self, run: Run) -> Answer:
        """Work until there is an answer.

        Raises:
            ModelError: the model could not be reached or broke off.
        """
        ...
