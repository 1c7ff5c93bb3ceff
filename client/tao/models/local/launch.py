"""Starts a model process that outlives whoever starts it."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from tao.errors import ModelError

__all__ = ["check_engine", "launch", "obituary", "serve_command"]

_TAIL_BYTES = 2000


def check_engine() -> None:
    """Raise `ModelError` when xllamacpp is not installed."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelError(
            "The embedded model needs xllamacpp. Install it with: "
            "pip install 'tao-agent[local]'. Where it has no wheel for this platform, set TAO_MODEL_BASE_URL "
            "to any OpenAI-compatible endpoint instead."
        )


def serve_command(name: str, weights: Path, state_file: Path) -> list[str]:
    """The command line of the process that serves `weights`."""
    # -P: a file named like one of our modules in the current folder must not be run.
    arguments = ["--name", name, "--weights", str(weights), "--state", str(state_file)]
    return [sys.executable, "-P", "-m", "tao.models.local.serve", *arguments]


def launch(command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start `command` in a session of its own, its output in `log`, nothing of ours inherited."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=log.parent,
            close_fds=True,
            start_new_session=True,
            creationflags=_detached(),
            # Threads that spin while they wait take the core from whoever has work: 37 tokens/s become 5.
            env={**os.environ, "OMP_WAIT_POLICY": "passive"},
        )
    # Somebody has to wait for it, or it stays a zombie for as long as this process lives.
    threading.Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()
    return process


def obituary(returncode: int, log: Path) -> str:
    """How a process ended, and the end of its log."""
    how = f"with exit code {returncode}"
    if returncode < 0:
        name = signal.Signals(-returncode).name
        hint = {"SIGKILL": " (out of memory?)", "SIGILL": " (the CPU lacks instructions that it needs)"}
        how = f"by {name}{hint.get(name, '')}"
    return f"ended {how}. {tail(log)}"


def tail(log: Path) -> str:
    """The last lines of a log, named by its path."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace").strip()
    except OSError:
        return f"It left no log at {log}."
    return f"The end of {log}:\n{text}" if text else f"Its log {log} is empty."


def _detached() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
    return 0
