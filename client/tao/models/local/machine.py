"""What this machine has: memory and cores. What cannot be read is unknown, and then not judged."""

import os
import shutil
import sys
from pathlib import Path

__all__ = ["available_memory", "free_bytes", "megabytes", "physical_cores", "resident_memory"]

_KIB = 1024


def available_memory() -> int | None:
    """Bytes that a new process can have without swapping; None where the system does not say."""
    return _kibibytes(Path("/proc/meminfo"), "MemAvailable")


def resident_memory() -> int | None:
    """Bytes that this process holds; None where the system does not say."""
    return _kibibytes(Path("/proc/self/status"), "VmRSS")


def free_bytes(folder: Path) -> int:
    """Bytes left on the disk of `folder`."""
    return shutil.disk_usage(folder).free


def megabytes(count: float) -> str:
    """`count` bytes, for people."""
    return f"{count / 1e6:,.0f} MB"


def physical_cores() -> int:
    """Cores that this process may use, each counted once however many threads it runs at a time."""
    if sys.platform != "linux":
        return os.cpu_count() or 1
    allowed = os.sched_getaffinity(0)
    siblings = {_siblings(cpu) for cpu in allowed}
    return max(1, min(len(siblings), _quota() or len(siblings)))


def _siblings(cpu: int) -> str:
    path = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    return _read(path).strip() or str(cpu)


def _quota() -> int | None:
    # A container with two of 64 cores would be throttled to a crawl by 64 busy threads.
    match _read(Path("/sys/fs/cgroup/cpu.max")).split():
        case [quota, period] if quota.isdigit() and period.isdigit():
            return max(1, int(quota) // int(period))
    return None


def _kibibytes(path: Path, field: str) -> int | None:
    for line in _read(path).splitlines():
        key, _, value = line.partition(":")
        if key == field:
            return int(value.split()[0]) * _KIB
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
