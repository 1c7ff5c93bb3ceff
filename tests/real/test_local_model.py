"""The embedded model with its real weights, in real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import httpx
import psutil
import pytest

from tao.errors import ModelError
from tao.models.local.catalog import find_entry
from tao.models.local.process import LocalModel
from tao.models.local.running import running, stop
from tao.models.local.state import processes_dir

pytestmark = pytest.mark.real

HOLD = """
import sys, anyio
from pathlib import Path
from tao.models.local.process import LocalModel

async def main():
    async with LocalModel("local-small", idle_seconds=0, folder=Path(sys.argv[1])) as model:
        sys.stdout.write(f"{model.pid}\\n")
        sys.stdout.flush()
        await anyio.sleep_forever()

anyio.run(main)
"""


async def wait_for_end(pid: int) -> None:
    def wait() -> None:
        try:
            psutil.Process(pid).wait(20)
        except psutil.NoSuchProcess:
            return

    await anyio.to_thread.run_sync(wait)


@pytest.mark.smoke
async def test_a_model_answers_is_shared_and_ends_with_its_last_lease(folder: Path) -> None:
    with anyio.fail_after(200):
        async with LocalModel("local-small", idle_seconds=0, folder=folder) as model:
            async with LocalModel("local-small", idle_seconds=0, folder=folder) as other:
                assert other.pid == model.pid
            request = {
                "model": "local-small",
                "messages": [{"role": "user", "content": "What is the capital of France? One word."}],
                "max_tokens": 8,
                "temperature": 0,
            }
            async with httpx.AsyncClient(base_url=model.base_url, timeout=100) as client:
                refused = await client.post("/chat/completions", json=request)
                headers = {"Authorization": f"Bearer {model.api_key}"}
                reply = await client.post("/chat/completions", json=request, headers=headers)
            assert refused.status_code == 401
            assert "Paris" in reply.json()["choices"][0]["message"]["content"]
            assert [process.pid for process in await running()] == [model.pid]
        await wait_for_end(model.pid)
    assert await running() == []


async def test_it_ends_when_its_only_user_is_killed(folder: Path) -> None:
    with anyio.fail_after(200):
        process = await anyio.open_process([sys.executable, "-c", HOLD, str(folder)], stderr=None)
        async with process:
            assert process.stdout is not None
            pid = int(await process.stdout.receive())
            assert psutil.pid_exists(pid)
            process.kill()
            await wait_for_end(pid)
    assert await running() == []


async def test_stop_ends_it_within_its_idle_time(folder: Path) -> None:
    with anyio.fail_after(200):
        async with LocalModel("local-small", idle_seconds=600, folder=folder) as model:
            pass
        assert psutil.pid_exists(model.pid)
        assert await stop("local-small") == ["local-small"]
        await wait_for_end(model.pid)


async def test_a_process_that_was_killed_is_replaced(folder: Path) -> None:
    with anyio.fail_after(200):
        async with LocalModel("local-small", idle_seconds=600, folder=folder) as model:
            os.kill(model.pid, signal.SIGKILL)
            await wait_for_end(model.pid)
        async with LocalModel("local-small", idle_seconds=0, folder=folder) as successor:
            assert successor.pid != model.pid
        await wait_for_end(successor.pid)


async def test_being_cancelled_while_it_loads_ends_the_process(folder: Path) -> None:
    with anyio.fail_after(200):
        async with anyio.create_task_group() as tasks:

            async def use() -> None:
                async with LocalModel("local-small", idle_seconds=600, folder=folder):
                    pytest.fail("it loads longer than that")

            tasks.start_soon(use)
            path = processes_dir() / "local-small.json"
            while not await anyio.Path(path).exists():
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        await no_child_left()


async def no_child_left() -> None:
    children = psutil.Process().children()
    await anyio.to_thread.run_sync(psutil.wait_procs, children, 20)
    assert [child for child in children if child.is_running()] == []


def failing(name: str, weights: Path, state_file: Path) -> Sequence[str]:
    del name, weights, state_file
    return [sys.executable, "-c", "raise SystemExit('the engine is out of order')"]


def silent(name: str, weights: Path, state_file: Path) -> Sequence[str]:
    del name, weights, state_file
    return [sys.executable, "-c", "import time; time.sleep(600)"]


def killed(name: str, weights: Path, state_file: Path) -> Sequence[str]:
    del name, weights, state_file
    return [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]


@pytest.mark.parametrize(
    ("command", "seconds", "message"),
    [
        (failing, 60, "(?s)exit code 1.*the engine is out of order"),
        (killed, 60, r"by SIGKILL \(out of memory\?\)"),
        (silent, 1, "was not ready within 1 s"),
    ],
)
async def test_a_process_that_does_not_get_ready_is_told_with_its_log(
    folder: Path, command: Callable[[str, Path, Path], Sequence[str]], seconds: float, message: str
) -> None:
    model = LocalModel("local-small", folder=folder, command=command, start_timeout=seconds)
    with anyio.fail_after(90), pytest.raises(ModelError, match=message):
        async with model:
            pytest.fail("it cannot work")
    await no_child_left()


async def test_broken_weights_are_told_in_the_engines_own_words(folder: Path, tmp_path: Path) -> None:
    entry = find_entry("local-small")
    broken = tmp_path / entry.file
    with (folder / entry.file).open("rb") as source, broken.open("wb") as target:
        target.write(source.read(1 << 20))
        target.truncate(entry.size)
    broken.with_name(f"{entry.file}.json").write_bytes((folder / f"{entry.file}.json").read_bytes())
    with anyio.fail_after(200), pytest.raises(ModelError, match=r"could not serve it.*\n"):
        async with LocalModel("local-small", folder=tmp_path):
            pytest.fail("the file is nearly empty")
    await no_child_left()


def test_importing_the_parts_that_others_use_loads_no_engine() -> None:
    code = (
        "import sys, tao.models.local.process, tao.models.local.fetch, tao.cli.model;"
        "assert not {'xllamacpp', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
