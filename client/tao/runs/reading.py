"""Reads logs back. They may be missing, cut or not logs at all: what is no record is passed over."""

import json
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from tao.toolbox.kept import READ_MORE

__all__ = ["LoggedRun", "Lookup", "newest_runs", "open_log", "read_run"]

_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}", re.ASCII)
_KIND = re.compile(rb'\{\s*"kind"\s*:\s*"(\w+)"')
# Far beyond what a run writes, so that a file that is no log costs little.
_MOST_BYTES = 64 * 1024 * 1024
_LONGEST_LINE = 4 * 1024 * 1024
# Ratings stand behind everything else.
_TAIL_BYTES = 16 * 1024
_SEEN_CHARS = 400


@dataclass(frozen=True, slots=True)
class Lookup:
    """A call that an answer rests on, and the beginning of what was seen."""

    tool: str
    arguments: Mapping[str, Any]
    seen: str


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """What a log tells of its run; `text` is the answer's, and `good` what the user said of it."""

    question: str
    after: str | None = None
    text: str | None = None
    good: bool | None = None
    lookup: Lookup | None = None


def newest_runs(folder: Path, most: int) -> list[str]:
    """The ids of at most `most` runs, the newest first."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    stems = (name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl"))
    # Ids sort by time.
    return sorted((stem for stem in stems if _ID.fullmatch(stem)), reverse=True)[:most]


def open_log(folder: Path, run_id: str, *, append: bool = False) -> BinaryIO:
    """Open the log of a run: a plain file of the folder itself, never what a link or another id leads to.

    Raises:
        ValueError: this is no id of a run, or its log is no plain file.
        OSError: there is no such log, or it cannot be opened.
    """
    if not _ID.fullmatch(run_id):
        raise ValueError("not the id of a run")
    flags = (os.O_RDWR | os.O_APPEND) if append else os.O_RDONLY
    # Some systems lack some of these. Without waiting: a pipe under that name has nobody at its other end.
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(folder / f"{run_id}.jsonl", flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("the log is no plain file")
    return os.fdopen(descriptor, "r+b" if append else "rb")


def read_run(folder: Path, run_id: str, *, rated: bool = False) -> LoggedRun | None:
    """Read the log of a run; None where it has no beginning, or, with `rated`, no rating at its end.

    Raises:
        ValueError: this is no id of a run, or its log is no plain file.
        OSError: there is no such log, or it cannot be read.
    """
    question, after, text, good = None, None, None, None
    lookups: dict[str, Lookup] = {}
    cited: str | None = None
    with open_log(folder, run_id) as file:
        if rated and not _has_rating(file):
            return None
        for record in _records(file, (b"run_started", b"event", b"rated")):
            match record:
                case {"kind": "run_started", "question": str(asked)}:
                    question, after = asked, record.get("after")
                case {"kind": "event", "event": {"type": "answer", "text": str(said), **rest}}:
                    text, cited = said, _cited(rest)
                case {"kind": "event", "event": dict(event)}:
                    _follow(event, lookups)
                case {"kind": "rated", "good": bool(value)}:
                    good = value
    if question is None:
        return None
    seen = [lookup for lookup in lookups.values() if lookup.seen]
    lookup = lookups.get(cited or "") or (seen[-1] if seen else None)
    return LoggedRun(question, after if isinstance(after, str) else None, text, good, lookup)


def _cited(answer: Mapping[Any, Any]) -> str | None:
    """The id of the observation that supports the answer best."""
    match answer.get("citations"):
        case [{"observation": str(observation)}, *_]:
            return observation
    return None


def _follow(event: Mapping[str, Any], lookups: dict[str, Lookup]) -> None:
    match event:
        case {"type": "action", "id": str(id), "tool": str(tool), "arguments": dict(arguments)}:
            if tool == READ_MORE.name:
                # What it reads on in is gone with its run; a later one must not be shown such a call.
                return
            lookups[id] = Lookup(tool, arguments, "")
        case {"type": "observation", "id": str(id), "text": str(text), "is_error": False} if id in lookups:
            lookups[id] = replace(lookups[id], seen=text[:_SEEN_CHARS])


def _has_rating(file: BinaryIO) -> bool:
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - _TAIL_BYTES))
    found = b'"rated"' in file.read(_TAIL_BYTES)
    file.seek(0)
    return found


def _records(file: BinaryIO, kinds: Collection[bytes]) -> Iterator[dict[str, Any]]:
    left = _MOST_BYTES
    while left > 0 and (line := file.readline(min(left, _LONGEST_LINE))):
        left -= len(line)
        # Most of a log is requests and replies, which need not be read for this.
        kind = _KIND.match(line)
        # The last line of a run that was killed may be cut.
        if kind is None or kind[1] not in kinds or not line.endswith(b"\n"):
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield record
