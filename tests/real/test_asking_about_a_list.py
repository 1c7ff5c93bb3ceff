"""A server list in the current folder is asked about on a real terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal"),
]
CONFIG = [sys.executable, "-c", "from tao.cli import main; main()", "config", "cursor"]


def on_a_terminal(folder: Path, answer: bytes) -> tuple[int, str]:
    """Exit code and what stood on the terminal; `answer` is typed before it is asked for."""
    ours, theirs = os.openpty()
    try:
        os.write(ours, answer)
        done = subprocess.run(CONFIG, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, timeout=60)
        os.set_blocking(ours, False)
        return done.returncode, os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_found_list_is_shown_asked_about_and_remembered(tmp_path: Path) -> None:
    path = tmp_path / "cline_config.json"
    path.write_text('{"mcpServers": {"a": {"command": "/bin/echo", "args": ["你好"]}}}', encoding="utf-8")
    code, shown = on_a_terminal(tmp_path, b"n\n")
    assert code == 2
    assert "a: /bin/echo" in shown
    assert "nothing was started" in shown
    code, shown = on_a_terminal(tmp_path, b"y\n")
    assert code == 0, shown
    code, shown = on_a_terminal(tmp_path, b"")
    assert code == 0
    assert "Allow it" not in shown
    path.write_text('{"mcpServers": {}}', encoding="utf-8")
    code, shown = on_a_terminal(tmp_path, b"\n")
    assert code == 2
    assert "Allow it" in shown
