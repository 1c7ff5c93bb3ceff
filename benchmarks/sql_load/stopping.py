"""A query that would run for ever: does it end at its limit, or when it is cancelled, also on the server?"""

import threading
import time

from benchmarks.sql_load.places import Place
from tao_servers.text2sql.engines import Engine
from tao_servers.text2sql.errors import Text2sqlError
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.stopping import Stop

__all__ = ["stop_runaway"]

_LIMIT = 2.0
_CANCEL_AFTER = 1.0
_NEVER = 60.0
_SECONDS_TO_END = 2.0


def stop_runaway(engine: Engine, place: Place) -> dict[str, object]:
    """Seconds that it ran on after the limit and after the cancelling, and what was still running then."""
    begun = time.perf_counter()
    limited = _told(engine, place, _LIMIT, Stop())
    over = time.perf_counter() - begun - _LIMIT
    left = _left(place)

    stop = Stop()
    asked: list[float] = []

    def cancel() -> None:
        asked.append(time.perf_counter())
        stop.set()

    timer = threading.Timer(_CANCEL_AFTER, cancel)
    timer.start()
    cancelled = _told(engine, place, _NEVER, stop)
    after = time.perf_counter() - asked[0] if asked else -1.0
    timer.join()
    return {
        "limit_seconds": _LIMIT,
        "seconds_over_limit": round(over, 3),
        "left_running_after_limit": left,
        "told_at_limit": limited,
        "seconds_after_cancel": round(after, 3),
        "left_running_after_cancel": _left(place),
        "told_when_cancelled": cancelled,
    }


def _told(engine: Engine, place: Place, seconds: float, stop: Stop) -> str:
    try:
        engine.run(place.runaway, Limits(timeout=seconds), stop)
    except Text2sqlError as exc:
        return str(exc)
    return "it ran to its end"


def _left(place: Place) -> int:
    """What still runs; a server is given a moment to take note."""
    deadline = time.perf_counter() + _SECONDS_TO_END
    while (left := place.left_running()) and time.perf_counter() < deadline:
        time.sleep(0.02)
    return left
