"""The three ways to answer: the model decides when to retrieve, it always does, it never does."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.model_cache import CachedModel, Replies
from benchmarks.when_to_retrieve.matching import stands_in
from benchmarks.when_to_retrieve.outcomes import Attempt, Retrieval
from benchmarks.when_to_retrieve.questions import Question
from tao.dialects import Dialect
from tao.errors import ModelError
from tao.events import Action, Event, Observation
from tao.models.chat import ChatModel, ChatRequest, Message
from tao.runs import RunLog, new_run_id
from tao.settings import AgentSettings
from tao.strategies import Run, make_strategy
from tao.toolbox import Kept, Toolbox
from tao_prompts import render

__all__ = ["MODES", "SEARCH", "Bench", "attempt"]

SEARCH = "knowledge__search_knowledge"
_SERVER = "knowledge__"
# Every prompt holds the date: with today's, no reply would be found again tomorrow.
_NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all questions are asked with; of an observation the model is shown so many `chars`."""

    model: ChatModel
    replies: Replies
    toolbox: Toolbox
    dialects: Sequence[Dialect]
    settings: AgentSettings
    chars: int
    logs: Path


class _Told:
    """Keeps the calls of a run and what came of them."""

    def __init__(self) -> None:
        self._calls: dict[str, Action] = {}
        self._gave: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, Action):
            self._calls[event.id] = event
        elif isinstance(event, Observation):
            self._gave[event.id] = event.text

    def retrievals(self, gold: Sequence[str]) -> tuple[Retrieval, ...]:
        """The calls of the knowledge server, in order."""
        return tuple(
            Retrieval(_asked(call), stands_in(gold, self._gave.get(id_, "")))
            for id_, call in self._calls.items()
            if call.tool.startswith(_SERVER)
        )

    def other_calls(self) -> tuple[str, ...]:
        """The tools of the calls that went elsewhere, in order."""
        return tuple(call.tool for call in self._calls.values() if not call.tool.startswith(_SERVER))


def _asked(call: Action) -> str:
    name = call.tool.removeprefix(_SERVER)
    query = str(call.arguments.get("query") or call.arguments)
    return query if call.tool == SEARCH else f"{name}: {query}"


async def attempt(mode: str, question: Question, bench: Bench) -> Attempt:
    """Answer one question in one way; what fails for good is an attempt with the reason `error`."""
    model = CachedModel(bench.model, bench.replies)
    told = _Told()
    async with RunLog(bench.logs, run_id := new_run_id()) as log:
        run = Run(
            id=run_id,
            question=question.text,
            model=model,
            log=log,
            send=told,
            prompts=bench.settings.prompts,
            place=None,
            now=_NOW,
        )
        log.started(run_id=run_id, question=run.question, model=model.name, strategy=mode, tools=[])
        try:
            text, reason = await MODES[mode](run, bench)
        except ModelError as exc:
            # Such as a prompt that cannot be made short enough: a question lost, and not the whole run.
            log.failed(exc)
            text, reason = f"({exc})", "error"
    return Attempt(
        text=text,
        stop_reason=reason,
        retrievals=told.retrievals(question.gold),
        other_calls=told.other_calls(),
        tokens=run.usage.prompt_tokens + run.usage.completion_tokens,
        seconds=model.seconds,
    )


async def _decide(run: Run, bench: Bench) -> tuple[str, str]:
    toolbox = Kept(bench.toolbox, bench.chars, bench.logs / run.id)
    settings = bench.settings.model_copy(update={"strategy": "react"})
    answer = await make_strategy(settings, toolbox, bench.dialects).answer(run)
    run.log.event(answer)
    return answer.text, str(answer.stop_reason)


async def _always(run: Run, bench: Bench) -> tuple[str, str]:
    arguments = {"query": run.question}
    run.emit(Action(step=1, id="1.1", tool=SEARCH, arguments=arguments))
    result = await bench.toolbox.call(SEARCH, arguments)
    # In the form of the prompt `answer` that the knowledge server offers, at most as long as for the agent.
    found = [f'<passage id="{p.id}" source="{p.source}">\n{p.text}\n</passage>' for p in result.passages]
    context = "\n".join(found or [result.text])[: bench.chars]
    run.emit(Observation(step=1, id="1.1", tool=SEARCH, text=context, is_error=result.is_error))
    values = {"context": context, "question": run.question}
    prompt = render("knowledge/answer", run.language, values, folder=run.prompts)
    request = ChatRequest([Message("user", prompt)])
    return await run.write(request, seconds=bench.settings.timeout), "finish"


async def _never(run: Run, bench: Bench) -> tuple[str, str]:
    answer = await make_strategy(bench.settings, None, ()).answer(run)
    return answer.text, str(answer.stop_reason)


MODES: Mapping[str, Callable[[Run, Bench], Awaitable[tuple[str, str]]]] = {
    "decide": _decide,
    "always": _always,
    "never": _never,
}
