"""What llama.cpp, as the embedded model, says of its prompt cache in a run whose replies are scripted."""

import json
import secrets
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.overhead_prefix import cached_shares
from benchmarks.overhead_tao import run_once
from benchmarks.overhead_task import ANSWER, QUESTION, shop__lookup
from tao.dialects import dialects_for, measured_dialect
from tao.errors import TaoError
from tao.models.chat import ChatModel, ChatRequest, Completion, Delta
from tao.models.opening import open_model
from tao.settings import ModelSettings

__all__ = ["Scripted", "cached_tokens"]

_STEPS = 6
_TOKENS = 2
_IDLE_SECONDS = 5.0


class Scripted:
    """Lets a model read each prompt and count its tokens, and replies by a script of `steps` steps.

    What a model of half a thousand million parameters would write ends at another step each time.
    """

    def __init__(self, model: ChatModel, steps: int, dialect: str) -> None:
        self.name = model.name
        self.usages: list[dict[str, int]] = []
        self._model = model
        self._steps = steps
        self._dialect = dialect

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        """Ask for a token or two, then yield what the script says."""
        async with aclosing(self._model.stream(replace(request, max_tokens=_TOKENS))) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    usage = piece.usage
                    self.usages.append({"prompt": usage.prompt_tokens, "cached": usage.cached_tokens})
        yield Completion(self._reply(len(self.usages)), finish_reason="stop")

    def _reply(self, step: int) -> str:
        ends = step >= self._steps
        arguments = {"answer": ANSWER} if ends else {"item": f"item-{step}"}
        tool = "finish" if ends else shop__lookup.__name__
        if self._dialect == "text":
            call = f"Action: {tool}\nAction Input: {json.dumps(arguments)}"
            return f"Thought: One by one.\n{f'Final Answer: {ANSWER}' if ends else call}"
        return json.dumps({"thought": "One by one.", "actions": [{"tool": tool, "arguments": arguments}]})


async def cached_tokens(name: str) -> dict[str, Any] | None:
    """The shares of `cached_shares` with the embedded model `name`; None where it is not on this machine."""
    dialect = measured_dialect(name) or "schema"
    # Another question each time: the model may still be up, with what it was asked before in its cache.
    question = f"{QUESTION} (No. {secrets.token_hex(4)})"
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with open_model(ModelSettings(name=name, idle_seconds=_IDLE_SECONDS)) as model:
                scripted = Scripted(model, _STEPS, dialect)
                await run_once(scripted, dialects_for(dialect)[:1], Path(folder), question=question)
    except TaoError as exc:
        print(f"{name} does not count: {exc}", file=sys.stderr, flush=True)
        return None
    return cached_shares(scripted.usages)
