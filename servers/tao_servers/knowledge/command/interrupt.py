"""Sees to it that Ctrl-C ends a command soon, whatever it is doing."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tao_servers.knowledge.command.options import INTERRUPTED

__all__ = ["soon_ended"]

_PATIENCE_SECONDS = 1.5


@contextmanager
def soon_ended(last_words: Callable[[], None], *, code: int = INTERRUPTED) -> Iterator[None]:
    """While this is open, Ctrl-C ends the process after 1.5 s at most, and a second one ends it at once.

    It raises KeyboardInterrupt as ever. Where that does not end the process, since a library is at work,
    `last_words` are said and the process ends with the exit `code` as if it were killed, which the store
    is made for. Child
    processes that wait for input see that it has ended.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, heard_by_python = socket.socketpair()
    heard_by_python.setblocking(False)
    over = threading.Event()
    before = signal.set_wakeup_fd(heard_by_python.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_end, args=(heard, over, last_words, code), daemon=True).start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        heard_by_python.close()


def _end(heard: socket.socket, over: threading.Event, last_words: Callable[[], None], code: int) -> None:
    # Python's own handlers run between two steps of the main thread, which may be deep in a library; the
    # bytes that announce signals come at once.
    with heard:
        while (number := heard.recv(1)) != bytes([signal.SIGINT]):
            if not number:
                return
        heard.settimeout(_PATIENCE_SECONDS)
        with suppress(TimeoutError):
            heard.recv(1)
        if over.is_set():
            return
        last_words()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
