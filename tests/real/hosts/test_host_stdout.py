"""No host loses a server that writes to stdout."""

import sys
from pathlib import Path

import pytest

from tests.real.hosts.noisy_server import NOISES
from tests.support.hosts import Host, server_entry
from tests.support.hosts_endpoint import DONE, Call, scripted_host_endpoint
from tests.support.hosts_processes import Family

pytestmark = pytest.mark.real

_SERVER = Path(__file__).with_name("noisy_server.py")


def check(host: Host, processes: Family) -> None:
    calls = [Call("make_noise", {"kind": kind}) for kind in NOISES]
    entry = server_entry(processes, [sys.executable, _SERVER])
    with scripted_host_endpoint(*calls) as endpoint:
        done = host.ask(processes, {"noisy": entry}, endpoint)
    assert done.code == 0, done.err
    for kind, result in zip(NOISES, endpoint.results(), strict=True):
        assert f"after the noise of {kind}" in result
    assert DONE in done.out


def test_codex_keeps_it(codex: Host, processes: Family) -> None:
    check(codex, processes)


def test_cline_keeps_it(cline: Host, processes: Family) -> None:
    check(cline, processes)
