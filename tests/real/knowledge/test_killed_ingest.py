"""An ingest killed at random moments, and one whose disk is full: nothing is lost, and the next goes on."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.crashes.killing import environment, tao_knowledge
from benchmarks.crashes.looking import BEFORE_SAVING
from benchmarks.crashes.rounds import run
from tao_servers.knowledge.index.vectors import open_chroma

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform == "win32", reason="kills by signals, and limits of processes"),
]

_SAVING = """
import sys
from pathlib import Path
import numpy as np
from tao_servers.knowledge.index.vectors import open_chroma
with open_chroma(Path(sys.argv[1]), "mine", write=True) as vectors:
    first = max(vectors.ids(), default=-1) + 1
    rows = np.random.default_rng(first).normal(size=(1100, 512)).astype(np.float32)
    vectors.add(range(first, first + 1100), [0] * 1100, rows)
"""


def test_kills_at_random_moments_lose_nothing_and_show_no_half_document(tmp_path: Path) -> None:
    found, _ = run(tmp_path, kills=5, seed=11, documents=10)
    assert found.notes == []
    assert (found.kills, found.half_indexed, found.lost, found.disagreements) == (5, 0, 0, 0)
    assert found.orphans == 0
    assert found.reader["errors"] == {}


def test_a_kill_while_the_vector_index_is_saved_is_undone(tmp_path: Path) -> None:
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", _SAVING, str(tmp_path)])
        while not (tmp_path / BEFORE_SAVING).exists() and process.poll() is None:
            pass
        # From here on the files may be written at any time: the kill falls where it falls.
        while process.poll() is None and not _has_begun(tmp_path):
            pass
        process.kill()
        assert process.wait() in {0, -signal.SIGKILL}
        with open_chroma(tmp_path, "mine", write=False) as vectors:
            ids = sorted(vectors.ids())
            assert len(ids) == vectors.count()
            some = ids[::50]
            found = [vectors.nearest(vector, 1)[0][0] for vector in vectors.get(some)]
            assert found == some
        assert not (tmp_path / BEFORE_SAVING).exists()


def _has_begun(folder: Path) -> bool:
    headers = list(folder.glob("*-*-*/header.bin"))
    before = {
        file.parent.name: file.stat().st_mtime_ns for file in folder.glob(f"{BEFORE_SAVING}/*/header.bin")
    }
    return any(header.stat().st_mtime_ns > before.get(header.parent.name, 0) for header in headers)


@pytest.mark.parametrize("limit", [20_000, 300_000, 1_600_000])
def test_a_full_disk_ends_an_ingest_with_its_reason_and_costs_nothing(tmp_path: Path, limit: int) -> None:
    store, first, second = tmp_path / "store", tmp_path / "first", tmp_path / "second"
    for folder, count in ((first, 1), (second, 5)):
        folder.mkdir()
        for name in range(count):
            lines = [f"商品 {folder.name}-{name}-{line}: {line}元" for line in range(200)]
            (folder / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    assert tao_knowledge("ingest", "--store", store, first, home=tmp_path).returncode == 0
    full = _limited(limit, "ingest", "--store", str(store), str(second), home=tmp_path)
    assert full.returncode == 1
    assert "Its disk is full" in full.stderr.splitlines()[-1]
    found = tao_knowledge("search", "--store", store, "--json", "商品 first-0-17", home=tmp_path)
    assert "first-0-17:" in json.loads(found.stdout)[0]["text"]
    assert tao_knowledge("ingest", "--store", store, first, second, home=tmp_path).returncode == 0
    checked = tao_knowledge("check", "--json", "--store", store, home=tmp_path)
    assert json.loads(checked.stdout)["agree"]


def _limited(limit: int, *arguments: str, home: Path) -> "subprocess.CompletedProcess[str]":
    """`tao-knowledge` where no file may grow beyond so many bytes: as on a full disk, writing fails."""
    script = (
        "import resource, runpy, sys;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "runpy.run_module('tao_servers.knowledge', run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment(home),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
