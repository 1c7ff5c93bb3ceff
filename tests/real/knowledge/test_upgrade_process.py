"""Upgrades in processes of their own: killed, stopped, in the background."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tao.models.embeddings import BundledEmbedder
from tao_servers.knowledge.index import Place, indexed_text, open_collection, open_writer, standing
from tao_servers.knowledge.ingesting.upgrade_process import end_background, start_background
from tao_servers.knowledge.ingesting.upgrade_record import UpgradeRecord
from tao_servers.knowledge.ingesting.upgrading import UpgradeWatcher, upgrade
from tests.support.two_speeds import PairsEmbedder, a_document, fill_collection

pytestmark = pytest.mark.real

# Embeds with a cache and notes what it embeds; after so many passages it says so and waits to be killed.
CHILD = """
import sys, threading
from pathlib import Path
from tao.models.embeddings import CachedEmbedder
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.ingesting.upgrading import UpgradeWatcher, upgrade
from tests.support.two_speeds import PairsEmbedder

store, cache, log, most = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
done = 0

def before(texts):
    global done
    if done >= most:
        sys.stdout.write("ready\\n")
        sys.stdout.flush()
        sys.stdin.read()
    done += len(texts)
    with log.open("a", encoding="utf-8") as file:
        file.write("".join(f"{text}\\n" for text in texts))

strong = CachedEmbedder(PairsEmbedder("strong", before=before), cache)
place = Place(store, "any")
ending = upgrade(place, PairsEmbedder("fast"), strong, watcher=UpgradeWatcher(), stop=threading.Event())
sys.stdout.write(ending + "\\n")
"""


def run_child(repository: Path, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, arguments)],
        cwd=repository,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def test_kills_at_any_moment_embed_nothing_twice_and_lose_nothing(repository: Path, tmp_path: Path) -> None:
    store, cache, log = tmp_path / "store", tmp_path / "cache", tmp_path / "embedded.txt"
    texts = [[f"word {n} of {size}" for n in range(size)] for size in (1, 45, 120)]
    place = Place(store, "any")
    fast = PairsEmbedder("fast")
    fill_collection(place, fast, *(a_document(f"{len(each)}.txt", *each) for each in texts))
    for most in (0, 10, 50, 40, 10_000):
        with run_child(repository, store, cache, log, most) as process:
            assert process.stdout
            said = process.stdout.readline().strip()
            process.kill()
        with open_collection(place, fast, strong=PairsEmbedder("strong")) as collection:
            assert collection.embedder.name == ("strong" if said == "upgraded" else "fast")
    assert said == "upgraded"
    embedded = log.read_text(encoding="utf-8").splitlines()
    assert sorted(embedded) == sorted(text for each in texts for text in each)
    with open_writer(place, fast) as writer:
        assert not writer.check()


LINES = [f"第{number}条：设备 T-{number} 每 {number} 天保养一次 (device {number})" for number in range(120)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "store", "手册")
    embedder = BundledEmbedder()
    entries = [a_document("规定.txt", *LINES[:100]), a_document("late.txt", *LINES[100:])]
    with open_writer(place, embedder) as writer:
        for entry in entries:
            writer.put([entry], embedder.embed([indexed_text(None, chunk) for chunk in entry.indexed]))
    return place


@pytest.fixture
def command(place: Place, tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs `tao-knowledge NAME` for the collection of this test."""

    def run(name: str, *options: str) -> "subprocess.CompletedProcess[str]":
        chosen = () if name == "status" else ("--collection", place.name)
        return subprocess.run(
            [sys.executable, "-m", "tao_servers.knowledge", name, "--store", place.store, *chosen, *options],
            cwd=tmp_path,
            env={**os.environ, "TAO_KNOWLEDGE_UPGRADE": "bundled-large"},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )

    return run


def status_of(command: Callable[..., "subprocess.CompletedProcess[str]"]) -> dict[str, Any]:
    done = command("status", "--json")
    assert done.returncode == 0, done.stderr
    (status,) = json.loads(done.stdout)
    assert isinstance(status, dict)
    return status


def wait_for_end(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(120)


def test_the_background_is_looked_at_stopped_and_gone_on_with(
    place: Place, command: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    begun = command("upgrade", "--background")
    assert begun.returncode == 0, begun.stderr
    assert "is being upgraded in the background" in begun.stderr
    assert "tao-knowledge upgrade --stop --collection 手册" in begun.stderr
    status = status_of(command)
    if status["running"]:
        again = command("upgrade")
        assert again.returncode == 1
        assert "runs already" in again.stderr
        stopped = command("upgrade", "--stop")
        assert stopped.returncode == 0, stopped.stderr
        wait_for_end(status["pid"])
    assert status_of(command)["running"] is False
    here = command("upgrade")
    assert here.returncode == 0, here.stderr
    assert "120 of 120 chunks" in here.stderr
    status = status_of(command)
    assert (status["collection"], status["upgraded"], status["of"]) == ("手册", 120, 120)
    assert (status["last_ended"], status["last_error"]) == ("upgraded", None)
    assert "No upgrade" in command("upgrade", "--stop").stderr
    found = command("search", "--json", "设备 T-77 多久保养一次")
    assert found.returncode == 0, found.stderr


def test_ctrl_c_in_the_foreground_keeps_what_was_embedded(place: Place, tmp_path: Path) -> None:
    options = ["--store", str(place.store), "--collection", place.name]
    with subprocess.Popen(
        [sys.executable, "-m", "tao_servers.knowledge", "upgrade", *options],
        cwd=tmp_path,
        env={**os.environ, "TAO_KNOWLEDGE_UPGRADE": "bundled-large"},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        record = UpgradeRecord(place.folder)
        while process.poll() is None and not ((state := record.read()) and state.done):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "the next run goes on there" in said
    embedded = UpgradeRecord(place.folder).read()
    assert embedded is not None
    assert embedded.ended == "stopped"
    assert 0 < embedded.done < 120
    lacking = PairsEmbedder(standing(place.catalogue).strong or "", dimension=512 + 384)
    upgrade(place, BundledEmbedder(), lacking, watcher=UpgradeWatcher(), stop=threading.Event())
    assert len(lacking.passages) == 120 - embedded.done


def test_a_collection_deleted_under_the_background_ends_it(
    place: Place, command: Callable[..., "subprocess.CompletedProcess[str]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAO_KNOWLEDGE_UPGRADE", "bundled-large")
    state = start_background(place)
    assert start_background(place).pid == state.pid
    # What the background still writes there would keep the folder from being deleted where it is.
    gone = place.folder.rename(place.store / "gone")
    shutil.rmtree(gone, ignore_errors=True)
    wait_for_end(state.pid)
    ended = UpgradeRecord(place.folder).read()
    assert ended is not None
    assert ended.ended == "gone"
    assert not place.catalogue.exists()
    assert end_background(place) is None


def test_a_failure_in_the_background_is_told(
    place: Place, command: Callable[..., "subprocess.CompletedProcess[str]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAO_KNOWLEDGE_UPGRADE", "openai:none")
    monkeypatch.setenv("TAO_KNOWLEDGE_EMBEDDER_URL", "http://127.0.0.1:9/v1")
    state = start_background(place)
    wait_for_end(state.pid)
    status = status_of(command)
    assert status["last_ended"] == "failed"
    assert "127.0.0.1:9" in status["last_error"]
