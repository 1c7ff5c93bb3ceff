"""Builds an index and asks it questions, one after the other, for 20 seconds at most."""

import time
from pathlib import Path
from typing import Any

from benchmarks.keyword.chunks import Chunks
from benchmarks.keyword.engines import Index

__all__ = ["speed"]

_LIMIT = 50
_MOST_SECONDS = 20


def speed(index: Index, chunks: Chunks, folder: Path) -> dict[str, Any]:
    """Seconds to build, megabytes on disk, milliseconds of a question and of one of 2,000 characters."""
    begun = time.perf_counter()
    index.build(chunks.rows())
    built = time.perf_counter() - begun
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    asked, long = _times(index, chunks.questions), _times(index, chunks.long_questions * 3)
    return {
        "build_seconds": round(built, 2),
        "mb": round(size / 1e6, 1),
        "p50_ms": _quantile(asked, 0.5),
        "p95_ms": _quantile(asked, 0.95),
        "long_p50_ms": _quantile(long, 0.5),
        "long_p95_ms": _quantile(long, 0.95),
    }


def _times(index: Index, questions: list[str]) -> list[float]:
    index.search(questions[0], _LIMIT)
    found = []
    last = time.perf_counter() + _MOST_SECONDS
    for question in questions:
        begun = time.perf_counter()
        if begun > last:
            break
        index.search(question, _LIMIT)
        found.append((time.perf_counter() - begun) * 1000)
    return sorted(found)


def _quantile(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
