"""Keeps a model's replies on disk by request, so that a benchmark can be repeated or go on after a kill."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import anyio

from tao.models.chat import ChatModel, ChatRequest, Completion, Delta, ToolCall, Usage

__all__ = ["CachedModel", "Replies"]


@dataclass
class Replies:
    """Where replies are kept (`folder`, None for nowhere) and what they depend on beside the request.

    Requests to the model go one at a time, so that the seconds of one are not those of another.
    """

    folder: Path | None
    depends_on: Mapping[str, Any]
    turn: anyio.Lock = field(default_factory=anyio.Lock)

    def key(self, request: ChatRequest, sample: int) -> str:
        """What names a reply: everything that was asked, and which sample it is."""
        asked = {"depends_on": self.depends_on, "request": asdict(request), "sample": sample}
        text = json.dumps(asked, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def find(self, key: str) -> Completion | None:
        """The reply that was kept; None without one."""
        if self.folder is None:
            return None
        try:
            value = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        calls = tuple(ToolCall(**call) for call in value.pop("tool_calls"))
        return Completion(**value | {"usage": Usage(**value["usage"])}, tool_calls=calls)

    def keep(self, key: str, completion: Completion) -> None:
        """Write a reply in one step, so that a kill leaves none half-written."""
        if self.folder is None:
            return
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(asdict(completion), ensure_ascii=False), encoding="utf-8")
        part.replace(path)

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json"


class CachedModel:
    """A model for one run, whose replies come from `replies` where they are there already.

    A request that leaves something to chance (a temperature above 0) is kept once for each time that the
    run makes it. `seconds` is what the replies took when they were first made, one after another.
    """

    def __init__(self, model: ChatModel, replies: Replies) -> None:
        self._model = model
        self._replies = replies
        self._samples: Counter[str] = Counter()
        self.seconds = 0.0

    @property
    def name(self) -> str:
        """The name of the model itself."""
        return self._model.name

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        """Yield the reply, kept or new."""
        key = self._key(request)
        kept = await anyio.to_thread.run_sync(self._replies.find, key)
        if kept is not None:
            self.seconds += kept.seconds
            for piece in _pieces(kept):
                yield piece
            return
        async with self._replies.turn, aclosing(self._model.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    self.seconds += piece.seconds
                    await anyio.to_thread.run_sync(self._replies.keep, key, piece)
                yield piece

    def _key(self, request: ChatRequest) -> str:
        first = self._replies.key(request, 0)
        if not request.temperature:
            return first
        self._samples[first] += 1
        return self._replies.key(request, self._samples[first])


def _pieces(completion: Completion) -> list[Delta | Completion]:
    calls = [Delta(tool=call.name) for call in completion.tool_calls]
    words = [Delta(text=completion.text, reasoning=completion.reasoning)]
    return [*words, *calls, completion]
