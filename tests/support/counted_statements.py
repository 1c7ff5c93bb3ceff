"""Databases whose running statements are counted."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from anyio import CapacityLimiter, to_thread

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines import Engine
from tao_servers.text2sql.errors import Text2sqlError
from tao_servers.text2sql.limits import Limits, Rows
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop

__all__ = ["ENDLESS", "CountedEngine", "CountedSource", "Runs"]

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


class Runs:
    """Counts the statements that run now and the most that ever did; `failures` says how some ended badly."""

    def __init__(self) -> None:
        self.most = 0
        self.failures: list[str] = []
        self._running: list[str] = []
        self._changed = threading.Condition()

    @property
    def now(self) -> int:
        """How many run now."""
        return len(self._running)

    @contextmanager
    def one(self, sql: str) -> Iterator[None]:
        """Counts a statement within the block."""
        with self._changed:
            self._running.append(sql)
            self.most = max(self.most, self.now)
            self._changed.notify_all()
        try:
            yield
        except Text2sqlError as exc:
            self.failures.append(str(exc))
            raise
        finally:
            with self._changed:
                self._running.remove(sql)
                self._changed.notify_all()

    async def reach(self, count: int) -> bool:
        """Whether so many endless statements run at once, before long."""
        return await self._wait(lambda: sum("RECURSIVE" in sql for sql in self._running) >= count)

    async def end(self) -> bool:
        """Whether none runs any more, before long."""
        return await self._wait(lambda: not self._running)

    async def _wait(self, ready: Callable[[], bool]) -> bool:
        def wait() -> bool:
            with self._changed:
                return self._changed.wait_for(ready, timeout=60)

        # A thread of its own: those that are shared may all be at work.
        return await to_thread.run_sync(wait, limiter=CapacityLimiter(1))


class CountedEngine:
    """An engine whose statements are counted."""

    def __init__(self, engine: Engine, runs: Runs) -> None:
        self._engine = engine
        self._runs = runs

    def run(self, sql: str, limits: Limits, stop: Stop) -> Rows:
        with self._runs.one(sql):
            return self._engine.run(sql, limits, stop)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class CountedSource(Source):
    """A database whose statements are counted in `runs`."""

    def __init__(self, database: Database, runs: Runs) -> None:
        super().__init__(database)
        self.runs = runs

    def engine(self, stop: Stop) -> Engine:
        counted: Any = CountedEngine(super().engine(stop), self.runs)
        return counted  # type: ignore[no-any-return]
