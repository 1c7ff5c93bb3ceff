"""Try a request again when its failure may pass."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import stamina

from tao.errors import ModelError

__all__ = ["RETRIED_STATUSES", "TransientModelError", "retried", "seconds_to_wait"]

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
LONGEST_WAIT = 60.0

T = TypeVar("T")

# Without a handler, Python itself prints each retry as a bare word on stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class TransientModelError(ModelError):
    """A failure that may pass; `wait` is the time in seconds that the endpoint asked for."""

    def __init__(self, message: str, *, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(message, status=status)
        self.wait = wait


async def retried(call: Callable[[], Awaitable[T]], *, attempts: int, backoff: float) -> T:
    """Await `call()` until it succeeds, `attempts` times at most.

    `backoff` is the first wait in seconds, doubled each time and with up to as much again added by chance,
    unless the endpoint named the time.

    Raises:
        ModelError: the last failure, with the number of tries.
    """
    tries = stamina.retry_context(
        on=_wait_for,
        attempts=attempts,
        timeout=None,
        wait_initial=backoff,
        wait_max=LONGEST_WAIT,
        wait_jitter=backoff,
    )
    try:
        async for attempt in tries:
            with attempt:
                return await call()
    except TransientModelError as exc:
        tried = f" (Tried {attempts} times.)" if attempts > 1 else ""
        raise ModelError(f"{exc}{tried}", status=exc.status) from exc
    raise AssertionError("stamina makes at least one attempt")


def seconds_to_wait(retry_after: str | None, *, now: datetime | None = None) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date (RFC 9110, 10.2.3), as 0 to 60 seconds."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max((at - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_WAIT)


def _wait_for(exc: Exception) -> bool | float:
    if not isinstance(exc, TransientModelError):
        return False
    return True if exc.wait is None else exc.wait
