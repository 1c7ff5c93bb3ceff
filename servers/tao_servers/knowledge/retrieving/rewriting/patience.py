"""Leaves a model alone for a while that does not answer, so that not every search waits for it."""

from collections.abc import Callable

import anyio

__all__ = ["Patience"]


class Patience:
    """After `failures` in a row, `refusal` has a reason for `seconds`."""

    def __init__(
        self, failures: int, seconds: float, *, now: Callable[[], float] = anyio.current_time
    ) -> None:
        self._most = failures
        self._seconds = seconds
        self._now = now
        self._failures = 0
        self._last = ""
        self._until = 0.0

    @property
    def refusal(self) -> str:
        """Why the model is not asked now; empty if it may be."""
        if self._failures < self._most or self._now() >= self._until:
            return ""
        return f"the model is not asked for a while: {self._last}"

    def failed(self, reason: str) -> None:
        """Note that it did not answer."""
        self._failures += 1
        self._last = reason
        self._until = self._now() + self._seconds

    def answered(self) -> None:
        """Note that it did."""
        self._failures = 0
