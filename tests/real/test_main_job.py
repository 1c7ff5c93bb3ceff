"""The main job with real parts only: the small embedded model, real servers over stdio, the example data."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tao.models.local.fetch import models_dir

pytestmark = [pytest.mark.real, pytest.mark.smoke]

ROOT = Path(__file__).parent.parent.parent
SERVERS = ("knowledge", "get_info", "text2sql", "weather")


@pytest.fixture
def config(tmp_path: Path, folder: Path) -> Path:
    """A server list over the example data, and the weights where this test's home looks for them."""
    models_dir().parent.mkdir(parents=True, exist_ok=True)
    models_dir().symlink_to(folder, target_is_directory=True)
    shop = tmp_path / "shop.sqlite"
    subprocess.run([sys.executable, ROOT / "examples" / "make_shop.py", shop], check=True)
    prices = ROOT / "examples" / "价格表.txt"
    subprocess.run(
        [sys.executable, "-m", "tao_servers.knowledge", "ingest", "--no-upgrade", prices], check=True
    )
    arguments = {"text2sql": ["--database", str(shop)]}
    servers = {
        name: {
            "type": "stdio",
            "command": sys.executable,
            "args": ["-m", f"tao_servers.{name}", *arguments.get(name, [])],
        }
        for name in SERVERS
    }
    path = tmp_path / "servers.json"
    path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    return path


def test_leftovers_would_be_found(config: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in [process.pid for process in started_here()]


def ask(question: str, config: Path) -> tuple[dict[str, object], str]:
    command = [sys.executable, "-c", "from tao.cli import main; main()", "ask", "--json"]
    done = subprocess.run(
        [*command, "--config", str(config), "--model", "local-small", question],
        env=os.environ | {"TAO_MODEL_IDLE_SECONDS": "0"},
        capture_output=True,
        encoding="utf-8",
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_a_price_is_answered_with_its_source_and_nothing_is_left_running(config: Path) -> None:
    answer, steps = ask("皮鞋多少钱", config)
    assert "399" in str(answer["text"])
    assert "价格表.txt:" in json.dumps(answer["citations"], ensure_ascii=False)
    assert "knowledge__search_knowledge" in steps
    _, alive = psutil.wait_procs(started_here(), timeout=10)
    assert not alive


def started_here() -> list[psutil.Process]:
    """The processes that live in this test's folders: servers and the model, whoever their parent is now."""
    home = os.environ["XDG_STATE_HOME"]
    return [p for p in psutil.process_iter() if p.pid != os.getpid() and environment(p) == home]


def environment(process: psutil.Process) -> str | None:
    try:
        found: dict[str, str] = process.environ()
    except psutil.Error:
        return None
    return found.get("XDG_STATE_HOME")
