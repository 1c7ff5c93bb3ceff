"""A host that is killed in the middle of a call leaves no server behind."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.hosts_processes import Family

pytestmark = pytest.mark.real

_HERE = Path(__file__).parent
_HOST = [sys.executable, str(_HERE / "small_host.py")]
_SERVER = [sys.executable, str(_HERE / "noisy_server.py")]
_DEATHS = 50
_AT_ONCE = 5
_SECONDS = 60


def wait_for(markers: list[Path]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not all(marker.exists() for marker in markers):
        assert time.monotonic() < deadline, "a call did not begin"
        time.sleep(0.05)


def test_fifty_deaths_leave_no_process(processes: Family) -> None:
    servers = 0
    for batch in range(_DEATHS // _AT_ONCE):
        markers = [processes.folder / f"{batch}-{number}" for number in range(_AT_ONCE)]
        hosts = [processes.start([*_HOST, str(marker), *_SERVER]) for marker in markers]
        wait_for(markers)
        alive = processes.members()
        servers += len(alive) - len(hosts)
        for host in hosts:
            host.kill()
            host.wait(5)
        _, left = psutil.wait_procs(alive, timeout=5)
        assert not left
    assert servers == _DEATHS
    assert processes.members() == []
