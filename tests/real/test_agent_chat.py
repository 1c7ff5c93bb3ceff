"""`agent chat` as a user has it: a terminal of its own, a real stdio server, a scripted endpoint."""

import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.endpoint import HANG, scripted_endpoint

pytestmark = pytest.mark.real

AGENT = [sys.executable, "-c", "from tao.cli import main; main()"]
PROMPT = b"> "
SERVER = """
from mcp.server import MCPServer
from mcp.types import ToolAnnotations
server = MCPServer("notes", log_level="ERROR")
count = 0
@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def count_calls() -> str:
    "Counts its calls."
    global count
    count += 1
    return f"call number {count}"
@server.tool()
def wipe(path: str) -> str:
    "Wipes."
    return "WIPED"
server.run()
"""


def step(tool: str, **arguments: str) -> str:
    return json.dumps({"thought": "", "actions": [{"tool": tool, "arguments": arguments}]})


COUNT, WIPE = step("notes__count_calls"), step("notes__wipe", path="all")


def finish(answer: str) -> str:
    return step("finish", answer=answer)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    server = tmp_path / "notes.py"
    server.write_text(SERVER, encoding="utf-8")
    entry = {"type": "stdio", "command": sys.executable, "args": [str(server)]}
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"mcpServers": {"notes": entry}}), encoding="utf-8")
    return path


