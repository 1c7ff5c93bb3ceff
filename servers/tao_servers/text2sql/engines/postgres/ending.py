"""Ends what a connection is doing, from another thread."""

import logging
import os
import socket
import threading

import psycopg

__all__ = ["end"]

_LOG = logging.getLogger(__name__)
_SECONDS_TO_CANCEL = 2.0
_SECONDS_TO_OBEY = 0.3
_TRIES = 5


def end(connection: "psycopg.Connection[tuple[object, ...]]", done: threading.Event) -> None:
    """Cancel on the server until `done` is set; where that does not help, hang up.

    More than once, because a request that comes between two statements is lost.
    """
    for _ in range(_TRIES):
        try:
            connection.cancel_safe(timeout=_SECONDS_TO_CANCEL)
        except psycopg.Error as exc:
            _LOG.warning("A statement could not be cancelled, so its connection is closed: %s", exc)
            break
        if done.wait(_SECONDS_TO_OBEY):
            return
    _hang_up(connection)


def _hang_up(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Close the socket under libpq, whose waiting then ends with an error.

    `connection.close()` must not be called while another thread is inside libpq.
    """
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg.Error) as exc:
        _LOG.debug("The connection was closed already: %s", exc)
