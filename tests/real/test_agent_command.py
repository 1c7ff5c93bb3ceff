"""The `agent` command as a user runs it: a real process, real stdio servers, a scripted endpoint."""

import fcntl
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.endpoint import HANG, scripted_endpoint

pytestmark = pytest.mark.real

AGENT = [sys.executable, "-c", "from tao.cli import main; main()"]
CALL = json.dumps(
    {"thought": "查地址", "actions": [{"tool": "get_info__get_my_info", "arguments": {"channel": "GitHub"}}]}
)
NAP = json.dumps({"thought": "等", "actions": [{"tool": "slow__nap", "arguments": {}}]})
URL = "https://github.com/guofei9987/"
DONE = json.dumps(
    {"thought": "知道了", "actions": [{"tool": "finish", "arguments": {"answer": f"地址是 {URL} 。"}}]}
)
SLOW_SERVER = """
import time
from mcp.server import MCPServer
from mcp.types import ToolAnnotations
from tao_servers.serving.process import serve
def build():
    server = MCPServer("slow", log_level="ERROR")
    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def nap() -> str:
        "Sleeps."
        time.sleep(60)
        return "awake"
    return server
serve(build)
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    slow = tmp_path / "slow.py"
    slow.write_text(SLOW_SERVER, encoding="utf-8")
    servers = {
        "get_info": {"type": "stdio", "command": sys.executable, "args": ["-m", "tao_servers.get_info"]},
        "slow": {"type": "stdio", "command": sys.executable, "args": [str(slow)]},
    }
    path = tmp_path / "servers.json"
    path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    return path


def run(*arguments: str, base_url: str = "http://127.0.0.1:9/v1", stdin: bytes = b"") -> tuple[int, str, str]:
    environ = os.environ | {"TAO_MODEL_BASE_URL": base_url, "TAO_MODEL_NAME": "m", "TAO_MODEL_ATTEMPTS": "1"}
    done = subprocess.run([*AGENT, *arguments], env=environ, input=stdin, capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.smoke
def test_the_answer_stands_on_stdout_and_the_steps_on_stderr(config: Path) -> None:
    with scripted_endpoint(CALL, DONE) as endpoint:
        code, out, err = run(
            "ask", "Guo Fei 的 GitHub 地址是？", "--config", str(config), base_url=endpoint.base_url
        )
    assert code == 0, err
    assert out.startswith(f"地址是 {URL} 。\n")
    assert "来源" in out
    assert "查地址" not in out
    for shown in ("思考: 查地址", "行动: get_info__get_my_info", "观察: ", "回答: "):
        assert shown in err


def test_json_is_one_object_and_quiet_says_nothing_else(config: Path) -> None:
    with scripted_endpoint(CALL, DONE) as endpoint:
        arguments = ("ask", "-q", "--json", "--config", str(config), "地址？")
        code, out, err = run(*arguments, base_url=endpoint.base_url)
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["citations"][0]["tool"] == "get_info__get_my_info"
    assert URL in answer["citations"][0]["text"]
    assert answer["stop_reason"] == "finish"


def test_the_question_may_come_on_stdin(config: Path) -> None:
    with scripted_endpoint(DONE) as endpoint:
        stdin = "地址？".encode()
        code, _, _ = run("ask", "-q", "--config", str(config), base_url=endpoint.base_url, stdin=stdin)
    assert code == 0
    assert endpoint.requests[0]["messages"][-1]["content"] == "问题：地址？"


def test_without_tools_the_model_is_asked_alone(tmp_path: Path) -> None:
    with scripted_endpoint("大约 9999 元。") as endpoint:
        code, out, _ = run("ask", "--no-tools", "多少钱？", base_url=endpoint.base_url)
    assert (code, out) == (0, "大约 9999 元。\n")
    assert "response_format" not in endpoint.requests[0]


def test_an_empty_answer_is_exit_code_1(config: Path) -> None:
    empty = json.dumps({"thought": "", "actions": [{"tool": "finish", "arguments": {"answer": ""}}]})
    with scripted_endpoint(empty, "") as endpoint:
        arguments = ("ask", "-q", "--max-steps", "1", "--config", str(config), "？")
        code, out, _ = run(*arguments, base_url=endpoint.base_url)
    assert code == 1
    assert out.startswith("\n")


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "said"),
    [
        (["ask", "--config", "CONFIG", "问"], b"", 3, "Nothing answers at"),
        (["ask", "问"], b"", 2, "--config"),
        (["ask", "--config", "nowhere.json", "问"], b"", 2, "nowhere.json"),
        (["ask", "--config", "CONFIG", "--server", "x", "问"], b"", 2, "no server 'x'"),
        (["ask", "--config", "CONFIG", ""], b"", 2, "empty"),
        (["ask", "--config", "CONFIG"], b"\xff\xfe", 2, "not UTF-8"),
        (["ask", "--config", "CONFIG"], b"x" * 100_000, 2, "20000"),
        (["ask", "--max-steps", "0", "问"], b"", 2, "max-steps"),
        (["fly"], b"", 2, "fly"),
        (["ask", "--config", "CONFIG", "--model", "local", "问"], b"", 3, "agent model pull local"),
    ],
)
def test_a_failure_is_one_line_that_says_what_to_do(
    config: Path, arguments: list[str], stdin: bytes, code: int, said: str
) -> None:
    given = [str(config) if argument == "CONFIG" else argument for argument in arguments]
    got, out, err = run(*given, stdin=stdin)
    assert (got, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


@pytest.fixture
def interrupted(config: Path) -> Iterator[tuple[Path, list[int]]]:
    """The list, and a place for the ids of processes that must not outlive the test."""
    started: list[int] = []
    yield config, started
    for pid in started:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)


def start(config: Path, base_url: str) -> subprocess.Popen[bytes]:
    environ = os.environ | {"TAO_MODEL_BASE_URL": base_url, "TAO_MODEL_NAME": "m"}
    command = [*AGENT, "ask", "--config", str(config), "地址？"]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def descendants(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def gone(pids: list[int], seconds: float) -> bool:
    _, alive = psutil.wait_procs(
        [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=seconds
    )
    return not alive


@pytest.mark.smoke
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_mid_answer_stops_everything(
    interrupted: tuple[Path, list[int]], number: signal.Signals
) -> None:
    config, started = interrupted
    with scripted_endpoint(CALL, DONE[:-20] + HANG) as endpoint, start(config, endpoint.base_url) as process:
        started.append(process.pid)
        assert endpoint.begun.wait(30)
        while len(endpoint.requests) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        children = descendants(process.pid)
        assert children
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert process.returncode == 130
        assert endpoint.left.wait(5)
    assert gone(children, 5)
    assert out == b""
    assert b"Traceback" not in err


@pytest.mark.smoke
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_the_agent_ends_in_the_middle_of_a_call(
    interrupted: tuple[Path, list[int]], number: signal.Signals
) -> None:
    config, started = interrupted
    with scripted_endpoint(NAP, DONE) as endpoint, start(config, endpoint.base_url) as process:
        started.append(process.pid)
        assert process.stderr is not None
        for line in process.stderr:
            if "行动".encode() in line:
                break
        children = descendants(process.pid)
        assert len(children) >= 2
        started.extend(children)
        process.send_signal(number)
        process.wait(timeout=10)
    assert gone(children, 5)


WRITING_SERVER = """
from mcp.server import MCPServer
server = MCPServer("notes", log_level="ERROR")
@server.tool()
def wipe() -> str:
    "Wipes."
    return "WIPED"
