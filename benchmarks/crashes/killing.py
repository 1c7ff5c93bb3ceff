"""Starts an ingest as a process of its own, and kills it."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.crashes.looking import BEFORE_SAVING, states
from tao_servers.knowledge.index import Place

__all__ = ["Kill", "environment", "ingest", "killed", "tao_knowledge"]

_LONGEST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Kill:
    """`reading`: it had child processes; `orphans` of them were still there 10 seconds later."""

    after: float
    reading: bool
    orphans: int


def environment(home: Path) -> dict[str, str]:
    """The environment, with settings, data and caches of its own in `home`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TAO_")}
    own = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    # What goes on in the background would be killed or not by chance.
    return kept | own | {"TAO_KNOWLEDGE_UPGRADE": "off"}


def tao_knowledge(*arguments: str | Path, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run `tao-knowledge` to its end."""
    command = [sys.executable, "-m", "tao_servers.knowledge", *map(str, arguments)]
    return subprocess.run(
        command, env=environment(home), capture_output=True, encoding="utf-8", timeout=600, check=False
    )


def ingest(place: Place, folder: Path) -> list[str | Path]:
    """The arguments of an ingest of `folder` that also removes what is gone."""
    return ["ingest", "--store", place.store, "--prune", "--json", folder]


def killed(place: Place, folder: Path, *, home: Path, chance: random.Random, life: float) -> Kill | None:
    """Kill an ingest with -9 at some moment of its `life` in seconds; None: it had ended by then.

    One moment of three is drawn evenly from its life. The others follow the first sign of a phase that is
    too short to be met often in that way.
    """
    sign = chance.choice(_SIGNS) if chance.random() < 2 / 3 else None
    wait = (
        chance.uniform(0, life) if sign is None else chance.choice((0.001, 0.01, 0.1, 0.4)) * chance.random()
    )
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "tao_servers.knowledge", *map(str, ingest(place, folder))],
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if sign is not None:
            _until(sign(place), process)
        end = time.monotonic() + wait
        _until(lambda: time.monotonic() >= end, process)
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    finally:
        process.kill()
        code = process.wait()
    _, orphans = psutil.wait_procs(children, timeout=10)
    return Kill(time.monotonic() - began, bool(children), len(orphans)) if code == -9 else None


def _until(told: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _LONGEST_SECONDS
    while not told() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.0005)


def _state(state: str) -> Callable[[Place], Callable[[], bool]]:
    def sign(place: Place) -> Callable[[], bool]:
        # Of an earlier kill there may be some, which the writer sweeps first.
        left = state in states(place)
        mark = _changed(place.words / "meta.json")
        return lambda: mark() if left else state in states(place)

    return sign


def _words_committed(place: Place) -> Callable[[], bool]:
    return _changed(place.words / "meta.json")


def _vectors_written(place: Place) -> Callable[[], bool]:
    return lambda: "new" in states(place) and any(place.folder.glob("vectors/*/chroma.sqlite3-journal"))


def _vectors_saved(place: Place) -> Callable[[], bool]:
    return lambda: any(place.folder.glob(f"vectors/*/{BEFORE_SAVING}"))


def _changed(file: Path) -> Callable[[], bool]:
    before = _mark(file)
    return lambda: _mark(file) != before


def _mark(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size


_SIGNS = (_state("new"), _state("old"), _words_committed, _vectors_written, _vectors_saved)
