"""Streamable HTTP and SSE as hosts use them: both eras, who is let in, and the end in mid-call."""

import json
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.servers.serving.processes import Demo, demo, handshake

pytestmark = [pytest.mark.real, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")]

HTTP = ("--transport", "http", "--port", "0")
SSE = ("--transport", "sse", "--port", "0")
TOKEN = {"DEMO_TOKEN": "口令".encode().hex()}
BEARER = {"Authorization": f"Bearer {TOKEN['DEMO_TOKEN']}"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


def post(url: str, body: object, **headers: str) -> httpx.Response:
    # `trust_env` off: a proxy in the environment is not for loopback.
    return httpx.post(url, json=body, headers=ACCEPT | headers, trust_env=False, timeout=30)


def rpc(method: str, params: dict[str, Any], number: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def data(reply: httpx.Response) -> dict[str, Any]:
    """The one message of an event stream."""
    (line,) = [line for line in reply.text.splitlines() if line.startswith("data: ")]
    message: dict[str, Any] = json.loads(line.removeprefix("data: "))
    return message


async def echo(client: Client) -> str:
    reply = await client.call_tool("echo", {"text": "你好"})
    assert not reply.is_error
    return str(reply.structured_content)


@pytest.mark.parametrize("version", ["2024-11-05", "2025-06-18"])
def test_the_handshake_era_needs_no_session(tmp_path: Path, version: str) -> None:
    call = rpc("tools/call", {"name": "echo", "arguments": {"text": "你好"}})
    headers = {} if version == "2024-11-05" else {"MCP-Protocol-Version": version}
    with demo(tmp_path, *HTTP) as server:
        url = server.url()
        shaken = post(url, rpc("initialize", handshake(version)))
        assert data(shaken)["result"]["protocolVersion"] == version
        assert "mcp-session-id" not in shaken.headers
        initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert post(url, initialized, **headers).status_code == 202
        assert data(post(url, call, **headers))["result"]["content"][0]["text"] == "你好"
    with demo(tmp_path, *HTTP) as replica:
        # Another process, which saw no handshake, answers as well.
        assert data(post(replica.url(), call, **headers))["result"]["content"][0]["text"] == "你好"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_both_eras_are_answered_at_one_address(tmp_path: Path, mode: str) -> None:
    with demo(tmp_path, *HTTP, "--log-level", "info") as server:
        url = await anyio.to_thread.run_sync(server.url)
        with anyio.fail_after(30):
            async with Client(url, mode=mode) as client:
                assert [tool.name for tool in (await client.list_tools()).tools] == ["echo", "nap", "count"]
                assert "你好" in await echo(client)
        line = await anyio.to_thread.run_sync(server.wait_for, "INFO call.*")
        assert "transport=http" in line[0]
        assert "remote=127.0.0.1" in line[0]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_sse_is_answered(tmp_path: Path, mode: str) -> None:
    with demo(tmp_path, *SSE, "--token-env", "DEMO_TOKEN", "--log-level", "info", env=TOKEN) as server:
        url = await anyio.to_thread.run_sync(server.url)
        with anyio.fail_after(30):
            async with Client(sse_client(url, headers=BEARER), mode=mode) as client:
                assert "你好" in await echo(client)
        line = await anyio.to_thread.run_sync(server.wait_for, "INFO call.*")
        assert "transport=sse" in line[0]
        assert "token=DEMO_TOKEN" in line[0]


async def test_the_token_opens_and_is_never_logged(tmp_path: Path) -> None:
    options = (*HTTP, "--token-env", "DEMO_TOKEN", "--log-level", "debug")
    with demo(tmp_path, *options, env=TOKEN) as server:
        url = await anyio.to_thread.run_sync(server.url)
        listed = rpc("tools/list", {})

        def refused() -> None:
            assert post(url, listed).status_code == 401
            assert post(url, listed, Authorization="Bearer wrong").status_code == 401
            assert post(url, listed, **BEARER).status_code == 200

        await anyio.to_thread.run_sync(refused)
        with anyio.fail_after(30):
            async with (
                httpx2.AsyncClient(headers=BEARER, trust_env=False) as http,
                Client(streamable_http_client(url, http_client=http)) as client,
            ):
                assert "你好" in await echo(client)
        server.process.send_signal(signal.SIGTERM)
        said = await anyio.to_thread.run_sync(server.end)
    assert said.count("refused transport=http status=401 remote=127.0.0.1") == 2
    assert "token=DEMO_TOKEN" in said
    assert TOKEN["DEMO_TOKEN"] not in said
    assert "wrong" not in said


def test_who_is_no_friend_is_refused(tmp_path: Path) -> None:
    listed = rpc("tools/list", {})
    with demo(tmp_path, *HTTP, "--allowed-host", "tao.example.com") as server:
        url = server.url()
        assert post(url, listed, Origin="https://evil.example").status_code == 403
        assert post(url, listed, Host="evil.example").status_code == 421
        assert post(url, listed, Host="tao.example.com").status_code == 200
        assert post(url, rpc("tools/list", {"x": "长" * 2_000_000})).status_code == 413
        assert httpx.get(url.removesuffix("mcp"), trust_env=False).status_code == 404
        assert httpx.get(url, trust_env=False).status_code == 405
        for body in (b"", b"\xff\xfe", b"{", b"[]", b"null", b"[" * 100_000):
            headers = ACCEPT | {"Content-Type": "application/json"}
            reply = httpx.post(url, content=body, headers=headers, trust_env=False)
            assert reply.status_code == 400
        assert post(url, listed).status_code == 200


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with demo(tmp_path, "--transport", "http", "--port", port) as server:
            said = server.end()
    assert f"127.0.0.1 port {port}" in said
    assert "--port" in said
    assert "Traceback" not in said
    assert server.process.returncode == 1


def test_the_network_is_refused_without_a_token(tmp_path: Path) -> None:
    with demo(tmp_path, *HTTP, "--host", "0.0.0.0") as server:
        said = server.end()
    assert server.process.returncode == 2
    assert "--token-env TAO_TOKEN" in said


def test_a_log_file_takes_the_calls_and_stderr_still_tells_the_port(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    with demo(tmp_path, *HTTP, "--log-file", str(path), "--log-format", "json") as server:
        url = json.loads(server.wait_for(".*listening.*")[0])["url"]
        post(url, rpc("tools/call", {"name": "echo", "arguments": {"text": "geheim"}}))
        server.process.send_signal(signal.SIGTERM)
        assert '"call"' not in server.end()
    logged = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["message"] for line in logged] == ["listening", "call"]
    assert "geheim" not in path.read_text(encoding="utf-8")


async def _open_calls(url: str, server: Demo, tool: str, began: str) -> None:
    """Leave one call of each era open, end the server, and see both calls fail."""

    async def call(mode: str) -> None:
        opened = sse_client(url) if url.endswith("/sse") else url
        with pytest.raises(BaseException) as failed:  # noqa: PT011
            async with Client(opened, mode=mode) as client:
                await client.call_tool(tool, {})
        assert not isinstance(failed.value, KeyboardInterrupt)

    with anyio.fail_after(50):
        async with anyio.create_task_group() as tasks:
            for mode in ("legacy", "auto"):
                tasks.start_soon(call, mode)
                await anyio.to_thread.run_sync(server.wait_for, began)
            server.process.send_signal(signal.SIGTERM)
            await anyio.to_thread.run_sync(server.process.wait, 10)
            tasks.cancel_scope.cancel()


@pytest.mark.parametrize("options", [HTTP, SSE])
@pytest.mark.parametrize(("tool", "began"), [("nap", "napping"), ("count", "^counting")])
async def test_sigterm_ends_the_server_with_calls_of_both_eras_open(
    tmp_path: Path, options: tuple[str, ...], tool: str, began: str
) -> None:
    with demo(tmp_path, *options) as server:
        url = await anyio.to_thread.run_sync(server.url)
        await _open_calls(url, server, tool, began)
        said = await anyio.to_thread.run_sync(server.end)
    assert "Traceback" not in said


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_caller_who_goes_away_stops_the_work(tmp_path: Path, mode: str) -> None:
    with demo(tmp_path, *HTTP) as server:
        url = await anyio.to_thread.run_sync(server.url)
        with anyio.fail_after(30):
            async with Client(url, mode=mode) as client, anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "count", {})
                await anyio.to_thread.run_sync(server.wait_for, "^counting")
                tasks.cancel_scope.cancel()
            await anyio.to_thread.run_sync(server.wait_for, "stopped counting")
