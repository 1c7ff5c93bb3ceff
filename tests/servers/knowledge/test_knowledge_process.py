"""The server and its command line as processes of their own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

pytestmark = pytest.mark.real

MODULE = ("-m", "tao_servers.knowledge")


def environment() -> dict[str, str]:
    """What the tests' own folders need: a host passes on less than that."""
    return {name: value for name, value in os.environ.items() if name in ("HOME", "PATH") or "XDG" in name}


def ingest(*arguments: str | Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, *MODULE, "ingest", "--json", *map(str, arguments)],
        env=environment(),
        capture_output=True,
        timeout=120,
        check=True,
    )
    summary: dict[str, object] = json.loads(done.stdout)
    return summary


async def ask(client: Client, query: str) -> tuple[bool, str]:
    reply = await client.call_tool("search_knowledge", {"query": query})
    (content,) = reply.content
    assert isinstance(content, TextContent)
    return bool(reply.is_error), content.text


async def test_a_running_server_finds_what_another_process_ingests(repository: Path, tmp_path: Path) -> None:
    server = StdioServerParameters(command=sys.executable, args=list(MODULE), env=environment())
    notes = tmp_path / "notes.txt"
    notes.write_text("会议室的密码是 4711\n", encoding="utf-8")
    with anyio.fail_after(180):
        async with Client(server) as client:
            failed, text = await ask(client, "皮鞋多少钱")
            assert failed
            assert "tao-knowledge ingest PATH..." in text
            await anyio.to_thread.run_sync(ingest, repository / "examples" / "价格表.txt")
            failed, text = await ask(client, "How much is a child safety seat?")
            assert not failed
            assert "儿童安全座椅：699元 (价格表.txt:" in text
            await anyio.to_thread.run_sync(ingest, notes)
            assert "4711" in (await ask(client, "会议室密码"))[1]


async def test_a_server_over_another_store_names_it_in_its_command(tmp_path: Path) -> None:
    store = tmp_path / "my store"
    server = StdioServerParameters(
        command=sys.executable, args=[*MODULE, "--store", str(store)], env=environment()
    )
    with anyio.fail_after(60):
        async with Client(server) as client:
            _, text = await ask(client, "皮鞋")
    assert f"tao-knowledge ingest --store '{store}' PATH..." in text


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_ingest_that_is_stopped_midway_is_finished_by_the_next(
    tmp_path: Path, number: signal.Signals
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for name in range(12):
        lines = [f"商品 {name}-{line}: {line}元" for line in range(300)]
        (documents / f"{name:02}.txt").write_text("\n".join(lines), encoding="utf-8")
    store = tmp_path / "store"
    command = [sys.executable, *MODULE, "ingest", "--store", str(store), str(documents)]
    # As in a terminal: what runs the tests in the background may have told its children to ignore SIGINT.
    process = subprocess.Popen(
        command,
        env=environment(),
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    # The file that each finished document changes: the ingest is under way, and far from its end.
    while not (store / "revision").exists():
        assert process.poll() is None
    process.send_signal(number)
    process.wait(30)
    listed = subprocess.run(
        [sys.executable, *MODULE, "sources", "--json", "--store", str(store)],
        env=environment(),
        capture_output=True,
        check=True,
    )
    assert {source["passages"] for source in json.loads(listed.stdout)} == {300}
    summary = ingest("--store", store, documents)
    assert len(summary["read"]) + len(summary["unchanged"]) == 12  # type: ignore[arg-type]
    assert summary["read"]
    assert summary["unchanged"]
