"""Put a reply together from the chunks that OpenAI-compatible endpoints send."""

import json
from collections.abc import Mapping
from typing import Any

from tao.models.chat import Completion, Delta, Usage
from tao.models.openai_calls import NativeCalls
from tao.models.openai_failures import Failures
from tao.models.thinking import ThinkSplitter

__all__ = ["Reply"]


class Reply:
    """One reply as it grows, `limit` characters at most; `tokens` counts the chunks that said anything."""

    def __init__(self, failures: Failures, *, limit: int) -> None:
        self.tokens = 0
        self._chunks = 0
        self._failures = failures
        self._limit = limit
        self._size = 0
        self._splitter = ThinkSplitter()
        self._text = _Pairs()
        self._reasoning = _Pairs()
        self._calls = NativeCalls()
        self._finish_reason: str | None = None
        self._usage = Usage()

    @property
    def finished(self) -> bool:
        """Whether the endpoint said why the reply ends; only its usage may follow."""
        return self._finish_reason is not None

    def take(self, data: str) -> list[Delta]:
        """Take in one chunk, or a whole reply that was not streamed.

        Raises:
            ModelError: the chunk is no JSON object, or it reports an error, or the reply got too long.
        """
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError) as exc:
            raise self._failures.unreadable(data) from exc
        if not isinstance(chunk, dict):
            raise self._failures.unreadable(data)
        if chunk.get("error"):
            raise self._failures.in_reply(chunk["error"])
        self._take_usage(chunk)
        choice = _first_choice(chunk)
        return [] if choice is None else self._take_choice(choice)

    def end(self) -> list[Delta]:
        """The endpoint has said all; give out what was held back.

        Raises:
            ModelError: there was no reply at all.
        """
        if not self._chunks:
            raise self._failures.empty()
        return self._splitter.close()

    def completion(self, *, first_token_seconds: float, seconds: float) -> Completion:
        """The whole reply; both times are seconds since the request was sent."""
        return Completion(
            self._splitter.text,
            self._splitter.reasoning,
            self._finish_reason,
            self._usage,
            first_token_seconds,
            seconds,
            tool_calls=self._calls.whole(),
        )

    def _take_choice(self, choice: Mapping[str, Any]) -> list[Delta]:
        self._chunks += 1
        reason = choice.get("finish_reason")
        if isinstance(reason, str):
            self._finish_reason = reason
        said = choice["delta"] if "delta" in choice else choice.get("message")
        if not isinstance(said, dict):
            return []
        reasoning = self._reasoning.join(_text(said.get("reasoning_content") or said.get("reasoning")))
        text = self._text.join(_text(said.get("content")))
        before = self._calls.size
        begun = self._calls.take(said)
        written = len(text) + len(reasoning) + self._calls.size - before
        if not written:
            return []
        self.tokens += 1
        self._size += written
        if self._size > self._limit:
            raise self._failures.too_long(self._limit)
        thought = [self._splitter.think(reasoning)] if reasoning else []
        called = [Delta(tool=name) for name in begun]
        return thought + (self._splitter.feed(text) if text else []) + called

    def _take_usage(self, chunk: Mapping[str, Any]) -> None:
        usage = _mapping(chunk.get("usage"))
        if usage:
            cached = _mapping(usage.get("prompt_tokens_details")).get("cached_tokens")
            self._usage = Usage(
                _count(usage.get("prompt_tokens")),
                _count(usage.get("completion_tokens")),
                _count(cached) or _count(_mapping(chunk.get("timings")).get("cache_n")),
            )


class _Pairs:
    """Join surrogate pairs that an endpoint cut in two, and replace lone halves: neither can be written."""

    def __init__(self) -> None:
        self._half = ""

    def join(self, piece: str) -> str:
        piece = self._half + piece
        self._half = piece[-1:] if "\ud800" <= piece[-1:] <= "\udbff" else ""
        whole = piece[: len(piece) - len(self._half)]
        return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _first_choice(chunk: Mapping[str, Any]) -> dict[str, Any] | None:
    choices = chunk.get("choices")
    for choice in choices if isinstance(choices, list) else []:
        if isinstance(choice, dict) and not choice.get("index"):
            return choice
    return None


def _text(content: Any) -> str:
    """The text of a `content` field: a string, or the list of parts that some endpoints send."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(p["text"] for p in parts if isinstance(p, dict) and isinstance(p.get("text"), str))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
