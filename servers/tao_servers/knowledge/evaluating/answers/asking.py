"""Asks the judging model, and asks once more where its reply cannot be read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio

from tao.errors import ModelError, PromptTooLongError
from tao.models.chat import Usage
from tao.models.json_replies import JsonModel, read_object
from tao_prompts import Language, render
from tao_servers.knowledge.evaluating.answers.scores import UnjudgedError

__all__ = ["Asker", "Line"]

T = TypeVar("T")

_CALL_SECONDS = 300.0
# So many calls in a row without an answer, and the model is taken to be down.
_GIVEN_UP = 4


@dataclass
class Line:
    """The model, and what is known of it from one call to the next."""

    model: JsonModel
    silences: int = 0
    last_failure: str = ""

    @property
    def dead(self) -> bool:
        """It is not worth asking any more."""
        return self.silences >= _GIVEN_UP


class Asker:
    """Asks about one record and counts the tokens; many of them share a `line`."""

    def __init__(self, line: Line, language: Language) -> None:
        self.language = language
        self.usage = Usage()
        self._line = line

    async def ask(
        self,
        prompt: str,
        values: Mapping[str, str],
        schema: Mapping[str, Any],
        read: Callable[[Mapping[str, Any]], T],
    ) -> T:
        """Fill the prompt of that name, ask, and read the reply, held to `schema`.

        Raises:
            UnjudgedError: it could not be read twice, or the model did not answer.
        """
        text = render(f"knowledge/{prompt}", self.language, values)
        try:
            return read(read_object(await self._reply(text, schema)))
        except ValueError:
            again = render("knowledge/judge_again", self.language, {})
        try:
            return read(read_object(await self._reply(f"{text}\n\n{again}", schema)))
        except ValueError as exc:
            raise UnjudgedError(f"The judgement could not be read: {exc}", failed=True) from exc

    async def _reply(self, prompt: str, schema: Mapping[str, Any]) -> str:
        if self._line.dead:
            raise UnjudgedError(f"The model does not answer: {self._line.last_failure}", failed=True)
        try:
            with anyio.fail_after(_CALL_SECONDS):
                whole = await self._line.model.reply(prompt, schema)
        except PromptTooLongError as exc:
            raise UnjudgedError(str(exc), failed=True) from exc
        except (ModelError, TimeoutError) as exc:
            self._line.silences += 1
            self._line.last_failure = str(exc) or f"it took more than {_CALL_SECONDS:g} s"
            raise UnjudgedError(self._line.last_failure, failed=True) from exc
        self._line.silences = 0
        self._count(whole.usage)
        if whole.finish_reason == "length":
            # Mended, the half of a list would pass for the whole of it.
            raise ValueError("the reply was cut off; raise TAO_MODEL_MAX_TOKENS")
        return whole.text

    def _count(self, usage: Usage) -> None:
        self.usage = Usage(
            self.usage.prompt_tokens + usage.prompt_tokens,
            self.usage.completion_tokens + usage.completion_tokens,
            self.usage.cached_tokens + usage.cached_tokens,
        )
