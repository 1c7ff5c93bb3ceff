"""The `agent` command as a process of its own, in a Chinese and in the C locale."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

AGENT = [sys.executable, "-c", "from tao.cli import main; main()"]
NAMED = ("allow", "ask", "chat", "config", "doctor", "model", "new-server", "servers")
COMMANDS: tuple[list[str], ...] = ([], *([name] for name in NAMED))
SUBCOMMANDS = tuple(["model", name] for name in ("folder", "list", "needed", "pull", "stop"))


def run(locale: str, *arguments: str, **variables: str) -> tuple[int, str, str]:
    environ = os.environ | {"LC_ALL": locale} | variables
    done = subprocess.run([*AGENT, *arguments], env=environ, capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def has_han(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A list with one real server and one that does not start."""
    servers = {
        "get_info": {"type": "stdio", "command": sys.executable, "args": ["-m", "tao_servers.get_info"]},
        "broken": {"type": "stdio", "command": sys.executable, "args": ["-c", "raise SystemExit('no')"]},
    }
    path = tmp_path / "servers.json"
    path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("command", [*COMMANDS, *SUBCOMMANDS], ids=" ".join)
def test_every_page_is_in_the_language_of_the_locale(command: list[str]) -> None:
    code, chinese, _ = run("zh_CN.UTF-8", *command, "--help")
    assert code == 0
    assert chinese.startswith("用法：agent")
    described = [line for line in chinese.splitlines() if line.startswith("  -") and "  " in line.strip()]
    assert described
    assert [line for line in described if not has_han(line)] == []
    code, english, _ = run("C", *command, "--help")
    assert code == 0
    assert english.startswith("Usage: agent")
    # The first page alone tells the reader of the other language what to type.
    assert has_han(english) == (not command)


def test_doctor_speaks_the_language_of_the_locale(config: str) -> None:
    arguments = ("doctor", "--no-model", "--config", config)
    code, chinese, _ = run("zh_CN.UTF-8", *arguments)
    assert code == 3
    assert "正常  服务 get_info：get_my_info" in chinese
    assert "失败  服务：" in chinese
    code, english, _ = run("C", *arguments)
    assert code == 3
    assert "ok    server get_info: get_my_info" in english
    assert not has_han(english)


def test_lists_speak_the_language_of_the_locale(config: str) -> None:
    assert "未下载" in run("zh_CN.UTF-8", "model", "list")[1]
    assert "not here (agent model pull local)" in run("C", "model", "list")[1]
    costs = run("zh_CN.UTF-8", "servers", "--cost", "--config", config)[1]
    assert "合计（约）" in costs
    assert "get_info__get_my_info" in costs
    chinese, english = (run(locale, "servers", "--config", config)[1] for locale in ("zh_CN.UTF-8", "C"))
    # What the servers say of themselves is theirs.
    assert chinese == english


def test_failures_speak_the_language_of_the_locale() -> None:
    endpoint = {"TAO_MODEL_BASE_URL": "http://127.0.0.1:9/v1", "TAO_MODEL_ATTEMPTS": "1"}
    code, out, err = run("zh_CN.UTF-8", "ask", "--no-tools", "问", **endpoint)
    assert (code, out) == (3, "")
    assert err.startswith("agent: 模型出错：Nothing answers at")
    assert "\n提示：" in err
    code, _, err = run("C", "ask", "--no-tools", "问", **endpoint)
    assert code == 3
    assert err.startswith("agent: Nothing answers at")
    code, _, err = run("zh_CN.UTF-8", "ask", "--fli")
    assert code == 2
    assert "用法有误：没有选项 --fli。" in err
