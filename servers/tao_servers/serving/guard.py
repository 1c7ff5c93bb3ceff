"""Keeps stray output off stdout, which belongs to the protocol. It runs first, so it imports very little."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

__all__ = ["divert_stdout", "stray_output_on_stderr", "wire"]

_wire: int | None = None


@contextmanager
def stray_output_on_stderr() -> Iterator[None]:
    """While a server is imported, send to stderr what Python, C or a child writes to descriptor 1.

    Afterwards stdout is itself again, for `--help` and commands that print, until `divert_stdout`. The
    standard streams speak UTF-8 from here on, whatever the locale.
    """
    global _wire
    _speak_utf8()
    try:
        _wire = _copy_above_standard(1)
    except OSError:
        # The process was started without a stdout: there is nothing to guard.
        yield
        return
    divert_stdout()
    try:
        yield
    finally:
        _flush()
        os.dup2(_wire, 1)


def divert_stdout() -> None:
    """Send to stderr what is written to descriptor 1, for good; without a guard in `main` do nothing.

    It is never undone: what atexit handlers and C buffers write last must not reach the host either.
    """
    if _wire is None:
        return
    _flush()
    if isinstance(sys.stdout, TextIOWrapper):
        # Else a pipe would get what was printed much later than the log lines round it.
        sys.stdout.reconfigure(line_buffering=True)
    try:
        os.dup2(2, 1)
    except OSError:
        # There is no stderr.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def wire() -> int | None:
    """The private descriptor of what stdout was when the process started; None without a guard."""
    return _wire


def _copy_above_standard(descriptor: int) -> int:
    if sys.platform == "win32":
        return os.dup(descriptor)
    import fcntl

    # A plain dup would take 0 or 2 where the process was started without them.
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)


def _speak_utf8() -> None:
    streams = ((sys.stdin, "replace"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace"))
    for stream, errors in streams:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()
