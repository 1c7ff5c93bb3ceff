import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Job, Workers


@dataclass(frozen=True)
class Trap:
    """Goes to a child as a call, which is made when it arrives there."""

    call: Any
    arguments: tuple[Any, ...]

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call, self.arguments


def trap(call: Any, *arguments: Any) -> Job:
    data: Any = Trap(call, arguments)
    return Job(data, name="trap.txt")


def text(words: str) -> Job:
    return Job(words.encode(), name="a.txt")


def outcomes(workers: Workers, *jobs: Job) -> list[str]:
    return [r.text if isinstance(r, Document) else str(r) for _, r in workers.map(jobs)]


def test_without_children_files_are_read_here(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("你好", encoding="gb18030")
    with Workers(0) as workers:
        read = outcomes(workers, Job(tmp_path / "a.txt", name="a.txt"), Job(tmp_path / "b", name="b"))
    assert read[0] == "你好"
    assert read[1].startswith("it cannot be read")


def test_a_file_that_changed_since_it_was_looked_at_is_refused() -> None:
    digest = hashlib.sha256(b"old").hexdigest()
    with Workers(0) as workers:
        assert outcomes(workers, Job(b"old", name="a", digest=digest)) == ["old"]
        assert "changed" in outcomes(workers, Job(b"new", name="a", digest=digest))[0]


@pytest.mark.real
def test_results_come_in_the_order_of_the_jobs() -> None:
    words = [f"text {number}" for number in range(100)]
    with Workers(2) as workers:
        assert outcomes(workers, *map(text, words)) == words


@pytest.mark.real
def test_jobs_are_taken_only_a_little_ahead() -> None:
    taken = 0

    def jobs() -> Iterator[Job]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield text(str(number))

    with Workers(2) as workers:
        results = workers.map(jobs())
        next(results)
        assert taken < 30
        del results


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="other exit codes")
def test_a_crash_costs_one_file_and_no_other() -> None:
    with Workers(1) as workers:
        read = outcomes(workers, text("a"), trap(os.abort), text("b"), trap(os._exit, 3), text("c"))
    assert [read[0], read[2], read[4]] == ["a", "b", "c"]
    assert "crashed (SIGABRT)" in read[1]
    assert "crashed (exit code 3)" in read[3]


@pytest.mark.real
def test_a_file_that_takes_too_long_is_refused_and_the_next_is_read() -> None:
    hang = trap(time.sleep, 600)
    with Workers(1, seconds=1) as workers:
        read = outcomes(workers, hang, text("after"))
    assert read == ["reading it took more than 1 seconds; split it", "after"]


@pytest.mark.real
@pytest.mark.skipif(sys.platform != "linux", reason="not bounded by this system")
def test_a_file_that_takes_too_much_memory_is_refused_and_the_next_is_read() -> None:
    large = Job(b"[" + b'{"a":1},' * 1_000_000 + b"{}]", name="a.json")
    with Workers(1, memory_mb=150) as workers:
        read = outcomes(workers, text("before"), large, text("after"))
    assert read == ["before", "it needs more than 150 MB of memory to be read; split it", "after"]


@pytest.mark.real
def test_what_a_library_prints_disturbs_nothing() -> None:
    with Workers(1) as workers:
        read = outcomes(workers, trap(os.write, 1, b"noise\n"), text("after"))
    assert read[1] == "after"


@pytest.mark.real
def test_a_module_in_the_current_folder_is_not_taken_for_a_real_one(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(9)", encoding="utf-8")
    program = (
        "from tao_servers.knowledge.loading import Job, Workers\n"
        "with Workers(1) as workers:\n"
        "    [(_, result)] = workers.map([Job(b'fine', name='a.txt')])\n"
        "raise SystemExit(0 if result.text == 'fine' else 1)\n"
    )
    subprocess.run([sys.executable, "-P", "-c", program], cwd=tmp_path, check=True, timeout=60)


@pytest.mark.real
def test_leaving_ends_the_children_at_once_whatever_they_do() -> None:
    here = psutil.Process()
    before = set(here.children())
    with Workers(2) as workers:
        results = workers.map([text("a"), trap(time.sleep, 600), text("b")])
        next(results)
        children = [child for child in here.children() if child not in before]
        assert children
    assert not [child for child in children if child.is_running()]


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_no_child_outlives_a_parent_that_is_killed() -> None:
    program = (
        "import sys\n"
        "from tao_servers.knowledge.loading import Job, Workers\n"
        "with Workers(2) as workers:\n"
        "    list(workers.map(Job(b'x', name='a.txt') for _ in range(9)))\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], **pipes) as parent:  # type: ignore[call-overload]
        assert parent.stdout.readline() == b"ready\n"
        children = psutil.Process(parent.pid).children()
        assert children
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []
