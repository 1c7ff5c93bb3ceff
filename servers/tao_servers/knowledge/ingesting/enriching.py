"""Has a chat model say what documents are about and which questions they answer, to be found by that."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any

import anyio
import anyio.from_thread

from tao.errors import ConfigError, ModelError, PromptTooLongError
from tao.models.chat import ChatModel
from tao.models.json_replies import JsonModel
from tao.models.opening import open_model
from tao.settings import ModelSettings
from tao_prompts import Language
from tao_servers.knowledge.index import Entry
from tao_servers.knowledge.ingesting.enriching_questions import (
    SUMMARY_SCHEMA,
    groups,
    questions_prompt,
    questions_schema,
    read_questions,
    read_summary,
    summary_prompt,
)
from tao_servers.knowledge.ingesting.language import language_of

__all__ = ["Bounds", "enricher", "open_enricher"]

_log = logging.getLogger(__name__)
_REPLY_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """What enriching may cost.

    `groups` of neighbouring passages are asked about in a document, `parallel` at a time; a call may take
    `call_seconds` and a document `document_seconds`. After `given_up` documents in a row for which the
    model did not answer at all, it is not asked again.
    """

    groups: int = 40
    parallel: int = 4
    call_seconds: float = 60.0
    document_seconds: float = 300.0
    given_up: int = 3


@contextmanager
def open_enricher(
    settings: ModelSettings, *, notify: Callable[[str], None] = lambda line: None
) -> Iterator[Callable[[Entry], Entry]]:
    """What enriches documents with the model of the settings: the small one, where there is one.

    Raises:
        ConfigError: no model is set.
        ModelError: the embedded model is not on this machine or does not start.
    """
    if settings.small is not None:
        settings = ModelSettings(**settings.small.model_dump())
    if settings.base_url is None and settings.name is None:
        raise ConfigError(
            "Enriching documents takes a chat model, and none is set. Set TAO_MODEL_BASE_URL to an "
            "OpenAI-compatible endpoint such as 'http://127.0.0.1:8000/v1', or TAO_MODEL_NAME=local for the "
            "embedded one (many seconds a passage); or leave --enrich and TAO_KNOWLEDGE_ENRICH out."
        )
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_model(settings, notify=notify)) as model,
    ):
        yield enricher(model, call=portal.call)


def enricher(
    model: ChatModel,
    *,
    call: Callable[[Callable[[], Awaitable["_Gain"]]], "_Gain"] = anyio.run,
    bounds: Bounds | None = None,
) -> Callable[[Entry], Entry]:
    """What adds a summary to a document and likely questions to its chunks; `call` runs a coroutine function.

    The summary becomes the attribute `summary`, unless the user gave one, and a hint of the first chunk; the
    questions become hints. A model that fails costs no document: what it did not do is said in the
    document's `unread`; and where it did not answer, `made` is such that the next ingest tries again.
    """
    return _Enricher(model, call, bounds or Bounds())


@dataclass
class _Gain:
    """What was gained for one document, by the places of its chunks; and what failed, and whether all did."""

    summary: str = ""
    questions: dict[int, list[str]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    silent: bool = False
    """The model did not answer, rather than wrongly."""


class _Enricher:
    def __init__(
        self,
        model: ChatModel,
        call: Callable[[Callable[[], Awaitable[_Gain]]], _Gain],
        bounds: Bounds,
    ) -> None:
        self._model = JsonModel(model, most_chars=_REPLY_CHARS)
        self._call = call
        self._bounds = bounds
        self._silences = 0
        self._last_failure = ""

    def __call__(self, entry: Entry) -> Entry:
        if self._silences >= self._bounds.given_up:
            failure = f"the model was not asked any more after it had failed: {self._last_failure}"
            return _enriched(entry, _Gain(failures=[failure], silent=True))
        gain = self._call(partial(self._gain, entry))
        gained = gain.summary or gain.questions
        self._silences = self._silences + 1 if gain.silent and not gained else 0
        if gain.failures:
            self._last_failure = gain.failures[0]
            _log.warning("%r is enriched in part or not at all: %s", entry.source, gain.failures[0])
        return _enriched(entry, gain)

    async def _gain(self, entry: Entry) -> _Gain:
        language: Language = "zh" if language_of(entry.document.text).startswith("zh") else "en"
        chosen = list(islice(groups(entry), self._bounds.groups))
        gain = _Gain()
        limiter = anyio.CapacityLimiter(self._bounds.parallel)
        with anyio.move_on_after(self._bounds.document_seconds) as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._summarise, entry, language, gain, limiter)
                for group in chosen:
                    tasks.start_soon(self._question, entry, group, language, gain, limiter)
        if scope.cancelled_caught:
            gain.failures.append(f"it took more than {self._bounds.document_seconds:g} s")
            gain.silent = True
        asked = sum(map(len, chosen))
        if asked < len(entry.indexed):
            gain.failures.append(f"questions only for the first {asked} of {len(entry.indexed)} passages")
        return gain

    async def _summarise(
        self, entry: Entry, language: Language, gain: _Gain, limiter: anyio.CapacityLimiter
    ) -> None:
        def read(value: Mapping[str, Any]) -> None:
            gain.summary = read_summary(value)

        await self._ask(summary_prompt(entry, language), SUMMARY_SCHEMA, read, gain, limiter)

    async def _question(
        self,
        entry: Entry,
        group: Sequence[int],
        language: Language,
        gain: _Gain,
        limiter: anyio.CapacityLimiter,
    ) -> None:
        def read(value: Mapping[str, Any]) -> None:
            gain.questions.update(zip(group, read_questions(value, len(group)), strict=True))

        prompt = questions_prompt(entry, group, language)
        await self._ask(prompt, questions_schema(len(group)), read, gain, limiter)

    async def _ask(
        self,
        prompt: str,
        schema: Mapping[str, Any],
        read: Callable[[Mapping[str, Any]], None],
        gain: _Gain,
        limiter: anyio.CapacityLimiter,
    ) -> None:
        """Ask and read the reply; a failure is noted, and costs only what was asked for."""
        async with limiter:
            try:
                with anyio.fail_after(self._bounds.call_seconds):
                    read(await self._model.ask(prompt, schema))
            except TimeoutError:
                gain.failures.append(f"the model took more than {self._bounds.call_seconds:g} s")
                gain.silent = True
            except ModelError as exc:
                gain.failures.append(str(exc))
                # A prompt that is too long will be so the next time as well.
                gain.silent = gain.silent or not isinstance(exc, PromptTooLongError)
            except ValueError as exc:
                gain.failures.append(f"the model was not understood: {exc}")


def _enriched(entry: Entry, gain: _Gain) -> Entry:
    hints: dict[int, list[str]] = {place: [*questions] for place, questions in gain.questions.items()}
    if gain.summary and entry.chunks:
        hints[0] = [gain.summary, *hints.get(0, [])]
    chunks = [
        replace(chunk, hints="\n".join(filter(None, [chunk.hints, *hints.get(place, [])])))
        for place, chunk in enumerate(entry.chunks)
    ]
    attributes = dict(entry.attributes)
    if gain.summary:
        attributes.setdefault("summary", (gain.summary,))
    document = entry.document
    if gain.failures:
        noted = (*document.unread, f"not enriched in full: {gain.failures[0]}")
        document = replace(document, unread=noted)
    # What is noted here is not what the next ingest expects: it takes the document for a changed one.
    made = f"{entry.made} unanswered" if gain.silent else entry.made
    return replace(entry, document=document, chunks=chunks, attributes=attributes, made=made)
