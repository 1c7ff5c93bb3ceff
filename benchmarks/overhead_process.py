"""The side of the parent process: starts the endpoint and the participants, and talks with them in lines."""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx

from benchmarks.peers.environment import PeerError

__all__ = ["Endpoint", "Lines", "endpoint", "process"]

_ROOT = Path(__file__).parent.parent
_LIMIT_SECONDS = 120.0
_ENDING_SECONDS = 5.0
_TOLD = 300


class Lines:
    """A child process that answers each line with a line."""

    def __init__(self, child: "subprocess.Popen[str]", errors: IO[str]) -> None:
        self._child = child
        self._errors = errors
        self.first = self._read()

    def ask(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Send a line and wait for the line that answers it.

        Raises:
            PeerError: the child ended, or said nothing for two minutes.
        """
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(value) + "\n")
            self._child.stdin.flush()
        except OSError as exc:
            raise PeerError(f"ended early: {self._last_words()}") from exc
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        # The kill closes the pipe, which ends the wait for a line.
        watchdog = threading.Timer(_LIMIT_SECONDS, self._child.kill)
        watchdog.start()
        try:
            line = self._child.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise PeerError(f"ended early, or was silent for too long: {self._last_words()}")
        return dict(json.loads(line))

    def _last_words(self) -> str:
        self._child.kill()
        self._child.wait()
        self._errors.seek(0)
        return repr(self._errors.read().strip()[-_TOLD:])


class Endpoint:
    """The scripted endpoint, seen from outside its process."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def begin(self, steps: int) -> None:
        """Let the next run take `steps` requests."""
        self._client.post("/begin", json={"steps": steps}).raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        """The bodies of the requests of this run."""
        return list(self._client.get("/requests").raise_for_status().json())


@contextmanager
def process(python: Path, module: str, *arguments: str, paths: Sequence[Path] = ()) -> Iterator[Lines]:
    """Run `python -m module`; its stdin is closed when the context is left, which is to end it.

    Raises:
        PeerError: it did not start.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        child = subprocess.Popen(
            [str(python), "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=_ROOT,
            env=_environment(paths),
            encoding="utf-8",
        )
        try:
            yield Lines(child, errors)
        finally:
            _end(child)


@contextmanager
def endpoint(python: Path, paths: Sequence[Path]) -> Iterator[tuple[Endpoint, str]]:
    """The scripted endpoint in a process of its own, and its base URL."""
    with process(python, "benchmarks.overhead_endpoint", paths=paths) as lines:
        root = f"http://127.0.0.1:{lines.first['port']}"
        with httpx.Client(base_url=root, trust_env=False, timeout=_LIMIT_SECONDS) as client:
            yield Endpoint(client), f"{root}/v1"


def _end(child: "subprocess.Popen[str]") -> None:
    # The end of its stdin lets it take its temporary files away.
    try:
        child.communicate(timeout=_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()


def _environment(paths: Sequence[Path]) -> dict[str, str]:
    # No proxy may stand before the loopback, and no key, setting or tracing of the user's may change a run.
    ours = ("TAO_", "OPENAI_", "LANGCHAIN_", "LANGSMITH_", "LOGFIRE_", "OTEL_")
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ours) and not name.lower().endswith("_proxy")
    }
    return env | {"PYTHONPATH": os.pathsep.join(str(path) for path in (_ROOT, *paths)), "NO_PROXY": "*"}