def _as_in_a_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # What runs the tests in the background may have told its children to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Terminal:
    """A process on a terminal: what it shows is awaited, what the user types is sent."""

    def __init__(self, process: "subprocess.Popen[bytes]", descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._unread = b""
        self.shown = b""

    def expect(self, words: bytes) -> bytes:
        """What is shown up to `words`."""
        deadline = time.monotonic() + 30
        while words not in self._unread:
            assert time.monotonic() < deadline, self.shown.decode(errors="replace")
            piece = self._read()
            assert piece, self.shown.decode(errors="replace")
            self._unread += piece
        before, _, self._unread = self._unread.partition(words)
        return before

    def type(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    def ask(self, question: str, answer: str) -> bytes:
        """Type a question at the prompt, and wait for the prompt that follows its answer."""
        self.type(f"{question}\n".encode())
        return self.expect(answer.encode()) + self.expect(b"\n" + PROMPT)

    def drain(self, seconds: float) -> None:
        """Take what is shown until nothing more comes for so long."""
        while self._read(seconds):
            pass

    def code(self) -> int:
        """Its exit code, once it has ended."""
        self.drain(30)
        return self.process.wait(20)

    def _read(self, seconds: float = 30) -> bytes:
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return b""
        try:
            piece = os.read(self._descriptor, 65536)
        except OSError:
            # What Linux says when the last process of the terminal has ended.
            return b""
        self.shown += piece
        return piece


@contextmanager
def chat(base_url: str, *arguments: str) -> Iterator[Terminal]:
    """`agent chat` on a terminal, at its first prompt."""
    ours, theirs = pty.openpty()
    environ = os.environ | {
        "TAO_MODEL_BASE_URL": base_url,
        "TAO_MODEL_NAME": "m",
        "TAO_MODEL_DIALECT": "schema",
        # Without it, readline brackets what is shown with marks of its own.
        "TERM": "dumb",
    }
    process = subprocess.Popen(
        [*AGENT, "chat", *arguments],
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_as_in_a_terminal,
    )
    os.close(theirs)
    terminal = Terminal(process, ours)
    try:
        terminal.expect(PROMPT)
        yield terminal
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def server_of(terminal: Terminal) -> list[int]:
    return [child.pid for child in psutil.Process(terminal.process.pid).children(recursive=True)]


def gone(pids: list[int]) -> bool:
    alive = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    return not psutil.wait_procs(alive, timeout=5)[1]


@pytest.mark.smoke
def test_two_turns_are_one_conversation_with_one_server(config: Path) -> None:
    replies = (COUNT, finish("第一次。"), COUNT, finish("第二次。"))
    with (
        scripted_endpoint(*replies) as endpoint,
        chat(endpoint.base_url, "--config", str(config)) as terminal,
    ):
        assert b"call number 1" in terminal.ask("数一下？", "第一次。")
        servers = server_of(terminal)
        assert b"call number 2" in terminal.ask("再数一下？", "第二次。")
        assert server_of(terminal) == servers != []
        terminal.type(b"/good\n")
        terminal.expect(b"rated good")
        # Typed before the prompt stands there, a Ctrl-D is the terminal's and not the line editor's.
        terminal.expect(PROMPT)
        terminal.type(b"\x04")
        assert terminal.code() == 0
    assert gone(servers)
    assert terminal.shown.count("回答: 第二次。".encode()) == 1
    asked = [message["content"] for message in endpoint.requests[2]["messages"]]
    assert any("数一下？" in text for text in asked[:-1])
    assert any("第一次。" in text for text in asked[:-1])


@pytest.mark.smoke
def test_ctrl_c_stops_an_answer_and_then_leaves(config: Path) -> None:
    half = finish("Never to be finished")[:-10]
    with (
        scripted_endpoint(half + HANG, COUNT, finish("Done.")) as endpoint,
        chat(endpoint.base_url, "--config", str(config)) as terminal,
    ):
        terminal.type(b"Who are you?\n")
        terminal.expect(b"Answer: Never to be")
        servers = server_of(terminal)
        terminal.type(b"\x03")
        terminal.expect(b"Stopped.")
        terminal.expect(PROMPT)
        assert endpoint.left.wait(5)
        assert b"call number 1" in terminal.ask("How many?", "Done.")
        assert server_of(terminal) == servers != []
        terminal.type(b"half a question\x03")
        assert terminal.code() == 130
    assert gone(servers)
    assert b"Interrupted." in terminal.shown
    assert b"Traceback" not in terminal.shown


def test_ctrl_c_during_a_call_stops_it(config: Path) -> None:
    text = SERVER.replace('return "WIPED"', "import time; time.sleep(60)").replace(
        "@server.tool()", "@server.tool(annotations=ToolAnnotations(read_only_hint=True))"
    )
    (config.parent / "notes.py").write_text(text, encoding="utf-8")
    with (
        scripted_endpoint(WIPE, finish("Awake.")) as endpoint,
        chat(endpoint.base_url, "--config", str(config)) as terminal,
    ):
        terminal.type(b"Wipe it.\n")
        terminal.expect(b"Action: notes__wipe")
        terminal.type(b"\x03")
        terminal.expect(b"Stopped.")
        terminal.expect(PROMPT)
        terminal.ask("Are you there?", "Awake.")
        terminal.type(b"/exit\n")
        assert terminal.code() == 0
    assert b"Traceback" not in terminal.shown


@pytest.mark.parametrize(
    ("typed", "shown"), [(b"y\n", b"WIPED"), (b"n\n", b"did not approve"), (b"\x04", b"did not approve")]
)
def test_approval_is_asked_for_in_between(config: Path, typed: bytes, shown: bytes) -> None:
    with (
        scripted_endpoint(WIPE, finish("Well."), finish("Again.")) as endpoint,
        chat(endpoint.base_url, "--config", str(config)) as terminal,
    ):
        terminal.type(b"Wipe it.\n")
        terminal.expect(b"[y/N] ")
        terminal.type(typed)
        terminal.expect(shown)
        terminal.expect(b"\n" + PROMPT)
        # The line is the prompt's again, and no reader that was left behind takes it.
        terminal.ask("And now?", "Again.")
        terminal.type(b"\x04")
        assert terminal.code() == 0


@pytest.mark.parametrize("asking", [True, False])
def test_a_terminate_signal_closes_everything(config: Path, asking: bool) -> None:
    with (
        scripted_endpoint(COUNT, finish("One."), "{" + HANG) as endpoint,
        chat(endpoint.base_url, "--config", str(config)) as terminal,
    ):
        terminal.ask("How many?", "One.")
        servers = server_of(terminal)
        if asking:
            terminal.type(b"And now?\n")
            while len(endpoint.requests) < 3:
                time.sleep(0.05)
        # Again while it lives: one that comes just as the line editor begins to wait is seen at the next.
        while terminal.process.poll() is None:
            terminal.process.send_signal(signal.SIGTERM)
            terminal.drain(1)
        assert terminal.code() == 130
        assert not asking or endpoint.left.wait(5)
    assert servers
    assert gone(servers)
    assert b"Traceback" not in terminal.shown


def test_lines_on_stdin_are_questions_and_the_last_one_gives_the_exit_code(config: Path) -> None:
    with scripted_endpoint(COUNT, finish("一。")) as endpoint:
        environ = os.environ | {
            "TAO_MODEL_BASE_URL": endpoint.base_url,
            "TAO_MODEL_NAME": "m",
            "TAO_MODEL_DIALECT": "schema",
        }
        command = [*AGENT, "chat", "--json", "--config", str(config)]
        stdin = f"数一下？\n{'x' * 30_000}\n".encode()
        done = subprocess.run(command, env=environ, input=stdin, capture_output=True, timeout=60)
    (line,) = done.stdout.decode().splitlines()
    assert json.loads(line)["text"] == "一。"
    assert done.returncode == 2
    assert "call number 1" in done.stderr.decode()
    assert "30000" in done.stderr.decode()
