"""stdio as hosts use it: stray output, encodings, and the end of the process however it comes."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers.serving.processes import DEMO, Demo, demo, handshake, send

pytestmark = [pytest.mark.real, pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes")]


def reply(server: Demo) -> dict[str, Any]:
    assert server.process.stdout is not None
    message: dict[str, Any] = json.loads(server.process.stdout.readline())
    return message


def shake_hands(server: Demo, version: str = "2025-06-18") -> dict[str, Any]:
    send(server.process.stdin, "initialize", handshake(version), 1)
    answer = reply(server)
    send(server.process.stdin, "notifications/initialized", {})
    return answer


def call(server: Demo, tool: str, **arguments: str) -> None:
    send(server.process.stdin, "tools/call", {"name": tool, "arguments": arguments}, 2)


@pytest.mark.parametrize("version", ["2024-11-05", "2025-06-18"])
def test_stray_output_never_reaches_the_host(tmp_path: Path, version: str) -> None:
    with demo(tmp_path) as server:
        assert shake_hands(server, version)["result"]["protocolVersion"] == version
        call(server, "echo", text="你好")
        assert reply(server)["result"]["content"][0]["text"] == "你好"
        assert server.process.stdin is not None
        assert server.process.stdout is not None
        server.process.stdin.close()
        assert server.process.stdout.read() == b""
        said = server.end()
        assert server.process.returncode == 0
    for where in ("import", "command", "build", "tool", "atexit"):
        for way in ("print", "raw", "os", "printf", "child"):
            assert f"STRAY {way} {where}" in said


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "gbk:strict"},
    ],
)
def test_utf_8_is_spoken_whatever_the_locale(tmp_path: Path, env: dict[str, str]) -> None:
    with demo(tmp_path, env=env) as server:
        shake_hands(server)
        call(server, "echo", text="上海😀é")
        assert reply(server)["result"]["content"][0]["text"] == "上海😀é"


def test_help_goes_to_stdout(tmp_path: Path) -> None:
    with demo(tmp_path, "--help") as server:
        assert server.process.stdout is not None
        shown = server.process.stdout.read().decode()
        assert "--transport" in shown
        assert "STRAY print import" not in shown
        assert server.process.wait(30) == 0


def test_calls_are_logged_at_info_only_and_never_by_their_arguments(tmp_path: Path) -> None:
    said = {}
    for level in ("warning", "info"):
        with demo(tmp_path, "--log-level", level, "--log-format", "json") as server:
            shake_hands(server)
            call(server, "echo", text="geheim")
            reply(server)
            assert server.process.stdin is not None
            server.process.stdin.close()
            said[level] = [line for line in server.end().splitlines() if "STRAY" not in line]
    assert said["warning"] == []
    (line,) = said["info"]
    assert "geheim" not in line
    logged = json.loads(line)
    assert (logged["tool"], logged["client"], logged["transport"]) == ("echo", "test 1", "stdio")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_in_mid_call(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path) as server:
        shake_hands(server)
        call(server, "nap")
        server.wait_for("napping")
        server.process.send_signal(number)
        server.process.wait(10)


def test_end_of_file_ends_the_process_in_mid_call(tmp_path: Path) -> None:
    with demo(tmp_path) as server:
        shake_hands(server)
        call(server, "nap")
        server.wait_for("napping")
        assert server.process.stdin is not None
        server.process.stdin.close()
        server.process.wait(10)


def test_a_cancelled_call_stops_its_work(tmp_path: Path) -> None:
    with demo(tmp_path) as server:
        shake_hands(server)
        call(server, "count")
        server.wait_for("^counting")
        send(server.process.stdin, "notifications/cancelled", {"requestId": 2})
        server.wait_for("stopped counting")


# A host that starts one server, begins a call or not, says so, and waits to be killed.
HOST = """
import subprocess, sys
from tests.servers.serving.processes import Demo, handshake, send
script, busy, stdin, alive = sys.argv[1], sys.argv[2] == "busy", int(sys.argv[3]), int(sys.argv[4])
pipes = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
server = subprocess.Popen([sys.executable, script], pass_fds=[alive], **pipes)
if stdin == subprocess.PIPE:
    send(server.stdin, "initialize", handshake("2025-06-18"), 1)
    server.stdout.readline()
    send(server.stdin, "notifications/initialized", {})
if busy:
    send(server.stdin, "tools/call", {"name": "nap", "arguments": {}}, 2)
    Demo(server).wait_for("napping")
else:
    Demo(server).wait_for("STRAY child build")
print("ready", flush=True)
sys.stdin.read()
"""


class Hosts:
    """Hosts that die abruptly; a pipe that their servers hold open tells when the last of these has ended."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "demo.py"
        self.script.write_text(DEMO, encoding="utf-8")
        self.ended, self.alive = os.pipe()

    def start(self, *, busy: bool, stdin: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        root = Path(__file__).parents[2]
        kind = "busy" if busy else "idle"
        return subprocess.Popen(
            [sys.executable, "-c", HOST, str(self.script), kind, str(stdin), str(self.alive)],
            cwd=root,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[self.alive] if stdin < 0 else [self.alive, stdin],
        )

    def kill(self, *hosts: subprocess.Popen[bytes]) -> None:
        for host in hosts:
            assert host.stdout is not None
            assert host.stdout.readline() == b"ready\n"
        for host in hosts:
            host.kill()
            host.communicate()

    def have_no_server_left(self) -> bool:
        os.close(self.alive)
        ended, _, _ = select.select([self.ended], [], [], 10)
        os.close(self.ended)
        return bool(ended)


def test_twenty_abrupt_deaths_of_hosts_leave_no_process(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path)
    for _ in range(5):
        hosts.kill(*[hosts.start(busy=busy) for busy in (True, False, True, False)])
    assert hosts.have_no_server_left()


def test_a_server_whose_stdin_others_hold_open_notices_its_parents_death(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path)
    reading, writing = os.pipe()
    hosts.kill(hosts.start(busy=False, stdin=reading))
    assert hosts.have_no_server_left()
    os.close(reading)
    os.close(writing)
