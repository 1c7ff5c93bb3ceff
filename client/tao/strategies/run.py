"""What every strategy works with: the question, the model, the time, the events and the log."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

import anyio

from tao.errors import PromptTooLongError
from tao.events import Answer, AnswerDelta, Citation, Event, Notice, RunUsage, StopReason
from tao.models.chat import ChatModel, ChatRequest, Completion, Delta
from tao.runs import RunLog, Turn
from tao_prompts import Language, language_of, render

__all__ = ["Run", "Strategy"]

T = TypeVar("T")

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
    earlier: Sequence[Turn] = ()
    reminder: str = ""
    small: ChatModel | None = None
    window: int | None = None
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

    def reminded(self, question: str) -> str:
        """The question, and behind it what the run is reminded of."""
        return f"{question}\n\n{self.reminder}" if self.reminder else question

    def overflows(self, request: ChatRequest) -> bool:
        """Whether a prompt is longer than the model's window, where that is known; by an estimate.

        A token is about four ASCII characters, or one and a half others, in the vocabularies of today.
        """
        if self.window is None:
            return False
        text = "".join(message.content for message in request.messages)
        others = sum(not character.isascii() for character in text)
        return (len(text) - others) / 4 + others / 1.5 > self.window

    async def complete(
        self, request: ChatRequest, on_delta: Callable[[Delta], None], *, simple: bool = False
    ) -> Completion:
        """Ask the model, or for `simple` work the small one where there is one; `on_delta` gets each piece.

        Raises:
            ModelError: the model could not be reached, refused, or broke off.
        """
        self.log.requested(request)
        begun = anyio.current_time()
        completion: Completion | None = None
        model = self.small if simple and self.small is not None else self.model
        try:
            async with aclosing(model.stream(request)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Delta):
                        on_delta(replace(piece, text=_unicode(piece.text)))
                    else:
                        completion = replace(piece, text=_unicode(piece.text))
        finally:
            self.spend(requests=1, model_seconds=anyio.current_time() - begun)
        assert completion is not None, "a model's stream ends with its completion"
        self._count(completion)
        return completion

    async def fitting(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Await `ask()`, again with fewer of the earlier turns as long as the prompt is too long.

        Raises:
            PromptTooLongError: it is even without any of them.
        """
        while True:
            told = self.earlier
            try:
                return await ask()
            except PromptTooLongError:
                # Another request beside this one may have shortened them already.
                if self.earlier is not told:
                    continue
                if not told:
                    raise
                self.earlier = told[(len(told) + 1) // 2 :]
                self.emit(Notice(text="The prompt was too long: what was said before has been shortened."))

    async def write(self, request: ChatRequest, *, seconds: float, step: int = 1) -> str:
        """Ask for an answer in plain words, streamed as it comes; what there is when the time is up."""
        shown = ""

        def show(delta: Delta) -> None:
            nonlocal shown
            if delta.text:
                self.emit(AnswerDelta(step=step, text=delta.text))
                shown += delta.text

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
