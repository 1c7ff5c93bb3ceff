"""Keeps a model's replies on disk by request, so that a benchmark can be repeated or go on after a kill."""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import anyio

from tao.models.chat import ChatModel, ChatRequest, Completion, Delta, ToolCall, Usage

__all__ = ["CachedModel", "Kept", "Replies"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply, and when the request for it was sent: seconds since 1970, 0 where that was not written."""

    completion: Completion
    began: float = 0.0


@dataclass
class Replies:
    """Where replies are kept (`folder`, None for nowhere) and what they depend on beside the request.

    Requests to the model go one at a time, so that the seconds of one are not those of another; a
    `turn` that lets several through, such as a semaphore, measures them as they go side by side.
    """

    folder: Path | None
    depends_on: Mapping[str, Any]
    turn: AbstractAsyncContextManager[Any] = field(default_factory=anyio.Lock)

    def key(self, request: ChatRequest, sample: int) -> str:
        """What names a reply: everything that was asked, and which sample it is."""
        asked = {"depends_on": self.depends_on, "request": asdict(request), "sample": sample}
        text = json.dumps(asked, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def find(self, key: str) -> Kept | None:
        """The reply that was kept; None without one."""
        if self.folder is None:
            return None
        try:
            value = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        began = value.pop("began", 0.0)
        calls = tuple(ToolCall(**call) for call in value.pop("tool_calls"))
        return Kept(Completion(**value | {"usage": Usage(**value["usage"])}, tool_calls=calls), began)

    def keep(self, key: str, kept: Kept) -> None:
        """Write a reply in one step, so that a kill leaves none half-written."""
        if self.folder is None:
            return
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        value = asdict(kept.completion) | {"began": kept.began}
        part.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        part.replace(path)

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json"


class CachedModel:
    """A model for one run, whose replies come from `replies` where they are there already.

    A request that leaves something to chance (a temperature above 0) is kept once for each time that the
    run makes it. `seconds` is what the replies took when they were first made, one after another, `elapsed`
    the same with what went side by side counted once, and `waited` what this run itself spent on them.
    """

    def __init__(self, model: ChatModel, replies: Replies) -> None:
        self._model = model
        self._replies = replies
        self._samples: Counter[str] = Counter()
        self._made: list[tuple[float, float]] = []
        self._waits: list[tuple[float, float]] = []
        self.seconds = 0.0

    @property
    def name(self) -> str:
        """The name of the model itself."""
        return self._model.name

    @property
    def elapsed(self) -> float:
        """Seconds that the replies took when they were first made, those of one time counted once."""
        return _covered(self._made)

    @property
    def waited(self) -> float:
        """Seconds of this run in which a reply was waited for."""
        return _covered(self._waits)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        """Yield the reply, kept or new."""
        key = self._key(request)
        begun = time.perf_counter()
        try:
            kept = await anyio.to_thread.run_sync(self._replies.find, key)
            if kept is not None:
                self._count(kept)
                for piece in _pieces(kept.completion):
                    yield piece
                return
            async with self._replies.turn, aclosing(self._model.stream(request)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        made = Kept(piece, time.time() - piece.seconds)
                        self._count(made)
                        await anyio.to_thread.run_sync(self._replies.keep, key, made)
                    yield piece
        finally:
            self._waits.append((begun, time.perf_counter()))

    def _count(self, kept: Kept) -> None:
        seconds = kept.completion.seconds
        self.seconds += seconds
        # What has no time of its own stands alone, far before all others.
        began = kept.began or min((one for one, _ in self._made), default=0.0) - seconds
        self._made.append((began, began + seconds))

    def _key(self, request: ChatRequest) -> str:
        first = self._replies.key(request, 0)
        if not request.temperature:
            return first
        self._samples[first] += 1
        return self._replies.key(request, self._samples[first])


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """How long the spans are together, where they lie over each other only once."""
    total, end = 0.0, float("-inf")
    for first, last in sorted(spans):
        total += max(0.0, last - max(first, end))
        end = max(end, last)
    return total


def _pieces(completion: Completion) -> list[Delta | Completion]:
    calls = [Delta(tool=call.name) for call in completion.tool_calls]
    words = [Delta(text=completion.text, reasoning=completion.reasoning)]
    return [*words, *calls, completion]
