"""Runs hosts and servers as child processes that cannot outlive their test."""

import os
import re
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

__all__ = ["Family", "Finished", "family"]

_MARK = "TEST_FAMILY"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Finished:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass
class Family:
    """Processes with one mark in their environment, by which each is found, whoever its parent is."""

    folder: Path
    mark: str = field(default_factory=lambda: secrets.token_hex(8))

    def environment(self, **more: str) -> dict[str, str]:
        """A small environment with a home of its own, and this family's mark."""
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
        home = {"HOME": str(self.folder / "home"), "TMPDIR": tempfile.gettempdir()}
        return kept | home | {_MARK: self.mark} | more

    def run(
        self, command: Sequence[str | Path], *, seconds: float, env: Mapping[str, str] | None = None
    ) -> Finished:
        """Run a command to its end; one that is late is ended with all its family, and fails the test."""
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        environment = dict(env or self.environment())
        # What npm installed looks for the `node` beside it.
        environment["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{environment['PATH']}"
        with (self.folder / "out").open("w+b") as out, (self.folder / "err").open("w+b") as err:
            process = subprocess.Popen(
                list(map(str, command)),
                cwd=work,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.end()
            said = [(out.seek(0), out.read())[1].decode(errors="replace") for out in (out, err)]
        assert process.poll() is not None
        assert process.returncode != -signal.SIGKILL, f"late after {seconds} s\n{said[0]}\n{said[1]}"
        return Finished(process.returncode, *said)

    @contextmanager
    def serving(
        self, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None
    ) -> Iterator[int]:
        """Start a server that says its address on stderr; gives its port."""
        log = self.folder / f"server-{secrets.token_hex(4)}.log"
        with log.open("wb") as err:
            process = subprocess.Popen(
                list(map(str, command)),
                env=dict(env or self.environment()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=err,
                start_new_session=True,
            )
        try:
            yield _port(process, log)
        finally:
            process.terminate()
            process.wait(10)

    def start(self, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        """Start a command and leave it to the caller to end it."""
        with (self.folder / "err").open("ab") as err:
            return subprocess.Popen(
                list(map(str, command)),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=err,
                start_new_session=True,
            )

    def members(self) -> list[psutil.Process]:
        """The processes of this family that are alive."""
        return [process for process in psutil.process_iter() if self._has(process)]

    def _has(self, process: psutil.Process) -> bool:
        try:
            marked: bool = process.environ().get(_MARK) == self.mark
            return marked and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, OSError):
            return False

    def end(self) -> None:
        """Kill whoever is left."""
        for process in self.members():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(self.members(), timeout=5)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        found = _ADDRESS.search(log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(f"no address on stderr: {log.read_text(encoding='utf-8', errors='replace')}")


@contextmanager
def family(folder: Path, *, leave_seconds: float = 5) -> Iterator[Family]:
    """Processes that must all be gone `leave_seconds` after the block; those that are not are killed."""
    (folder / "home").mkdir(parents=True, exist_ok=True)
    ours = Family(folder)
    try:
        yield ours
        _, alive = psutil.wait_procs(ours.members(), timeout=leave_seconds)
        left = [" ".join(process.cmdline()) for process in alive if process.is_running()]
        assert not left, f"left running: {left}"
    finally:
        ours.end()
