"""The side of the child process: a run for each line of stdin, and a line of stdout for each run.

Only the standard library is imported here, since the interpreters of other projects import it too.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["base_url", "peak_mb", "serve", "serve_blocking"]


def base_url() -> str:
    """Where the endpoint is: the first argument of the process."""
    return sys.argv[1]


async def serve(run: Callable[[Mapping[str, Any]], Awaitable[str]], packages: Sequence[str]) -> None:
    """Make a run for each line until stdin ends; first of all tell the versions of `packages`."""
    say = _begin(packages)
    while line := await asyncio.to_thread(sys.stdin.readline):
        task = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        text = await run(task)
        say(_report(text, wall, cpu))


def serve_blocking(run: Callable[[Mapping[str, Any]], str], packages: Sequence[str]) -> None:
    """As `serve`, for a loop that blocks."""
    say = _begin(packages)
    for line in sys.stdin:
        task = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        text = run(task)
        say(_report(text, wall, cpu))


def peak_mb() -> float:
    """The most memory, in MB, that this process has had in RAM; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if status.is_file():
        # What `getrusage` tells would be no less than what the parent process had when it made this one.
        lines = status.read_text(encoding="utf-8").splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024
    try:
        import resource
    except ImportError:
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _begin(packages: Sequence[str]) -> Callable[[Mapping[str, Any]], None]:
    # Whatever a library prints must not stand among the lines that the parent reads.
    out, sys.stdout = sys.stdout, sys.stderr

    def say(value: Mapping[str, Any]) -> None:
        out.write(json.dumps(value) + "\n")
        out.flush()

    say({"versions": {package: version(package) for package in packages}})
    return say


def _report(text: str, wall: float, cpu: float) -> dict[str, Any]:
    seconds, busy = time.perf_counter() - wall, time.process_time() - cpu
    return {"text": text, "seconds": seconds, "cpu_seconds": busy, "peak_mb": peak_mb()}
