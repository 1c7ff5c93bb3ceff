import json
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from tao.models.local.client import NoAnswerError, OpenLease, ask
from tao.models.local.control import Leases
from tao.models.local.serve import serve
from tao.models.local.state import State, read_state


class FakeEngine:
    """Loads when it is told to."""

    def __init__(self, *, loaded: bool = True, error: Exception | None = None) -> None:
        self.may_load = threading.Event()
        self._error = error
        if loaded:
            self.may_load.set()

    def start(self) -> str:
        self.may_load.wait(5)
        if self._error is not None:
            raise self._error
        return "http://127.0.0.1:9/v1"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def serving(state_file: Path, engine: FakeEngine) -> AsyncGenerator[tuple[State, anyio.Event]]:
    ended = anyio.Event()

    async def run() -> None:
        await serve("tiny", state_file, lambda key: engine)
        ended.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            while (state := read_state(state_file)) is None:
                await anyio.lowlevel.checkpoint()
            try:
                yield state, ended
            finally:
                engine.may_load.set()
                tasks.cancel_scope.cancel()


@pytest.fixture
def state_file(tmp_path: Path) -> Path:
    return tmp_path / "tiny.json"


def test_nobody_who_comes_means_the_end_after_a_minute() -> None:
    clock = Clock()
    leases = Leases(clock=clock)
    assert leases.seconds_left == 60
    clock.now += 60
    assert leases.seconds_left == 0


def test_the_latest_end_that_was_asked_for_holds() -> None:
    clock = Clock()
    leases = Leases(clock=clock)
    with leases.hold() as long, leases.hold() as short:
        long.idle_seconds, short.idle_seconds = 600, 5
        assert leases.seconds_left is None
    assert leases.seconds_left == 600
    clock.now += 100
    with leases.hold() as short:
        short.idle_seconds = 5
    assert leases.seconds_left == 500


def test_no_idle_time_means_the_end_with_the_last_lease() -> None:
    leases = Leases(clock=Clock())
    with leases.hold():
        with leases.hold():
            pass
        assert leases.seconds_left is None
    assert leases.seconds_left == 0


async def test_a_lease_is_answered_with_the_models_address(state_file: Path) -> None:
    async with serving(state_file, FakeEngine()) as (state, ended):
        lease = await OpenLease.take(state, idle_seconds=0)
        assert lease.base_url == "http://127.0.0.1:9/v1"
        written = read_state(state_file)
        assert written is not None
        assert written.base_url == lease.base_url
        await lease.aclose()
        await ended.wait()
    assert read_state(state_file) is None


async def test_a_confirmed_lease_leaves_its_idle_time(state_file: Path) -> None:
    async with serving(state_file, FakeEngine()) as (state, ended):
        lease = await OpenLease.take(state, idle_seconds=600)
        await lease.confirm()
        await lease.aclose()
        while (status := await ask(state, "status", seconds=5))["leases"]:
            await anyio.lowlevel.checkpoint()
        assert 0 < status["idle_left"] <= 600
        assert not ended.is_set()


async def test_a_starter_that_dies_while_it_loads_ends_the_process(state_file: Path) -> None:
    engine = FakeEngine(loaded=False)
    async with serving(state_file, engine) as (state, ended):
        stream = await anyio.connect_tcp("127.0.0.1", state.port)
        line = json.dumps({"key": state.key, "op": "lease", "idle_seconds": 600})
        await stream.send(line.encode() + b"\n")
        while not (await ask(state, "status", seconds=5))["leases"]:
            await anyio.lowlevel.checkpoint()
        await stream.aclose()
        await ended.wait()


async def test_stop_ends_it_whoever_uses_it(state_file: Path) -> None:
    async with serving(state_file, FakeEngine()) as (state, ended):
        lease = await OpenLease.take(state, idle_seconds=600)
        await lease.confirm()
        await ask(state, "stop", seconds=5)
        await ended.wait()
        await lease.aclose()


async def test_weights_that_cannot_be_loaded_are_told_to_whoever_waits(state_file: Path) -> None:
    engine = FakeEngine(error=RuntimeError("no such tensor"))
    async with serving(state_file, engine) as (state, ended):
        with pytest.raises(NoAnswerError, match="no such tensor"):
            await OpenLease.take(state, idle_seconds=600)
        await ended.wait()


@pytest.mark.parametrize("op", ["lease", "stop", "status"])
async def test_a_wrong_key_opens_nothing(state_file: Path, op: str) -> None:
    async with serving(state_file, FakeEngine()) as (state, ended):
        stream = await anyio.connect_tcp("127.0.0.1", state.port)
        await stream.send(json.dumps({"key": "guess", "op": op}).encode() + b"\n")
        assert b"error" in await stream.receive()
        await stream.aclose()
        assert (await ask(state, "status", seconds=5))["leases"] == 0
        assert not ended.is_set()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[]\n",
        b"\xff\xfe\n",
        b"{}\n",
        b'{"key": null}\n',
        b"GET / HTTP/1.1\r\n\r\n",
        b"x" * 10_000,
        b"[" * 4000 + b"\n",
    ],
)
async def test_nonsense_does_not_disturb_it(state_file: Path, line: bytes) -> None:
    async with serving(state_file, FakeEngine()) as (state, ended):
        stream = await anyio.connect_tcp("127.0.0.1", state.port)
        await stream.send(line)
        await stream.send_eof()
        await stream.aclose()
        assert (await ask(state, "status", seconds=5))["name"] == "tiny"
        assert not ended.is_set()


@pytest.mark.parametrize("idle", ["600", -1, True, None, [], "nan"])
async def test_an_idle_time_that_is_none_counts_as_zero(state_file: Path, idle: object) -> None:
    async with serving(state_file, FakeEngine()) as (state, ended):
        stream = await anyio.connect_tcp("127.0.0.1", state.port)
        request = {"key": state.key, "op": "lease", "idle_seconds": idle}
        await stream.send(json.dumps(request).encode() + b"\n")
        await stream.receive()
        await stream.send(b"\n")
        await stream.aclose()
        await ended.wait()
