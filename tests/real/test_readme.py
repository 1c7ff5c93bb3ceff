"""The blocks of the README, run as they stand."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tao.models.local.fetch import models_dir
from tests.support.endpoint import scripted_endpoint

pytestmark = pytest.mark.real

ROOT = Path(__file__).parent.parent.parent
CALL = json.dumps(
    {
        "thought": "查价格",
        "actions": [{"tool": "knowledge__search_knowledge", "arguments": {"query": "iPhone 15 Pro Max"}}],
    }
)
DONE = json.dumps(
    {
        "thought": "好",
        "actions": [{"tool": "finish", "arguments": {"answer": "iPhone 15 Pro Max 是 7999元。"}}],
    }
)
in_own_environment = pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv", reason="the README speaks of .venv; run this by `make e2e`"
)


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def run(command: list[str], base_url: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {
        "TAO_MODEL_BASE_URL": base_url,
        "TAO_MODEL_NAME": "m",
        "TAO_MODEL_IDLE_SECONDS": "0",
    }
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, encoding="utf-8", timeout=300, check=False
    )


@in_own_environment
@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_every_shell_block_runs(page: str, folder: Path) -> None:
    models_dir().parent.mkdir(parents=True, exist_ok=True)
    models_dir().symlink_to(folder, target_is_directory=True)
    scripts = blocks(page, "sh")
    assert len(scripts) >= 6
    for script in scripts:
        # The tests are what runs this; only that their recipe exists is left to see.
        shown = script.replace("make test", "make --dry-run test")
        # The smaller model answers as plain a question as that one, and is the one that `make e2e` has.
        shown = re.sub(r"--model local$", "--model local-small", shown, flags=re.MULTILINE)
        with scripted_endpoint(CALL, DONE) as endpoint:
            done = run(["bash", "-euc", shown], endpoint.base_url)
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        if "make ask" in script:
            assert "7999元" in done.stdout
            assert "价格表.txt:" in done.stdout
        if "tao-text2sql ask" in script:
            assert "5432" in done.stdout


@in_own_environment
@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_python_block_runs(page: str, tmp_path: Path) -> None:
    (script,) = blocks(page, "python")
    subprocess.run(
        [sys.executable, "-m", "tao_servers.knowledge", "ingest", "--no-upgrade", "examples/价格表.txt"],
        cwd=ROOT,
        check=True,
    )
    with scripted_endpoint(CALL, DONE) as endpoint:
        done = run([sys.executable, "-c", script], endpoint.base_url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("iPhone 15 Pro Max 是 7999元。 ['价格表.txt:")


def test_both_readmes_have_the_same_blocks_and_stay_short() -> None:
    english, chinese = (ROOT / "README.md", ROOT / "README.zh.md")
    for language in ("python", "sh"):
        plain = [
            [line.split("  #")[0] for line in block.splitlines()] for block in blocks("README.md", language)
        ]
        other = [
            [line.split("  #")[0] for line in block.splitlines()]
            for block in blocks("README.zh.md", language)
        ]
        assert plain == other
    for page in (english, chinese):
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 150
