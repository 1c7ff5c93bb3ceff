"""Holds the BLAS library of numpy to one thread for a while."""

import threading
from typing import Any

from tao.models.loading import load

__all__ = ["ONE_BLAS_THREAD"]


class _OneBlasThread:
    """A context in which BLAS has one thread; any number of threads may be inside at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._controller: Any = None
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                if self._controller is None:
                    # It finds the libraries that are loaded by now.
                    load("numpy", extra="knowledge")
                    self._controller = load("threadpoolctl", extra="knowledge").ThreadpoolController()
                self._limit = self._controller.limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.restore_original_limits()


ONE_BLAS_THREAD = _OneBlasThread()
"""One for the process, whose setting it is: of two, the first to leave would end it for the other."""