server.run()
"""


def on_terminal(command: list[str], base_url: str, *, key: tuple[bytes, bytes], stderr: int | None) -> bytes:
    """What appears on a terminal of its own; `key` is typed when its first half has appeared."""
    ours, theirs = pty.openpty()
    environ = os.environ | {"TAO_MODEL_BASE_URL": base_url, "TAO_MODEL_NAME": "m"}
    process = subprocess.Popen(
        command,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs if stderr is None else stderr,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    shown, (awaited, typed) = b"", key
    try:
        while piece := read_terminal(ours):
            shown += piece
            if awaited and awaited in shown:
                os.write(ours, typed)
                awaited = b""
        process.wait(10)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return shown + f"exit code {process.returncode}".encode()


def read_terminal(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        # What Linux says when the last process of the terminal has ended.
        return b""


def test_the_answer_is_on_stdout_even_when_the_steps_go_elsewhere() -> None:
    command = [*AGENT, "ask", "--no-tools", "一周有几天？"]
    with scripted_endpoint("一周有七天。") as endpoint:
        alone = on_terminal(command, endpoint.base_url, key=(b"", b""), stderr=subprocess.DEVNULL)
        both = on_terminal(command, endpoint.base_url, key=(b"", b""), stderr=None)
    assert alone.count("一周有七天。".encode()) == 1
    assert both.count("一周有七天。".encode()) == 1


@pytest.mark.parametrize(
    ("typed", "code", "observed"),
    [(b"y\n", 0, b"WIPED"), (b"n\n", 0, b"did not approve"), (b"\x03", 130, b"")],
)
def test_a_call_that_may_change_something_is_asked_about(
    tmp_path: Path, typed: bytes, code: int, observed: bytes
) -> None:
    server = tmp_path / "notes.py"
    server.write_text(WRITING_SERVER, encoding="utf-8")
    entry = {"type": "stdio", "command": sys.executable, "args": [str(server)]}
    config = tmp_path / "list.json"
    config.write_text(json.dumps({"mcpServers": {"notes": entry}}), encoding="utf-8")
    call = json.dumps({"thought": "", "actions": [{"tool": "notes__wipe", "arguments": {}}]})
    with scripted_endpoint(call, DONE) as endpoint:
        command = [*AGENT, "ask", "--config", str(config), "擦掉"]
        shown = on_terminal(command, endpoint.base_url, key=(b"[y/N]", typed), stderr=None)
    assert observed in shown
    assert shown.endswith(f"exit code {code}".encode())


def test_servers_lists_every_tool(config: Path) -> None:
    code, out, _ = run("servers", "--json", "--config", str(config))
    assert code == 0
    names = [tool["name"] for tool in json.loads(out)["tools"]]
    assert names == [
        "get_info__get_my_info",
        "get_info__get_info",
        "get_info__list_subjects",
        "get_info__get_time",
        "slow__nap",
    ]


def test_doctor_tries_every_part_and_fails_on_what_is_missing(config: Path) -> None:
    with scripted_endpoint("OK") as endpoint:
        code, out, _ = run("doctor", "--json", "--config", str(config), base_url=endpoint.base_url)
    findings = {finding["part"]: finding for finding in json.loads(out)}
    assert code == 0, out
    assert findings["server get_info"]["text"] == "get_my_info, get_info, list_subjects, get_time"
    assert "answered 'OK'" in findings["model"]["text"]
    code, out, _ = run("doctor", "--config", str(config))
    assert code == 3
    assert "FAIL  model: Nothing answers at" in out


def test_config_prints_absolute_paths_for_cline_and_codex(repository: Path, tmp_path: Path) -> None:
    import tomllib

    copy = tmp_path / "cline_config.json"
    shutil.copy(repository / "cline_config.json", copy)
    _, cline, _ = run("config", "cline", "--config", str(copy))
    _, codex, _ = run("config", "codex", "--config", str(copy))
    for servers in (json.loads(cline)["mcpServers"], tomllib.loads(codex)["mcp_servers"]):
        assert list(servers) == ["knowledge", "get_info", "text2sql", "weather"]
        assert servers["knowledge"]["command"] == str(tmp_path / ".venv/bin/python")
        assert servers["text2sql"]["cwd"] == str(tmp_path)
