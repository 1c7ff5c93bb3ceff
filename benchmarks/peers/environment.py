"""Makes the virtual environment of a peer and talks with its script."""

import json
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tao.settings import cache_dir

__all__ = ["PeerError", "ask", "python_of"]

_INSTALL_SECONDS = 900
_ANSWER_SECONDS = 600


class PeerError(Exception):
    """A peer cannot be run; the text says why."""


def python_of(name: str, requirements: tuple[str, ...]) -> Path:
    """The interpreter of the environment that holds a peer, made on first use in the cache folder.

    Raises:
        PeerError: its packages cannot be installed.
    """
    folder = cache_dir() / "benchmarks" / "peers" / name
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted, ready = "\n".join(requirements), folder / "installed.txt"
    if ready.is_file() and ready.read_text(encoding="utf-8") == wanted:
        return python
    print(f"installing {name}", file=sys.stderr, flush=True)
    venv.create(folder, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", *requirements]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
    except subprocess.CalledProcessError as exc:
        last = (exc.stderr or "").strip().splitlines()[-1:]
        raise PeerError(f"not installable: {' '.join(last)[:200]}") from exc
    except subprocess.TimeoutExpired as exc:
        raise PeerError("not installed within 15 minutes") from exc
    ready.write_text(wanted, encoding="utf-8")
    return python


def ask(python: Path, script: Path, cases: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What a peer's script says to each case, in one child process.

    Raises:
        PeerError: it ended early or took longer than ten minutes.
    """
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    try:
        done = subprocess.run(
            [str(python), str(script)],
            input=lines,
            capture_output=True,
            encoding="utf-8",
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise PeerError("did not answer within ten minutes") from exc
    replies = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if len(replies) != len(cases):
        raise PeerError(f"answered {len(replies)} of {len(cases)} cases: {done.stderr.strip()[-200:]!r}")
    return map(json.loads, replies)
