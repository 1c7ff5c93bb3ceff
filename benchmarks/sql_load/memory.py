"""Ten million rows: how much memory does taking the first ones need?"""

import threading
import time

import psutil

from benchmarks.sql_load.places import Place
from tao_servers.text2sql.engines import Engine
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.stopping import Stop

__all__ = ["read_many"]

_MEGABYTE = 1_000_000
_SECONDS = 60.0
_ROWS = 10_000_000
_LOOK_EVERY = 0.005


def read_many(engine: Engine, place: Place) -> dict[str, object]:
    """Rows taken of ten million, seconds, and megabytes over what there was before.

    Once with the usual limits, which end at a hundred rows, and once with none on rows, so that the limit on
    bytes ends it. A small statement goes first, so that what is loaded once is not counted.
    """
    engine.run("SELECT 1", Limits(), Stop())
    return {
        "rows_of_the_statement": _ROWS,
        "usual_limits": _read(engine, place, Limits(timeout=_SECONDS)),
        "limit_on_bytes_alone": _read(engine, place, Limits(max_rows=_ROWS, timeout=_SECONDS)),
    }


def _read(engine: Engine, place: Place, limits: Limits) -> dict[str, object]:
    before = _resident(place)
    peak = [before]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_EVERY):
            peak[0] = max(peak[0], _resident(place))

    looking = threading.Thread(target=look)
    looking.start()
    begun = time.perf_counter()
    try:
        rows = engine.run(place.many, limits, Stop())
    finally:
        seconds = time.perf_counter() - begun
        peak[0] = max(peak[0], _resident(place))
        ended.set()
        looking.join()
    return {
        "rows_taken": len(rows.rows),
        "more": rows.more,
        "seconds": round(seconds, 3),
        "before_mb": round(before / _MEGABYTE, 1),
        "growth_mb": round((peak[0] - before) / _MEGABYTE, 1),
    }


def _resident(place: Place) -> int:
    own = psutil.Process()
    total = int(own.memory_info().rss)
    for child in own.children(recursive=True) if place.embedded else []:
        try:
            total += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
