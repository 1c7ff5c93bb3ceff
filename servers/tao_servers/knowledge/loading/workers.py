"""Reads files in child processes, so that no file can harm the one that asks."""

import itertools
import queue
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.child import read_job
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.jobs import Job
from tao_servers.knowledge.loading.keeper import Keeper

__all__ = ["Workers"]

# Files that may be read ahead of the one that is waited for, and what their texts may hold together:
# enough to keep all children busy beside one slow file, and little memory.
_AHEAD = 16
_AHEAD_CHARS = 20_000_000

_Pair = tuple[Job, Document | RefusedError]


class Workers:
    """`count` child processes that read files, started when they are needed; with 0 files are read here.

    A child has `seconds` and `memory_mb` for each file. If it takes longer or more, crashes or hangs, that
    file alone is refused, and another child goes on. Memory is bounded by Linux and, in part, by macOS.
    All files go this way, small ones too: the way costs under a millisecond, and none needs to be trusted.
    """

    def __init__(self, count: int, *, seconds: float = 120.0, memory_mb: int = 2048) -> None:
        self._count = count
        self._keepers = [Keeper(seconds=seconds, memory_mb=memory_mb) for _ in range(count)]
        self._free: queue.SimpleQueue[Keeper] = queue.SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> "Workers":
        for keeper in self._keepers:
            self._free.put(keeper)
        if self._count:
            self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="reader")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for keeper in self._keepers:
            keeper.close()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    def map(self, jobs: Iterable[Job]) -> Iterator[_Pair]:
        """Read each file; what comes of it is given in the order of `jobs`, which are taken as needed."""
        if self._threads is None:
            yield from ((job, _read_here(job)) for job in jobs)
            return
        coming = iter(jobs)
        waiting: deque[tuple[Job, Future[Document | RefusedError]]] = deque()
        try:
            while True:
                room = self._count + _AHEAD - len(waiting) if _held(waiting) < _AHEAD_CHARS else 0
                for job in itertools.islice(coming, max(room, 0 if waiting else 1)):
                    waiting.append((job, self._threads.submit(self._read, job)))
                if not waiting:
                    return
                job, future = waiting.popleft()
                yield job, future.result()
        finally:
            for _, future in waiting:
                future.cancel()

    def _read(self, job: Job) -> Document | RefusedError:
        keeper = self._free.get()
        try:
            return keeper.read(job)
        finally:
            self._free.put(keeper)


def _held(waiting: "deque[tuple[Job, Future[Document | RefusedError]]]") -> int:
    done = [future.result() for _, future in waiting if future.done() and not future.cancelled()]
    return sum(len(result.text) for result in done if isinstance(result, Document))


def _read_here(job: Job) -> Document | RefusedError:
    try:
        return read_job(job)
    except RefusedError as exc:
        return exc
    except MemoryError:
        return RefusedError("it needs more memory than there is; split it")
