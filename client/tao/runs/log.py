"""Writes a run as JSON lines, one record a line, each with its kind and its time."""

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import anyio.to_thread
from pydantic import BaseModel

from tao.errors import ConfigError
from tao.events import SCHEMA_VERSION
from tao.models.chat import ChatRequest, Completion, Message

__all__ = ["RunLog", "new_run_id"]


def new_run_id() -> str:
    """An id that sorts by time and is unique without any coordination."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


class RunLog:
    """`FOLDER/RUN_ID.jsonl`, readable by its owner alone; use as an async context manager.

    A request is logged with only those messages that the one before it did not have, since the history
    only grows: `from` says how many went before.

    Raises:
        ConfigError: the file cannot be written.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        self.path = folder / f"{run_id}.jsonl"
        self._file: TextIO | None = None
        self._logged: Sequence[Message] = ()

    async def __aenter__(self) -> Self:
        with self._explained():
            self._file = await anyio.to_thread.run_sync(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def started(self, **fields: Any) -> None:
        """The question and everything that the run was given."""
        self._write("run_started", {"schema_version": SCHEMA_VERSION} | fields)

    def requested(self, request: ChatRequest) -> None:
        """A request to the model."""
        messages = list(request.messages)
        same = 0
        for old, new in zip(self._logged, messages, strict=False):
            if old != new:
                break
            same += 1
        self._logged = messages
        fields = {
            "from": same,
            "messages": [message.as_json() for message in messages[same:]],
            "response_format": request.response_format,
            "tools": list(request.tools),
            "stop": list(request.stop),
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
        }
        self._write("model_request", fields)

    def replied(self, completion: Completion) -> None:
        """What the model wrote, to the letter."""
        fields = {
            "text": completion.text,
            "reasoning": completion.reasoning,
            "tool_calls": [asdict(call) for call in completion.tool_calls],
            "finish_reason": completion.finish_reason,
            "prompt_tokens": completion.usage.prompt_tokens,
            "completion_tokens": completion.usage.completion_tokens,
            "cached_tokens": completion.usage.cached_tokens,
            "first_token_seconds": round(completion.first_token_seconds, 4),
            "seconds_per_token": round(completion.seconds_per_token, 4),
            "seconds": round(completion.seconds, 4),
        }
        self._write("model_reply", fields)

    def event(self, event: BaseModel) -> None:
        """An event that is no delta."""
        self._write("event", {"event": event.model_dump(mode="json")})

    def failed(self, error: BaseException) -> None:
        """The run ended without an answer."""
        self._write("run_failed", {"error": type(error).__name__, "text": str(error)})

    def _open(self) -> TextIO:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.touch(mode=0o600)
        return self.path.open("a", encoding="utf-8", errors="backslashreplace")

    def _write(self, kind: str, fields: dict[str, Any]) -> None:
        if self._file is None:
            return
        record = {"kind": kind, "at": datetime.now(UTC).isoformat()} | fields
        # Written on the event loop: a few kilobytes into the page cache cost less than a change of thread.
        with self._explained():
            self._file.write(json.dumps(record, ensure_ascii=False) + "\n")
            self._file.flush()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise ConfigError(
                f"The run log {str(self.path)!r} cannot be written: {exc.strerror}. "
                "Make room there, or set XDG_STATE_HOME to another folder."
            ) from exc
