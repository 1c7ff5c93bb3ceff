"""What the metrics of one record share: each is asked for once."""

from functools import partial
from typing import Any, Literal

import anyio.to_thread

from tao.errors import ModelError
from tao.models.embeddings import Embedder, Kind
from tao_servers.knowledge.evaluating.answers.asking import Asker
from tao_servers.knowledge.evaluating.answers.judgements import (
    STATEMENTS,
    VERDICT,
    Guess,
    Verdict,
    framed,
    guess_schema,
    numbered,
    read_guess,
    read_statements,
    read_verdict,
    read_verdicts,
    verdicts_schema,
)
from tao_servers.knowledge.evaluating.answers.records import Record
from tao_servers.knowledge.evaluating.answers.scores import UnjudgedError

__all__ = ["Case"]

# Of RAGAS: so many questions are made from an answer.
_QUESTIONS = 3
# So many verdicts in one reply, so that it stays within `max_tokens`.
_BATCH = 8


class Case:
    """A record before the judge. Its methods raise UnjudgedError."""

    def __init__(self, record: Record, asker: Asker, embedder: Embedder) -> None:
        self.record = record
        self._ask = asker.ask
        self._embedder = embedder
        self._question = framed(record.question)
        self._statements: dict[str, list[str] | UnjudgedError] = {}

    @property
    def reference(self) -> str:
        """The right answer."""
        if not self.record.reference:
            raise UnjudgedError("It has no reference.", failed=False)
        return self.record.reference

    @property
    def contexts(self) -> tuple[str, ...]:
        """What the answer had to go by."""
        if not self.record.contexts:
            raise UnjudgedError("It has no contexts.", failed=False)
        return self.record.contexts

    async def statements(self, of: Literal["answer", "reference"]) -> list[str]:
        """The single statements that the text makes; none if it makes none."""
        if of not in self._statements:
            text = self.reference if of == "reference" else self.record.answer
            values = {"question": self._question, "text": framed(text)}
            try:
                self._statements[of] = await self._ask(
                    "judge_statements", values, STATEMENTS, read_statements
                )
            except UnjudgedError as exc:
                self._statements[of] = exc
        found = self._statements[of]
        if isinstance(found, UnjudgedError):
            raise found
        return found

    async def supported(self, statements: list[str]) -> list[Verdict]:
        """Whether each statement can be inferred from the contexts."""
        contexts = "\n".join(f"<context>\n{framed(text)}\n</context>" for text in self.contexts)
        return await self._verdicts("judge_support", {"contexts": contexts}, statements)

    async def said_in(self, others: list[str], statements: list[str]) -> list[Verdict]:
        """Whether the other statements say what each statement says."""
        text = "\n".join(f"- {framed(other)}" for other in others)
        values = {"question": self._question, "text": text}
        return await self._verdicts("judge_match", values, statements)

    async def useful(self, context: str, answer: str) -> Verdict:
        """Whether a context was of use for arriving at this answer."""
        values = {"question": self._question, "context": framed(context), "answer": framed(answer)}
        return await self._ask("judge_useful", values, VERDICT, read_verdict)

    async def guess(self) -> Guess:
        """The questions that the answer seems to answer."""
        values = {"count": str(_QUESTIONS), "answer": framed(self.record.answer)}
        return await self._ask(
            "judge_questions", values, guess_schema(_QUESTIONS), lambda value: read_guess(value, _QUESTIONS)
        )

    async def cosines(self, text: str, others: list[str], kind: Kind) -> list[float]:
        """How near each of the others is to the text, from 0 to 1: what points away counts as 0."""
        try:
            vectors = await anyio.to_thread.run_sync(lambda: self._embedder.embed([text, *others], kind=kind))
        except ModelError as exc:
            raise UnjudgedError(f"The embedder failed: {exc}", failed=True) from exc
        products: list[Any] = (vectors[1:] @ vectors[0]).tolist()
        return [min(1.0, max(0.0, float(product))) for product in products]

    async def _verdicts(self, prompt: str, values: dict[str, str], statements: list[str]) -> list[Verdict]:
        found: list[Verdict] = []
        for start in range(0, len(statements), _BATCH):
            batch = statements[start : start + _BATCH]
            filled = {**values, "statements": numbered(batch)}
            found += await self._ask(
                prompt,
                filled,
                verdicts_schema(len(batch)),
                partial(read_verdicts, count=len(batch)),
            )
        return found
