import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import anyio
import pytest

from tao.errors import ConfigError, ModelError
from tao.models.local.catalog import Entry
from tao.models.local.fetch import pull
from tao.models.local.process import LocalModel
from tao.models.local.running import running, stop
from tao.models.local.serve import serve
from tao.models.local.state import State, processes_dir, read_state, write_state


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def model_url() -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


class FakeEngine:
    """Is loaded when it is told to be."""

    def __init__(self, url: str, *, loaded: bool = True) -> None:
        self.may_load = threading.Event()
        self._url = url
        if loaded:
            self.may_load.set()

    def start(self) -> str:
        self.may_load.wait(5)
        return self._url


@asynccontextmanager
async def process_of(name: str, engine: FakeEngine) -> AsyncGenerator[anyio.Event]:
    """A model process of that name, within this one."""
    processes_dir().mkdir(parents=True)
    path, ended = processes_dir() / f"{name}.json", anyio.Event()

    async def run() -> None:
        await serve(name, path, lambda key: engine)
        ended.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            while read_state(path) is None:
                await anyio.lowlevel.checkpoint()
            try:
                yield ended
            finally:
                engine.may_load.set()
                tasks.cancel_scope.cancel()


async def test_two_runs_share_one_process(tiny: Entry, model_url: str) -> None:
    async with process_of("tiny", FakeEngine(model_url)) as ended:
        async with LocalModel(tiny, idle_seconds=0) as one:
            async with LocalModel(tiny, idle_seconds=0) as two:
                assert one.pid == two.pid
                assert one.base_url == two.base_url == model_url
                assert one.api_key == two.api_key != ""
            assert not ended.is_set()
        await ended.wait()


async def test_a_model_stays_for_its_idle_time_and_can_be_stopped(tiny: Entry, model_url: str) -> None:
    async with process_of("local", FakeEngine(model_url)) as ended:
        async with LocalModel("local", idle_seconds=600):
            (process,) = await running()
            assert (process.name, process.leases, process.idle_left) == ("local", 1, None)
        while (await running())[0].leases:
            await anyio.lowlevel.checkpoint()
        (process,) = await running()
        assert process.loaded
        assert process.idle_left is not None
        assert await stop("local-small") == []
        assert await stop() == ["local"]
        await ended.wait()
    assert await running() == []


async def test_being_cancelled_while_it_loads_leaves_nothing_behind(tiny: Entry, model_url: str) -> None:
    engine = FakeEngine(model_url, loaded=False)

    async def use() -> None:
        async with LocalModel(tiny, idle_seconds=600):
            pytest.fail("it was not loaded")

    async with process_of("tiny", engine) as ended:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(use)
            while not (await running())[0].leases:
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        await ended.wait()


async def test_missing_weights_name_the_command_that_gets_them() -> None:
    with pytest.raises(ModelError, match="agent model pull local-small"):
        async with LocalModel("local-small"):
            pytest.fail("there are no weights")


async def test_an_unknown_model_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="local and local-small"):
        LocalModel("gpt-4")
    with pytest.raises(ConfigError, match="local and local-small"):
        await stop("gpt-4")


async def test_too_little_memory_is_told_before_anything_starts(
    tiny: Entry, weights: bytes, folder: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(weights)
    await pull(tiny, folder, path=own)
    with pytest.raises(ModelError, match=r"needs .* of memory, and .* are free.*TAO_MODEL_BASE_URL"):
        async with LocalModel(tiny, folder=folder, available_memory=lambda: 0):
            pytest.fail("there is no memory")


async def test_a_state_whose_process_is_gone_is_not_believed(tiny: Entry) -> None:
    processes_dir().mkdir(parents=True)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    await listener.aclose()
    write_state(processes_dir() / "tiny.json", State("tiny", 1, port, "key", 0.0, "http://127.0.0.1:9/v1"))
    assert await running() == []
    assert await stop() == []
    with pytest.raises(ModelError, match="is not on this machine"):
        async with LocalModel(tiny):
            pytest.fail("there is no process")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"[]\n", b"\xff\n", b"{}\n"])
async def test_another_service_on_the_port_is_not_taken_for_the_model(tiny: Entry, answer: bytes) -> None:
    processes_dir().mkdir(parents=True)

    async def reply(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(answer)

    with anyio.fail_after(5):
        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            port = listener.extra(anyio.abc.SocketAttribute.local_port)
            state = State("tiny", 1, port, "key", 0.0, "http://127.0.0.1:9/v1")
            write_state(processes_dir() / "tiny.json", state)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(listener.serve, reply)
                assert await running() == []
                with pytest.raises(ModelError, match="is not on this machine"):
                    async with LocalModel(tiny):
                        pytest.fail("that is no model")
                tasks.cancel_scope.cancel()
