"""The process in which files are read, one at a time; its arguments are its bounds, in MB and seconds."""

import hashlib
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.jobs import Job, receive, send
from tao_servers.knowledge.loading.limits import read_bytes
from tao_servers.knowledge.loading.reading import read

__all__ = ["NEEDS_MORE_MEMORY", "READY", "main", "read_job"]

READY = "ready"
NEEDS_MORE_MEMORY = "memory"


def main() -> None:
    """Read jobs from stdin and answer each on stdout, until stdin ends."""
    jobs_pipe, answers_pipe = _private_pipes()
    memory_mb, seconds = map(int, sys.argv[1:])
    _limit_memory(memory_mb)
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    send(READY, answers_pipe)
    threading.Thread(target=_receive_all, args=(jobs_pipe, jobs), daemon=True).start()
    while True:
        job = jobs.get()
        _limit_time(seconds)
        send(_answer(job), answers_pipe)
        _limit_time(0)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take the pipes for this module alone: what libraries print goes nowhere."""
    jobs_pipe, answers_pipe = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    return jobs_pipe, answers_pipe


def _receive_all(pipe: BinaryIO, jobs: "queue.SimpleQueue[Job]") -> None:
    try:
        while True:
            jobs.put(receive(pipe))
    except (EOFError, OSError):
        # The parent is gone, maybe killed: nobody waits for the file at hand.
        os._exit(0)


def _limit_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:
        # Windows: what bounds the memory there are the limits of sizes, and of time.
        return
    # Unlike the address space, which libraries in C++ and Rust reserve by the gigabyte, this is what is
    # really asked for. An allocation beyond it fails, which Python turns into a MemoryError.
    size = megabytes * 1_000_000
    _, highest = resource.getrlimit(resource.RLIMIT_DATA)
    if highest == resource.RLIM_INFINITY or size < highest:
        resource.setrlimit(resource.RLIMIT_DATA, (size, highest))


def _limit_time(seconds: int) -> None:
    # The parent is the one to end this process. If that was killed while a library hangs here and lets no
    # other thread run, the system does it; 0 calls it off.
    if sys.platform != "win32":
        signal.alarm(seconds)


def _answer(job: Job) -> Document | RefusedError | str:
    try:
        return read_job(job)
    except RefusedError as exc:
        return RefusedError(str(exc))
    except MemoryError:
        return NEEDS_MORE_MEMORY


def read_job(job: Job) -> Document:
    """Read the file of a job.

    Raises:
        RefusedError: it cannot be taken in, or has changed.
    """
    data = read_bytes(job.data, job.options) if isinstance(job.data, Path) else job.data
    if job.digest is not None and hashlib.sha256(data).hexdigest() != job.digest:
        raise RefusedError("it changed while it was read; ingest it again")
    return read(data, name=job.name, options=job.options)


if __name__ == "__main__":
    main()
